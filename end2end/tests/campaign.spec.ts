// A campaign's whole way: set up through REST, followed as a link, sold at the shop, seen on the dashboard.
import { postOrder } from '../support/examples';
import { expect, expectCards, logIn, test } from '../support/test';

for (const javaScriptEnabled of [true, false]) {
  test.describe(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, () => {
    test.use({ javaScriptEnabled });

    test('a followed link and the orders that the shop reports show on the dashboard', async ({ page, rest, shop, shopper, server }) => {
      const { link, coupon, key } = await rest.campaign({ destination: `${shop.origin}/products/serum` });

      await shopper.goto(link.url);
      const refCode = shop.visits[0].url.searchParams.get('ref_code') ?? '';
      const backend = { url: server.url, key };
      const first = await postOrder('post-order.sh', backend, 'A-1001', '49.90', 'USD', refCode);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(first.stdout)).toMatchObject({ status: 'recorded', attribution: { method: 'ref_code', link_id: link.id } });
      const second = await postOrder('post-order.mjs', backend, 'A-1002', '10.05', 'USD', '', coupon.code);
      expect(second).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(second.stdout)).toMatchObject({ status: 'recorded', attribution: { method: 'coupon', coupon_id: coupon.id } });
      await expect.poll(async () => (await rest.overview()).clicks, { intervals: [50] }).toBe(1);

      await page.goto('/login?next=/dashboard');
      await logIn(page);
      const figures = await rest.overview();
      expect(figures).toMatchObject({
        clicks: 1,
        unique_visitors: 1,
        conversions: 2,
        attributed_conversions: 2,
        gmv: [{ amount: '59.95', currency: 'USD' }],
        attributed_gmv: [{ amount: '59.95', currency: 'USD' }],
        conversion_rate: 2,
      });
      await expectCards(page, figures);
    });
  });
}
