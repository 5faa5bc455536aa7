// /r/{code}: a link as a shopper's browser follows it, to a shop that writes down what it was asked.
import { startSite } from '../support/site';
import { expect, test } from '../support/test';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

test('the shop learns the link\'s code and what the visitor brought, and keeps its own address', async ({ shopper, rest, shop }) => {
  const { link } = await rest.campaign({ destination: `${shop.origin}/sale?shelf=3&utm_medium=own#reviews` });
  await shopper.goto(`${link.url}?utm_source=newsletter&utm_medium=mail&shelf=9&ref_code=forged&click_id=forged`);
  await expect(shopper.getByRole('heading', { name: 'The shop' })).toBeVisible();
  expect(new URL(shopper.url()).hash).toBe('#reviews');

  expect(shop.visits).toHaveLength(1);
  const { pathname, searchParams } = shop.visits[0].url;
  expect(pathname).toBe('/sale');
  expect(searchParams.getAll('ref_code')).toEqual([link.code]);
  expect(searchParams.getAll('utm_source')).toEqual(['newsletter']);
  expect(searchParams.getAll('utm_medium')).toEqual(['own']);
  expect(searchParams.getAll('shelf')).toEqual(['3']);
  expect(searchParams.getAll('click_id')).toEqual([]);
});

test('the shop still learns which site the shopper came from', async ({ shopper, rest, shop }) => {
  const { link } = await rest.campaign({ destination: shop.origin });
  const blog = await startSite('A blog');
  blog.body = `<a href="${link.url}">What I wear</a>`;
  await shopper.goto(blog.origin);
  await shopper.getByRole('link').click();
  await expect(shopper.getByRole('heading', { name: 'The shop' })).toBeVisible();
  // Browsers send other sites the origin alone.
  expect(shop.visits.map(({ headers }) => headers.referer)).toEqual([`${blog.origin}/`]);
  await blog.close();
});

test('a click id goes along where the campaign asks for it, and ties the order to the click', async ({ shopper, rest, shop }) => {
  const { link, key, influencer } = await rest.campaign({ destination: shop.origin, appendClickId: true });
  await shopper.goto(link.url);
  const clickId = shop.visits[0].url.searchParams.get('click_id');
  expect(clickId).toMatch(UUID);
  await expect.poll(async () => (await rest.overview()).clicks, { intervals: [50] }).toBe(1);
  const { attribution } = await rest.event(key, { action: 'purchase', value: '10', click_id: clickId });
  expect(attribution).toMatchObject({ method: 'click_id', click_id: clickId, link_id: link.id, influencer_id: influencer.id });
});

test('each visit counts as a click, and a visitor once', async ({ shopper, rest, shop }) => {
  const { link } = await rest.campaign({ destination: shop.origin });
  for (let visit = 0; visit < 3; visit++) await shopper.goto(link.url);
  await expect.poll(async () => (await rest.overview()).clicks, { intervals: [50] }).toBe(3);
  expect(await rest.overview()).toMatchObject({ clicks: 3, unique_visitors: 1, bot_clicks: 0 });
  expect(shop.visits).toHaveLength(3);
});

test('a link that never was and one that has ended say so in words', async ({ page, rest, shop, server, allowInConsole }) => {
  allowInConsole(/status of (404|410) .*\/r\//);
  // What the browser looks for by itself is for the next test.
  allowInConsole(/\/favicon\.ico/);
  const { link } = await rest.campaign({ destination: shop.origin });
  const unknown = await page.goto(`${server.url}/r/neverwas1`);
  expect(unknown?.status()).toBe(404);
  await expect(page.getByRole('heading', { name: 'No such link' })).toBeVisible();

  await rest.post(`links/${link.id}/deactivate`);
  const ended = await page.goto(link.url);
  expect(ended?.status()).toBe(410);
  await expect(page.getByRole('heading', { name: 'This link has ended' })).toBeVisible();

  await rest.post(`links/${link.id}/activate`);
  await page.goto(link.url);
  await expect(page.getByRole('heading', { name: 'The shop' })).toBeVisible();
});

test('the page of a dead link names its icon, so that no browser asks for one that is not there', async ({ page, server, allowInConsole }) => {
  allowInConsole(/status of 404/);
  await page.goto(`${server.url}/r/neverwas1`);
  await expect(page.locator('link[rel="icon"]')).toHaveCount(1);
});
