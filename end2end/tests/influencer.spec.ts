// An influencer's pages, on a phone first: own figures, links, coupons and sales; nobody else's.
import type { Page } from '@playwright/test';
import type { Campaign, Figures, Login, Money, Rest } from '../support/rest';
import { awake, card, expect, logIn, test, value } from '../support/test';

type Own = Figures & { commission_estimate: Money[] };
type Sales = { items: { id: string; value: Money; campaign_name: string }[] };

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

async function sold(rest: Rest, destination: string, follow: (link: string) => Promise<unknown>) {
  const campaign = await rest.campaign({ destination, advertiser: 'Halden Outdoor' });
  await rest.patch(`campaigns/${campaign.id}`, { commission_percent: 10 });
  const ben = await rest.joining(campaign, 'Ben Castellan');
  const { key, link, coupon } = campaign;
  await rest.event(key, { action: 'purchase', value: '1200.50', ref_code: link.code, event_id: 'A-1' });
  await rest.event(key, { action: 'purchase', value: '80', coupon_code: coupon.code, event_id: 'A-2' });
  await rest.event(key, { action: 'purchase', value: '4444', ref_code: ben.link.code, event_id: 'B-1' });
  for (const { url } of [link, link, ben.link]) await follow(url);
  await expect.poll(async () => (await rest.overview()).clicks, { intervals: [50] }).toBe(3);
  const { login, rest: own } = await rest.account('influencer', campaign.influencer.id);
  return { campaign, ben, login, own };
}

async function enter(page: Page, login: Login): Promise<void> {
  await page.goto('/login');
  await logIn(page, login);
  await expect(page.getByRole('heading', { level: 1, name: 'Your figures' })).toBeVisible();
}

async function expectOwn(page: Page, { campaign, ben, own }: { campaign: Campaign; ben: { link: { url: string } }; own: Rest }) {
  const figures = await own.get<Own>('influencer/stats/overview?range=mtd');
  expect(figures).toMatchObject({ clicks: 2, conversions: 2, commission_estimate: [{ amount: '128.05', currency: 'USD' }] });
  await expect(value(page, 'Clicks')).toHaveText('2');
  await expect(value(page, 'Sales')).toHaveText('2');
  await expect(value(page, 'Commission estimate')).toHaveText('128.05');
  await expect(value(page, 'Earnings per click')).toHaveText('64.0250');
  await expect(card(page, 'Sales')).toContainText('worth 1,280.50 USD');
  await expect(page.getByText(campaign.link.url, { exact: true })).toBeVisible();
  await expect(page.getByText(campaign.coupon.code, { exact: true }).first()).toBeVisible();
  await expect(page.getByText(ben.link.url)).toHaveCount(0);
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled });

    test('the month\'s own figures come first, with own links and coupons', async ({ page, rest, shop, shopper }) => {
      const all = await sold(rest, shop.origin, (link) => shopper.goto(link));
      await enter(page, all.login);
      await expect(page.getByRole('link', { name: 'This month' })).toHaveAttribute('aria-current', 'true');
      await expectOwn(page, all);
      await page.getByText('QR code').click();
      const qr = page.getByRole('img', { name: `QR code of ${all.campaign.link.url}` });
      await expect.poll(() => qr.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100);
    });

    test('the sales are those of REST, and nothing of a customer or of others', async ({ page, rest, shop, shopper }) => {
      const { login, own } = await sold(rest, shop.origin, (link) => shopper.goto(link));
      await enter(page, login);
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Sales' }).click();
      const { items } = await own.get<Sales>('influencer/sales');
      const rows = page.getByRole('region', { name: 'Sales' }).locator('tbody').getByRole('row');
      await expect(rows).toHaveCount(items.length);
      expect(items).toHaveLength(2);
      await expect(page.getByText('1,200.50 USD')).toBeVisible();
      for (const hidden of ['4,444', 'A-1', 'Ben']) await expect(page.locator('main')).not.toContainText(hidden);
    });
  });
}

test('an admin sees an influencer\'s dashboard as they do, under the own session', async ({ page, rest, shop, shopper }) => {
  const all = await sold(rest, shop.origin, (link) => shopper.goto(link));
  await page.goto('/login');
  await logIn(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
  await page.goto(`/admin/influencers/${all.campaign.influencer.id}`);
  await awake(page);
  await page.getByRole('link', { name: 'View as influencer' }).click();
  await expect(page.getByText('As Mara Lindqvist sees it')).toBeVisible();
  await expectOwn(page, all);
  await expect(page.getByRole('link', { name: 'Accounts' })).toBeAttached();
});

test('nothing that an address names leads past an influencer\'s own', async ({ page, rest, shop, shopper, allowInConsole }) => {
  allowInConsole(/status of 40[34]/);
  const { campaign, ben, login } = await sold(rest, shop.origin, (link) => shopper.goto(link));
  const other = await rest.campaign({ destination: shop.origin });
  await enter(page, login);
  const foreign = [
    `influencer_id=${ben.id}`, `link_id=${ben.link.id}`, `campaign_id=${other.id}`, `coupon_id=${other.coupon.id}`,
    `advertiser_id=${campaign.advertiser.id}`, `influencer_id=${ben.id}&as=influencer`,
  ];
  for (const query of foreign) {
    for (const path of [`/sales?${query}`, `/api/ui/figures?query=${encodeURIComponent(query)}`]) {
      // An advertiser's id is no filter of theirs.
      expect((await page.request.get(path)).status(), path).toBe(404);
    }
  }
  await page.goto(`/dashboard?influencer_id=${ben.id}`);
  await expect(page.getByRole('alert')).toContainText('does not exist');
  for (const path of ['/events', '/clicks', '/failures', '/lookup?q=A-1', '/admin', '/integration']) {
    expect((await page.request.get(path)).status(), path).toBe(403);
  }
});
