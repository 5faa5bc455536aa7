// The first page of whoever runs the platform: totals, health, what failed and who signed up, as it stands now.
import { awake, card, expect, logIn, test, value } from '../../support/test';

test('totals, health, failures and logins are there, and follow what happens while somebody looks', async ({ page, rest, shop, shopper }) => {
  const { advertiser, key, link } = await rest.campaign({ destination: shop.origin });
  await rest.post('accounts', { email: 'shop@shop.test', password: 'a long enough password', role: 'advertiser', advertiser_id: advertiser.id });
  await rest.event(key, { action: 'purchase', value: '49.90', ref_code: link.code });
  const refused = await rest.event(key, { action: 'steal' }).catch(() => 'refused');
  expect(refused).toBe('refused');
  await shopper.goto(link.url);

  await page.goto('/login');
  await logIn(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  await awake(page);
  for (const [label, count] of [['Advertisers', '1'], ['Campaigns', '1'], ['Influencers', '1'], ['Links', '1'], ['Coupons', '1']]) {
    await expect(value(page, label)).toHaveText(count);
  }
  await expect(value(page, 'Clicks')).toHaveText('1', { timeout: 25_000 });
  await expect(value(page, 'Active advertisers')).toHaveText('1', { timeout: 25_000 });
  await expect(value(page, 'Database')).toHaveText(/^\d+\.\d ms$/);
  await expect(value(page, 'Click log')).toHaveText('Up to date');
  await expect(value(page, 'Error rate')).toHaveText('50.00%', { timeout: 25_000 });
  await expect(card(page, 'Error rate')).toContainText('1 of 2 event calls in 24 hours');
  const facts = page.locator('dl.known');
  await expect(facts).toContainText('SQLite 3.');
  await expect(facts).toContainText('are free');
  await expect(facts).toContainText(/Up for\s*\d+ (s|min)/);
  await expect(page.getByRole('row', { name: /validation/ })).toContainText('must be one of');
  await expect(page.getByRole('row', { name: /shop@shop\.test/ })).toContainText('AdvertiserLumen SkincareActive');
  await expect(page.getByRole('link', { name: 'Generate coupons' })).toHaveAttribute('href', '/admin/coupons/generate');

  // Nobody reloads the page.
  await rest.event(key, { action: 'purchase', value: '10.00', ref_code: link.code });
  await expect(value(page, 'Events')).toHaveText('2', { timeout: 25_000 });
  await expect(card(page, 'Events')).toContainText('2 this month');
});

test('a failure is tried again from the overview', async ({ page, rest }) => {
  const { key } = await rest.campaign({ destination: 'https://shop.test/' });
  await rest.event(key, { action: 'steal' }).catch(() => undefined);
  await page.goto('/login');
  await logIn(page);
  await awake(page);
  await page.getByRole('button', { name: /^Retry the event of/ }).click();
  await expect(page.getByRole('row', { name: /validation/ })).toContainText('Failed again');
  await expect(page.getByRole('status').filter({ hasText: 'It fails again: action must be one of' })).toBeVisible();
});
