// Coupons, links and keys in the admin's pages: generated, copied, replaced, turned off and taken back.
import { awake, expect, test } from '../../support/test';

test('the generator shows what its rules give before it makes codes, and then all of them', async ({ overview: page, rest, shop }) => {
  const { id } = await rest.campaign({ destination: shop.origin });
  await page.goto(`/admin/coupons/generate?campaign_id=${id}`);
  await awake(page);
  await page.getByLabel('Codes begin with').fill('SUN-');
  await page.getByLabel('Random characters').fill('4');
  await page.getByLabel('Drawn from').selectOption('digits');
  const preview = page.locator('.preview');
  await expect(preview).toContainText(/SUN-\d{4}/);
  await expect(preview).toContainText('10000 codes are possible');
  await page.getByLabel('Random characters').fill('0');
  await expect(preview).toContainText('must be a whole number from 1 to 64');
  await page.getByLabel('Random characters').fill('4');
  await page.getByLabel('Codes for each').fill('25');
  await page.getByRole('button', { name: 'Generate' }).click();
  await expect(page.getByText('25 coupons are created.')).toBeVisible();
  await expect(page.getByRole('heading', { name: '25 new coupons' })).toBeVisible();
  const csv = page.getByRole('link', { name: 'Save as CSV' });
  const saved = page.waitForEvent('download');
  await csv.click();
  expect((await saved).suggestedFilename()).toBe('coupons.csv');
});

test('rules that cannot give that many codes are refused beside their field', async ({ overview: page, rest, shop, allowInConsole }) => {
  allowInConsole(/status of 422 .*\/api\/ui\/act/);
  const { id } = await rest.campaign({ destination: shop.origin });
  await page.goto(`/admin/coupons/generate?campaign_id=${id}`);
  await awake(page);
  await page.getByLabel('Codes begin with').fill('SUN');
  await page.getByLabel('Random characters').fill('1');
  await page.getByLabel('Drawn from').selectOption('digits');
  await page.getByLabel('Codes for each').fill('11');
  await page.getByRole('button', { name: 'Generate' }).click();
  await expect(page.getByLabel('Random characters')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('alert')).toContainText('10 free codes');
});

test('a coupon is invalidated only after a question that says when it was last used', async ({ overview: page, rest, shop }) => {
  const { coupon, key } = await rest.campaign({ destination: shop.origin });
  await rest.event(key, { action: 'purchase', value: 5, coupon_code: coupon.code });
  await page.goto('/admin/coupons?q=mara');
  await awake(page);
  const open = page.getByRole('button', { name: `Invalidate ${coupon.code}` });
  await open.click();
  const dialog = page.getByRole('dialog', { name: `Invalidate ${coupon.code}?` });
  await expect(dialog).toContainText('It was last used moments ago.');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(open).toBeFocused();
  await open.click();
  await dialog.getByRole('button', { name: 'Invalidate code' }).click();
  await expect(page.getByText(`${coupon.code} is invalidated.`)).toBeVisible();
  await expect(page.getByRole('row', { name: coupon.code }).getByText('Invalidated')).toBeVisible();
});

test('a link that is turned off stops redirecting at once, and Undo turns it on again', async ({ overview: page, rest, shop }) => {
  const { link } = await rest.campaign({ destination: shop.origin });
  const status = async () => (await fetch(link.url, { redirect: 'manual' })).status;
  await page.goto(`/admin/links/${link.id}`);
  await awake(page);
  await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible();
  await page.getByRole('button', { name: `Deactivate ${link.code}` }).click();
  await expect(page.getByText(`${link.code} no longer redirects.`)).toBeVisible();
  expect(await status()).toBe(410);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText(`${link.code} redirects again.`)).toBeVisible();
  expect(await status()).toBe(302);
});

test('a key is shown once, rotated with an overlap, and revoked after a question', async ({ overview: page, rest, shop }) => {
  const { advertiser, key } = await rest.campaign({ destination: shop.origin });
  await page.goto(`/admin/advertisers/${advertiser.id}`);
  await awake(page);
  await page.getByRole('button', { name: 'Rotate shop backend' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate key' }).click();
  const shown = page.locator('.shown');
  await expect(shown).toContainText(/trb_live_\w{32}/);
  const next = /trb_live_\w{32}/.exec((await shown.textContent()) ?? '')![0];
  for (const each of [key, next]) await rest.event(each, { action: 'signup' });
  await page.reload();
  await expect(page.getByText(next)).toHaveCount(0);
  await page.getByRole('button', { name: 'Revoke shop backend' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke key' }).click();
  await expect(page.getByText('The key is revoked.')).toBeVisible();
  await expect(rest.event(next, { action: 'signup' })).rejects.toThrow(/401/);
});

test('a login is handed over as a link that works once', async ({ overview: page, rest, shop, browser, server }) => {
  const { advertiser } = await rest.campaign({ destination: shop.origin });
  await page.goto(`/admin/advertisers/${advertiser.id}`);
  await awake(page);
  await page.getByRole('button', { name: 'New login' }).click();
  await page.getByRole('dialog').getByLabel('E-mail').fill('shop@example.com');
  await page.getByRole('dialog').getByRole('button', { name: 'Create login' }).click();
  const url = /http\S+\/set-password\/\w{40}/.exec((await page.locator('.shown').textContent()) ?? '')![0];
  for (const javaScriptEnabled of [false, true]) {
    // Its owner opens it elsewhere; the second time it has ended.
    const context = await browser.newContext({ javaScriptEnabled });
    const other = await context.newPage();
    await other.goto(url);
    if (!javaScriptEnabled) {
      await expect(other.locator('dl.known')).toContainText('shop@example.com');
      for (const label of ['New password', 'Repeat the password']) await other.getByLabel(label).fill('a long enough one');
      await other.getByRole('button', { name: 'Set password' }).click();
      await expect(other).toHaveURL(/\/login/);
      await other.getByLabel('E-mail').fill('shop@example.com');
      await other.getByLabel('Password').fill('a long enough one');
      await other.getByRole('button', { name: 'Log in' }).click();
      await expect(other).toHaveURL(`${server.url}/dashboard`);
    } else {
      await expect(other.getByText('This link was used already')).toBeVisible();
    }
    await context.close();
  }
  expect(server.log()).not.toContain(url.split('/').pop()!);
});

test('what two admins change at once is not lost unseen', async ({ overview: page, rest, shop, allowInConsole }) => {
  allowInConsole(/status of 4\d\d .*\/api\/ui\/act/);
  const { advertiser } = await rest.campaign({ destination: shop.origin });
  await page.goto(`/admin/advertisers/${advertiser.id}`);
  await awake(page);
  await rest.patch(`advertisers/${advertiser.id}`, { name: 'Renamed elsewhere' });
  const settings = page.locator('form', { has: page.getByRole('button', { name: 'Save' }) });
  await settings.getByLabel('Name', { exact: true }).fill('Renamed here');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('Somebody else changed it meanwhile');
  expect((await rest.get<{ name: string }>(`advertisers/${advertiser.id}`)).name).toBe('Renamed elsewhere');
});

test('the look-up box finds an order, and Undo brings back what was archived', async ({ overview: page, rest, shop }) => {
  const { key, influencer } = await rest.campaign({ destination: shop.origin });
  await rest.event(key, { action: 'purchase', event_id: 'A-1001', value: 12.5, coupon_code: 'MARA10' });
  await awake(page);
  await page.keyboard.press('/');
  await page.keyboard.type('A-1001');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'A-1001' }).click();
  await expect(page.getByRole('row', { name: /Coupon.*MARA10.*Won/ })).toBeVisible();

  await page.goto(`/admin/influencers/${influencer.id}`);
  await awake(page);
  await page.getByRole('button', { name: /^Archive/ }).click();
  await expect(page.getByText('Mara Lindqvist is archived now.')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Mara Lindqvist is active now.')).toBeVisible();
});

test('lists are searched, sorted and turned in the address, and Back undoes it', async ({ overview: page, rest }) => {
  for (let n = 0; n < 55; n += 1) await rest.post('influencers', { name: `Creator ${String(n).padStart(2, '0')}` });
  await page.goto('/admin/influencers');
  await awake(page);
  const first = page.getByRole('row').nth(1);
  await page.getByRole('link', { name: /^Name/ }).click();
  await expect(page).toHaveURL('/admin/influencers?sort=a-z');
  await expect(first).toContainText('Creator 00');
  await expect(page.getByRole('columnheader', { name: /Name/ })).toHaveAttribute('aria-sort', 'ascending');
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(first).toContainText('Creator 50');
  await page.goBack();
  await expect(first).toContainText('Creator 00');
  await page.getByRole('searchbox', { name: /Search by name/ }).fill('creator 4');
  await expect(page).toHaveURL(/q=creator/);
  await expect(page.getByRole('row')).toHaveCount(11);
});
