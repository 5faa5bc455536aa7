// /dashboard: the figures, for one range and filter, with and without JavaScript.
import { daysAgo, type Campaign, type Figures, type Rest } from '../support/rest';
import { awake, card, expect, expectCards, test, value } from '../support/test';

/** A click by a person and one by a bot; orders of today, three and twenty days ago, in two currencies; a cart. */
async function someHistory(rest: Rest, destination: string, follow: (link: string) => Promise<unknown>): Promise<Campaign> {
  const campaign = await rest.campaign({ destination });
  const { key, link, coupon } = campaign;
  await rest.event(key, { action: 'purchase', value: '1234.50', ref_code: link.code });
  await rest.event(key, { action: 'purchase', value: '49.90', coupon_code: coupon.code, occurred_at: daysAgo(3) });
  await rest.event(key, { action: 'purchase', value: '2500', currency: 'JPY', occurred_at: daysAgo(20) });
  await rest.event(key, { action: 'add_to_cart', ref_code: link.code, occurred_at: daysAgo(3) });
  await follow(link.url);
  await fetch(link.url, { redirect: 'manual', headers: { 'user-agent': 'curl/8.5.0' } });
  await expect.poll(async () => (await rest.overview()).clicks, { intervals: [50] }).toBe(1);
  await expect.poll(async () => (await rest.overview()).bot_clicks, { intervals: [50] }).toBe(1);
  return campaign;
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled });

    test('the cards show the figures that REST answers, each currency by itself', async ({ dashboard: page, rest, shop, shopper }) => {
      await someHistory(rest, shop.origin, (link) => shopper.goto(link));
      const figures = await rest.overview();
      expect(figures).toMatchObject({
        clicks: 1,
        conversions: 3,
        attributed_conversions: 2,
        gmv: expect.arrayContaining([
          { amount: '1284.40', currency: 'USD' },
          { amount: '2500', currency: 'JPY' },
        ]),
      });
      await page.reload();
      await expectCards(page, figures);
      await expect(card(page, 'Clicks')).toContainText('1 more by bots');
      await expect(page.getByText('Times in UTC')).toBeVisible();
    });

    test('the table of the chart has a row for each day, and its sums are those of the cards', async ({ dashboard: page, rest, shop, shopper }) => {
      await someHistory(rest, shop.origin, (link) => shopper.goto(link));
      const figures = await rest.overview('range=7d');
      await page.goto('/dashboard?range=7d');
      await page.getByText('Show as table').click();
      const rows = page.getByRole('region', { name: 'Figures of the chart' }).locator('tbody').getByRole('row');
      await expect(rows).toHaveCount(7);
      await expect(rows.last()).toContainText('(so far)');
      const cells = await Promise.all((await rows.all()).map((row) => row.getByRole('cell').allInnerTexts()));
      const sum = (column: number) => cells.reduce((sum, row) => sum + Number(row[column]), 0);
      expect([sum(0), sum(1), sum(2)]).toEqual([figures.clicks, figures.add_to_cart, figures.conversions]);
    });

    test('a range link changes the address and the figures, and Back undoes it', async ({ dashboard: page, rest, shop, shopper }) => {
      await someHistory(rest, shop.origin, (link) => shopper.goto(link));
      const of = (range: string): Promise<Figures> => rest.overview(`range=${range}`);
      const [month, week, today] = await Promise.all([of('30d'), of('7d'), of('today')]);
      expect([month.conversions, week.conversions, today.conversions]).toEqual([3, 2, 1]);
      await page.reload();
      if (javaScriptEnabled) await awake(page);
      await expectCards(page, month);
      const ranges = page.getByRole('navigation', { name: 'Date range' });
      await expect(ranges.getByRole('link', { name: '30 days' })).toHaveAttribute('aria-current', 'true');

      await ranges.getByRole('link', { name: '7 days' }).click();
      await expect(page).toHaveURL('/dashboard?range=7d');
      await expectCards(page, week);
      await expect(ranges.getByRole('link', { name: '7 days' })).toHaveAttribute('aria-current', 'true');
      await expect(ranges.getByRole('link', { name: '30 days' })).not.toHaveAttribute('aria-current');

      await ranges.getByRole('link', { name: 'Today' }).click();
      await expect(page).toHaveURL('/dashboard?range=today');
      await expectCards(page, today);

      await page.goBack();
      await expect(page).toHaveURL('/dashboard?range=7d');
      await expectCards(page, week);
      await page.goBack();
      await expect(page).toHaveURL('/dashboard');
      await expectCards(page, month);
    });

    test('a step back in time shows the range before it, and a step forth leads back', async ({ dashboard: page, rest, shop, shopper }) => {
      await someHistory(rest, shop.origin, (link) => shopper.goto(link));
      await page.goto('/dashboard?range=today');
      if (javaScriptEnabled) await awake(page);
      // There is nothing after the present.
      await expect(page.getByRole('link', { name: /^Later/ })).toHaveCount(0);
      for (const days of [1, 2, 3]) {
        const day = daysAgo(days).slice(0, 10);
        await page.getByRole('link', { name: /^Earlier/ }).click();
        await expect(page).toHaveURL(`/dashboard?from=${day}&to=${day}`);
      }
      await expect(value(page, 'Add to carts')).toHaveText('1');
      await page.getByRole('link', { name: /^Later/ }).click();
      await expect(page).toHaveURL(`/dashboard?from=${daysAgo(2).slice(0, 10)}&to=${daysAgo(2).slice(0, 10)}`);
    });

    test('dates of one\'s own are as good as a named range', async ({ dashboard: page, rest, shop, shopper }) => {
      await someHistory(rest, shop.origin, (link) => shopper.goto(link));
      const [from, to] = [daysAgo(21).slice(0, 10), daysAgo(2).slice(0, 10)];
      if (javaScriptEnabled) await awake(page);
      await page.getByText('Dates…').click();
      await page.getByLabel('From').fill(from);
      await page.getByLabel(/^to$/i).fill(to);
      const own = page.locator('form').filter({ has: page.getByLabel('From') });
      await own.getByRole('button', { name: 'Show' }).click();
      await expect(page).toHaveURL(`/dashboard?from=${from}&to=${to}`);
      const figures = await rest.overview(`from=${from}&to=${to}`);
      expect(figures.conversions).toBe(2);
      await expectCards(page, figures);
    });

    test('one advertiser\'s figures are those of its own events, in its own time zone', async ({ dashboard: page, rest, shop }) => {
      const ours = await rest.campaign({ destination: shop.origin, advertiser: 'Halden Outdoor', timeZone: 'America/New_York' });
      const other = await rest.campaign({ destination: shop.origin });
      await rest.event(ours.key, { action: 'purchase', value: '20', ref_code: ours.link.code });
      await rest.event(other.key, { action: 'purchase', value: '300', ref_code: other.link.code });
      await page.reload();
      await expect(value(page, 'Conversions')).toHaveText('2');
      if (javaScriptEnabled) await awake(page);
      const choice = page.getByLabel('Advertiser');
      await choice.selectOption({ label: 'Halden Outdoor' });
      // Applied as it is chosen; without scripts, by the button beside it.
      if (!javaScriptEnabled) await page.locator('form').filter({ has: choice }).getByRole('button', { name: 'Show' }).click();
      await expect(page).toHaveURL(new RegExp(`advertiser_id=${ours.advertiser.id}`));
      await expectCards(page, await rest.overview(`advertiser_id=${ours.advertiser.id}`));
      await expect(value(page, 'GMV')).toContainText('20.00');
      await expect(page.getByText('Times in America/New_York')).toBeVisible();
      await expect(page.getByLabel('Campaign').getByRole('option', { name: 'Spring launch' })).toHaveCount(1);

      await page.goBack();
      await expect(page).toHaveURL('/dashboard');
      await expectCards(page, await rest.overview());
      await expect(choice).toHaveValue('');
    });

    test('an empty range names the latest activity and leads to it', async ({ dashboard: page, rest, shop, shopper }) => {
      await someHistory(rest, shop.origin, (link) => shopper.goto(link));
      await page.goto('/dashboard?range=yesterday');
      await expect(page.getByRole('heading', { name: 'No clicks or events' })).toBeVisible();
      await expect(page.getByText(/The latest activity was on \d+ \w+ \d{4} at \d\d:\d\d/)).toBeVisible();
      const today = daysAgo(0).slice(0, 10);
      await page.getByRole('link', { name: 'Show that day' }).click();
      await expect(page).toHaveURL(`/dashboard?from=${today}&to=${today}`);
      await expect(value(page, 'Conversions')).toHaveText('1');
    });

    test('what an address gets wrong is named, and there is a way on', async ({ dashboard: page }) => {
      await page.goto('/dashboard?method=magic');
      await expect(page.getByRole('alert')).toContainText('method must be one of');
      await page.getByRole('link', { name: 'Show the usual figures' }).click();
      await expect(page).toHaveURL('/dashboard');
      await expect(page.getByRole('alert')).toHaveCount(0);
    });
  });
}

test('both charts are drawn and say in words what they show', async ({ dashboard: page, rest, shop, shopper }) => {
  await someHistory(rest, shop.origin, (link) => shopper.goto(link));
  await page.reload();
  for (const [name, total] of [['clicks', 1], ['conversions', 3]] as const) {
    const chart = page.getByRole('img', { name: `Bar chart of ${name} by day: ${total} in all` });
    await expect(chart.locator('svg')).toBeVisible();
  }
});

test('a range link does not load the page anew', async ({ dashboard: page, rest, shop, shopper }) => {
  await someHistory(rest, shop.origin, (link) => shopper.goto(link));
  await awake(page);
  const loads: string[] = [];
  page.on('request', (request) => request.isNavigationRequest() && loads.push(request.url()));
  await page.getByRole('link', { name: '7 days' }).click();
  await expect(value(page, 'Conversions')).toHaveText('2');
  expect(loads).toEqual([]);
});

test('the figures stay fresh while somebody looks at them', async ({ dashboard: page, rest, shop }) => {
  const { key } = await rest.campaign({ destination: shop.origin });
  await rest.event(key, { action: 'purchase', value: '10' });
  await page.clock.install();
  await page.reload();
  await awake(page);
  await expect(value(page, 'Conversions')).toHaveText('1');
  await rest.event(key, { action: 'purchase', value: '5' });
  await page.clock.runFor(10_000);
  await expect(value(page, 'Conversions')).toHaveText('2');
  await expect(page.getByText('Updated just now')).toBeVisible();
});
