// Every address that is none of ours.
import { expect, test } from '../support/test';

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled });

    test('an unknown page is a 404 that leads a stranger to the login', async ({ page, allowInConsole }) => {
      allowInConsole(/status of 404 .*\/no\/such\/page/);
      const answer = await page.goto('/no/such/page');
      expect(answer?.status()).toBe(404);
      await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
      await page.getByRole('link', { name: 'Log in' }).click();
      await expect(page).toHaveURL('/login');
    });

    test('an unknown page is a 404 that leads who is logged in to the overview', async ({ dashboard: page, allowInConsole }) => {
      allowInConsole(/status of 404 .*\/no-such-page/);
      const answer = await page.goto('/no-such-page');
      expect(answer?.status()).toBe(404);
      await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
      await page.getByRole('link', { name: 'Go to the overview' }).click();
      await expect(page).toHaveURL('/admin');
    });
  });
}
