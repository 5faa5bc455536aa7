// Letter keys on dashboards: ranges, steps, the sheet that names them, and the switch that turns them off.
import { daysAgo } from '../support/rest';
import { awake, expect, test } from '../support/test';

test('a letter chooses a range, and two step from it', async ({ dashboard: page }) => {
  await awake(page);
  for (const [key, range] of [['w', '7d'], ['m', 'mtd'], ['d', 'today']]) {
    await page.keyboard.press(key);
    await expect(page).toHaveURL(`/dashboard?range=${range}`);
  }
  const day = (ago: number) => `/dashboard?from=${daysAgo(ago).slice(0, 10)}&to=${daysAgo(ago).slice(0, 10)}`;
  for (const [key, step, ago] of [['j', 'Earlier', 1], ['j', 'Earlier', 2], ['k', 'Later', 1]] as const) {
    await expect(page.getByRole('link', { name: new RegExp(`^${step}`) })).toBeVisible();
    await page.keyboard.press(key);
    await expect(page).toHaveURL(day(ago));
  }
  await page.keyboard.press('c');
  await expect(page.getByLabel('From')).toBeVisible();
});

test('nothing that is typed, and no key of the browser\'s own, is a letter key', async ({ dashboard: page }) => {
  await awake(page);
  await page.keyboard.press('/');
  await page.keyboard.type('wmd');
  await expect(page.getByRole('searchbox')).toHaveValue('wmd');
  await page.keyboard.press('Control+m');
  await expect(page).toHaveURL('/dashboard');
});

test('the sheet names the keys and switches them off, and this browser keeps that', async ({ dashboard: page }) => {
  await awake(page);
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet).toContainText('This month');
  await sheet.getByLabel('Use these keys in this browser').uncheck();
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
  await page.keyboard.press('w');
  await page.reload();
  await awake(page);
  await page.keyboard.press('w');
  await page.keyboard.press('?');
  await expect(sheet).toBeHidden();
  await expect(page).toHaveURL('/dashboard');

  await page.getByRole('button', { name: 'Shortcuts' }).click();
  await expect(sheet.getByRole('checkbox')).not.toBeChecked();
  await sheet.getByRole('checkbox').check();
  await sheet.getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('w');
  await expect(page).toHaveURL('/dashboard?range=7d');
});
