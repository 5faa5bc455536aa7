// An advertiser's pages: own figures beside those before, drilled into, as lists and as files; never another's.
import type { Page } from '@playwright/test';
import { daysAgo, type Campaign, type Figures, type Login, type Rest } from '../support/rest';
import { awake, card, expect, expectCards, logIn, test, value } from '../support/test';

type Items = { items: (Figures & { influencer_id: string | null; name: string | null })[]; total: Figures };
type Shop = { ours: Campaign; ben: { id: string; link: { code: string } }; other: Campaign; login: Login; own: Rest };

/** Four orders and a cart of the last week, one order of the week before, clicks on two links; another's order too. */
async function weeks(rest: Rest, destination: string, follow: (link: string) => Promise<unknown>): Promise<Shop> {
  const ours = await rest.campaign({ destination, advertiser: 'Halden Outdoor' });
  const ben = await rest.joining(ours, 'Ben Castellan');
  const other = await rest.campaign({ destination });
  const { key, link, coupon } = ours;
  await rest.event(key, { action: 'add_to_cart', ref_code: link.code });
  await rest.event(key, { action: 'purchase', value: '1200.50', ref_code: link.code });
  await rest.event(key, { action: 'purchase', value: '80', coupon_code: coupon.code, occurred_at: daysAgo(1) });
  await rest.event(key, { action: 'purchase', value: '19.90', ref_code: ben.link.code, occurred_at: daysAgo(3) });
  await rest.event(key, { action: 'purchase', value: '5' });
  await rest.event(key, { action: 'purchase', value: '900', ref_code: link.code, occurred_at: daysAgo(8) });
  await rest.event(other.key, { action: 'purchase', value: '77777', ref_code: other.link.code });
  for (const { url } of [link, link, ben.link]) await follow(url);
  await expect.poll(async () => (await rest.overview()).clicks, { intervals: [50] }).toBe(3);
  const { login, rest: own } = await rest.account('advertiser', ours.advertiser.id);
  return { ours, ben, other, login, own };
}

async function enter(page: Page, login: Login, path: string): Promise<void> {
  await page.goto(`/login?next=${encodeURIComponent(path)}`);
  await logIn(page, login);
  await expect(page).toHaveURL(path);
}

const table = (page: Page, by: string) => page.getByRole('region', { name: `By ${by}` });

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled });

    test('the cards are those of REST, each beside the week before', async ({ page, rest, shop, shopper }) => {
      const { login, own } = await weeks(rest, shop.origin, (link) => shopper.goto(link));
      await enter(page, login, '/dashboard?range=7d');
      const figures = await own.get<Figures & { previous: Figures }>('stats/overview?range=7d&compare=previous');
      expect([figures.conversions, figures.previous.conversions]).toEqual([4, 1]);
      await expectCards(page, figures);
      await expect(card(page, 'Conversions')).toContainText('▲ +300.0% from 1');
      await expect(card(page, 'GMV')).toContainText('▲ +45.0% from 900.00');
      await expect(card(page, 'Clicks')).toContainText('▲ new from 0');
      await expect(page.getByText(/^Compared with .* up to \d\d:\d\d, weekday by weekday$/)).toBeVisible();

      await page.getByLabel('Compared with').selectOption('none');
      if (!javaScriptEnabled) await page.locator('.compared').getByRole('button', { name: 'Show' }).click();
      await expect(page).toHaveURL('/dashboard?range=7d&compare=none');
      await expect(card(page, 'Conversions')).not.toContainText('▲');
    });

    test('the table has the rows of REST, and a name narrows all figures to it', async ({ page, rest, shop, shopper }) => {
      const { ours, ben, login, own } = await weeks(rest, shop.origin, (link) => shopper.goto(link));
      await enter(page, login, '/dashboard?range=7d');
      if (javaScriptEnabled) await awake(page);
      const { items, total } = await own.get<Items>('stats/per-influencer?range=7d');
      const rows = table(page, 'influencer').locator('tbody').getByRole('row');
      await expect(rows).toHaveCount(items.length);
      for (const [index, { name, clicks, conversions }] of items.entries()) {
        await expect(rows.nth(index).getByRole('rowheader')).toHaveText(name ?? 'Unattributed');
        await expect(rows.nth(index).getByRole('cell').nth(0)).toHaveText(String(clicks));
        await expect(rows.nth(index).getByRole('cell').nth(3)).toHaveText(String(conversions));
      }
      expect(items.at(-1)).toMatchObject({ influencer_id: null, conversions: 1 });
      await expect(table(page, 'influencer').locator('tfoot')).toContainText(String(total.conversions));

      await page.getByRole('link', { name: 'Ben Castellan' }).click();
      const narrowed = `range=7d&influencer_id=${ben.id}`;
      await expect(page).toHaveURL(`/dashboard?${narrowed}&by=campaign`);
      await expectCards(page, await own.get(`stats/overview?${narrowed}`));
      await expect(table(page, 'campaign').locator('tbody').getByRole('row').first()).toContainText('Spring launch');
      await page.getByRole('link', { name: 'Influencer: Ben Castellan: remove this filter' }).click();
      await expect(page).toHaveURL('/dashboard?range=7d&by=campaign');
      await expectCards(page, await own.get('stats/overview?range=7d'));
      await page.goBack();
      await expect(value(page, 'Conversions')).toHaveText('1');
      expect(ours.advertiser.id).not.toBe(ben.id);
    });

    test('a column sorts both ways, and says so', async ({ page, rest, shop, shopper }) => {
      const { login } = await weeks(rest, shop.origin, (link) => shopper.goto(link));
      await enter(page, login, '/dashboard?range=7d');
      if (javaScriptEnabled) await awake(page);
      const header = page.getByRole('columnheader', { name: 'Influencer' });
      const names = table(page, 'influencer').getByRole('rowheader');
      await expect(page.getByRole('columnheader', { name: 'Conversions' })).toHaveAttribute('aria-sort', 'descending');
      for (const [order, first] of [['ascending', 'Ben Castellan'], ['descending', 'Mara Lindqvist']]) {
        await header.getByRole('link').click();
        await expect(header).toHaveAttribute('aria-sort', order);
        await expect(names.first()).toHaveText(first);
        await expect(names.last()).toHaveText('Unattributed');
      }
    });

    test('the name of a bucket leads to it alone, down to the hour', async ({ page, rest, shop, shopper }) => {
      const { login, own } = await weeks(rest, shop.origin, (link) => shopper.goto(link));
      await enter(page, login, '/dashboard?range=7d');
      if (javaScriptEnabled) await awake(page);
      const buckets = page.getByRole('region', { name: 'Figures of the chart' }).getByRole('rowheader').getByRole('link');
      const today = daysAgo(0).slice(0, 10);
      await page.getByText('Show as table').click();
      await buckets.last().click();
      await expect(page).toHaveURL(`/dashboard?from=${today}&to=${today}`);
      await expectCards(page, await own.get(`stats/overview?from=${today}&to=${today}`));
      if (!javaScriptEnabled) await page.getByText('Show as table').click();
      await buckets.first().click();
      await expect(page).toHaveURL(new RegExp(`from=${today}T00:00:00`));
      await expect(page.locator('.steps')).toContainText('00:00 – 01:00');
    });

    test('the lists carry the filters over, and each event says why it was credited', async ({ page, rest, shop, shopper }) => {
      const { ours, login } = await weeks(rest, shop.origin, (link) => shopper.goto(link));
      const narrowed = `range=7d&influencer_id=${ours.influencer.id}`;
      await enter(page, login, `/dashboard?${narrowed}`);
      if (javaScriptEnabled) await awake(page);
      const ways = page.locator('.narrowed');
      await ways.getByRole('link', { name: 'Events', exact: true }).click();
      await expect(page).toHaveURL(`/events?${narrowed}`);
      const events = page.getByRole('region', { name: 'Events' });
      await expect(events.locator('tbody').getByRole('row')).toHaveCount(3);
      await events.getByRole('link', { name: 'Coupon', exact: true }).click();
      await expect(page).toHaveURL(`/events?${narrowed}&method=coupon`);
      await expect(events.locator('tbody').getByRole('row')).toHaveCount(1);
      await events.locator('tbody').getByRole('link').nth(1).click();
      await expect(page).toHaveURL(/\/events\/[0-9a-f-]{36}$/);
      await expect(page.getByRole('region', { name: 'Why: every candidate in order' })).toContainText('Won');
      await expect(page.getByText('MARA10').first()).toBeVisible();
    });

    test('the files hold what the page shows', async ({ page, rest, shop, shopper }) => {
      const { ours, login } = await weeks(rest, shop.origin, (link) => shopper.goto(link));
      await enter(page, login, `/dashboard?range=7d&influencer_id=${ours.influencer.id}`);
      const lines = async (name: string) => {
        const href = await page.getByRole('link', { name, exact: true }).getAttribute('href');
        const file = await page.request.get(href!);
        expect(file.status(), href!).toBe(200);
        return (await file.text()).trim().split('\r\n').length - 1;
      };
      expect(await lines('Events CSV')).toBe(3);
      expect(await lines('Clicks CSV')).toBe(2);
      // Without a range a list holds everything, and so does its file.
      await page.goto('/events');
      expect(await lines('CSV')).toBe(6);
    });
  });
}

test('a click on a bucket of the chart narrows the range to it', async ({ page, rest, shop, shopper }) => {
  const { login } = await weeks(rest, shop.origin, (link) => shopper.goto(link));
  await enter(page, login, '/dashboard?range=7d');
  const chart = page.getByRole('img', { name: /Bar chart of clicks/ });
  await expect(chart.locator('svg')).toBeVisible();
  const { width, height } = (await chart.boundingBox())!;
  await chart.click({ position: { x: width - 20, y: height / 2 } });
  const today = daysAgo(0).slice(0, 10);
  await expect(page).toHaveURL(`/dashboard?from=${today}&to=${today}`);
  await page.goBack();
  await expect(page).toHaveURL('/dashboard?range=7d');
});

test('failures are an advertiser\'s own, and the look-up box finds its orders alone', async ({ page, rest, shop }) => {
  const ours = await rest.campaign({ destination: shop.origin, advertiser: 'Halden Outdoor' });
  const other = await rest.campaign({ destination: shop.origin });
  for (const { key } of [ours, other]) {
    await rest.event(key, { action: 'purchase', event_id: `order-of-${key.slice(-4)}` });
    await rest.event(key, { action: 'nonsense' }).catch(() => undefined);
  }
  await expect.poll(async () => (await rest.get<{ items: object[] }>('ingest-failures')).items.length).toBe(2);
  const { login } = await rest.account('advertiser', ours.advertiser.id);
  await enter(page, login, '/failures');
  await awake(page);
  await expect(page.getByRole('region', { name: 'Failures' }).locator('tbody').getByRole('row')).toHaveCount(1);
  await expect(page.getByRole('button', { name: /Retry/ })).toHaveCount(0);
  for (const [key, rows] of [[ours.key, 1], [other.key, 0]] as const) {
    await page.keyboard.press('/');
    await page.keyboard.type(`order-of-${key.slice(-4)}`);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(new RegExp(`/lookup\\?q=order-of-${key.slice(-4)}`));
    await expect(page.locator('tbody').getByRole('row')).toHaveCount(rows);
    await page.getByRole('heading', { level: 1 }).click();
  }
});

test('nothing that an address names leads past an advertiser\'s own', async ({ page, rest, shop, shopper, allowInConsole }) => {
  allowInConsole(/status of 40[34]/);
  const { ours, other, login } = await weeks(rest, shop.origin, (link) => shopper.goto(link));
  const theirs = await rest.event(other.key, { action: 'purchase', value: '1' });
  await enter(page, login, '/dashboard');
  const foreign = [
    `advertiser_id=${other.advertiser.id}`, `campaign_id=${other.id}`, `influencer_id=${other.influencer.id}`,
    `link_id=${other.link.id}`, `coupon_id=${other.coupon.id}`,
  ];
  for (const query of foreign) {
    await page.goto(`/dashboard?${query}`);
    await expect(page.getByRole('alert'), query).toContainText('does not exist');
    for (const path of [`/events?${query}`, `/clicks?${query}`, `/api/ui/figures?query=${encodeURIComponent(query)}`]) {
      if (path.startsWith('/clicks?coupon')) continue;
      expect((await page.request.get(path)).status(), path).toBe(404);
    }
  }
  for (const [path, status] of [[`/events/${theirs.id}`, 404], ['/admin/events', 403], ['/sales', 403], ['/admin', 403]] as const) {
    expect((await page.request.get(path)).status(), path).toBe(status);
  }
  // What only admins may ask for changes nothing.
  await page.goto(`/dashboard?range=7d&influencer_id=${ours.influencer.id}&as=influencer`);
  await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
  await expect(card(page, 'GMV')).toBeVisible();
});
