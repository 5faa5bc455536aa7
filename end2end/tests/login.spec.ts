// Logging in and out: /login, with and without JavaScript.
import { admin } from '../support/server';
import { awake, expect, logIn, test } from '../support/test';

const REFUSED = 'E-mail and password do not match. Check both and try again.';
const WRONG = { email: admin.email, password: 'not the password' };

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled });

    test('logging in leads an admin to the overview', async ({ page }) => {
      await page.goto('/');
      await expect(page).toHaveURL('/login');
      await expect(page).toHaveTitle('Log in · Tributary');
      await logIn(page);
      await expect(page).toHaveURL('/admin');
      await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
      await expect(page.getByRole('banner').getByText(admin.email)).toBeVisible();
    });

    test('a wrong password is refused in plain words, and the next try may be right', async ({ page, allowInConsole }) => {
      if (javaScriptEnabled) allowInConsole(/status of 401 .*\/api\/ui\/log_in/);
      await page.goto('/login?next=%2Fdashboard%3Frange%3D7d');
      if (javaScriptEnabled) await awake(page);
      await logIn(page, WRONG);
      await expect(page.getByRole('alert')).toHaveText(REFUSED);
      await expect(page.getByLabel('E-mail')).toHaveAttribute('aria-invalid', 'true');
      // Scripts keep the page and what was typed; without them the page comes back and says why.
      await expect(page).toHaveURL(javaScriptEnabled ? /next=/ : /problem=wrong_credentials/);
      if (javaScriptEnabled) await expect(page.getByLabel('E-mail')).toHaveValue(WRONG.email);
      await logIn(page);
      await expect(page).toHaveURL('/dashboard?range=7d');
    });

    test('an account that does not exist is refused in the same words', async ({ page, allowInConsole }) => {
      if (javaScriptEnabled) allowInConsole(/status of 401 .*\/api\/ui\/log_in/);
      await page.goto('/login');
      await logIn(page, { ...admin, email: 'nobody@tributary.test' });
      await expect(page.getByRole('alert')).toHaveText(REFUSED);
    });

    test('who asks for a page without a session gets it after the login', async ({ page }) => {
      await page.goto('/dashboard?range=7d&tz=Europe%2FBerlin');
      await expect(page.getByRole('heading', { level: 1, name: 'Log in' })).toBeVisible();
      await logIn(page);
      await expect(page.getByText('Times in Europe/Berlin')).toBeVisible();
      const { pathname, searchParams } = new URL(page.url());
      expect([pathname, ...searchParams]).toEqual(['/dashboard', ['range', '7d'], ['tz', 'Europe/Berlin']]);
    });

    test('a login never leads to another host', async ({ page, shop, server }) => {
      await page.goto(`/login?next=${encodeURIComponent(`${shop.origin}/phishing`)}`);
      await logIn(page);
      await expect(page).toHaveURL(`${server.url}/admin`);
      expect(shop.visits).toEqual([]);
    });

    test('who is logged in is led from the login page to the overview', async ({ dashboard: page }) => {
      await page.goto('/login');
      await expect(page).toHaveURL('/admin');
    });

    test('logging out ends the session, for every copy of its cookie', async ({ dashboard: page, context, server }) => {
      const copy = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
      const me = async () => (await fetch(`${server.url}/api/v1/auth/me`, { headers: { cookie: copy } })).status;
      expect(await me()).toBe(200);

      await page.getByRole('button', { name: 'Log out' }).click();
      await expect(page).toHaveURL('/login');
      expect(await context.cookies()).toEqual([]);
      expect(await me()).toBe(401);

      await page.goBack();
      await expect(page.getByRole('heading', { level: 1, name: 'Log in' })).toBeVisible();
      await page.goto('/dashboard');
      await expect(page.getByRole('heading', { level: 1, name: 'Log in' })).toBeVisible();
    });
  });
}

test('an address keeps what is escaped in it on its way through the login', async ({ page }) => {
  // Two hours behind Greenwich, as IANA writes it: the plus sign must not become a space.
  await page.goto('/dashboard?tz=Etc%2FGMT%2B2');
  await logIn(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
  await expect(page.getByText('Times in Etc/GMT+2')).toBeVisible();
});

test('the login can be done with the keyboard alone', async ({ page }) => {
  await page.goto('/login');
  await expect(page.getByLabel('E-mail')).toBeFocused();
  await page.keyboard.type(admin.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(admin.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/admin');
});

test('the session is out of reach for scripts and for other sites', async ({ dashboard: page, context }) => {
  expect(await page.evaluate(() => document.cookie)).toBe('');
  const [session, ...others] = await context.cookies();
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  expect(others).toEqual([]);
});

test('a form on another site cannot log anybody in', async ({ page, shop, context, server, allowInConsole }) => {
  // The refusal is JSON, which names no icon: the browser looks for one by itself.
  allowInConsole(/status of (403 .*\/api\/ui\/log_in|404 .*\/favicon\.ico)/);
  shop.body = `<form method="post" action="${server.url}/api/ui/log_in">
    <input name="email" value="${admin.email}"><input name="password" value="${admin.password}"><button>Win a prize</button></form>`;
  await page.goto(shop.origin);
  const answer = page.waitForResponse(/log_in/);
  await page.getByRole('button').click();
  expect((await answer).status()).toBe(403);
  expect(await context.cookies()).toEqual([]);
});
