// The page that a shop's developer works from: keys, programs, "has it arrived?", and events tried out.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import type { Campaign, Rest } from '../support/rest';
import { awake, expect, logIn, test } from '../support/test';

type Items<T> = { items: T[] };

const developer = { email: 'dev@shop.test', password: 'a long enough password' };

/** A shop with a campaign, and its developer on the integration page. */
async function shopAt(page: Page, rest: Rest): Promise<Campaign> {
  const campaign = await rest.campaign({ destination: 'https://shop.test/' });
  await rest.post('accounts', { ...developer, role: 'advertiser', advertiser_id: campaign.advertiser.id });
  await page.goto('/login');
  await logIn(page, developer);
  await page.getByRole('link', { name: 'Integration' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Integration' })).toBeVisible();
  return campaign;
}

test('a developer sees the first event arrive', async ({ page, rest, server }) => {
  const { key } = await shopAt(page, rest);
  await awake(page);
  await expect(page.getByText('Waiting for your first event…')).toBeVisible();
  await expect(page.getByText(`${server.url}/api/v1/events`, { exact: true })).toBeVisible();
  await expect(page.getByRole('row', { name: /shop backend/ })).toContainText(`${key.slice(0, 13)}…`);
  await expect(page.getByRole('group', { name: 'First event' })).toContainText(`X-API-KEY: ${key.slice(0, 13)}…`);
  await expect(page.locator('body')).not.toContainText(key);

  await rest.event(key, { action: 'purchase', event_id: 'A-1', coupon_code: 'MARA10' });
  // Nobody reloads the page.
  const arrived = page.getByText(/Received \d+ s ago: Purchase A-1, credited to Mara Lindqvist by coupon\./);
  await expect(arrived).toBeVisible({ timeout: 20_000 });
});

test('the programs are those of docs/examples, with the address and the key filled in', async ({ page, rest, server }) => {
  const { key } = await shopAt(page, rest);
  await page.getByRole('link', { name: 'Programs' }).click();
  for (const [language, file] of [['curl', 'post-order.sh'], ['Node', 'post-order.mjs'], ['Python', 'post-order.py'], ['PHP', 'post-order.php']]) {
    await page.getByText(language, { exact: true }).click();
    const text = readFileSync(path.resolve(__dirname, '../../docs/examples', file), 'utf8');
    const filled = text.replace('https://tributary.example', server.url).replace('trb_live_…', `${key.slice(0, 13)}…`);
    const block = page.getByRole('group', { name: file });
    await expect(block).toBeVisible();
    expect(await block.textContent()).toBe(filled);
  }
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('an event is tried out until it is right, and leaves no trace', async ({ page, rest }) => {
      const { link } = await shopAt(page, rest);
      await page.getByRole('link', { name: 'Validate' }).click();
      if (javaScriptEnabled) await awake(page);
      const event = page.getByLabel('Event');
      // As it stands there it is valid already.
      expect(JSON.parse(await event.inputValue())).toMatchObject({ action: 'purchase', coupon_code: 'MARA10', ref_code: link.code });

      const validate = async (body: string) => {
        await event.fill(body);
        await page.getByRole('button', { name: 'Validate' }).click();
      };
      const wrong = '{ "action": "buy", "value": -1 }';
      await validate(wrong);
      await expect(page.getByRole('heading', { name: '422: it would be refused' })).toBeVisible();
      for (const field of ['action', 'value']) await expect(page.getByRole('row', { name: new RegExp(`^${field} `) })).toBeVisible();
      await expect(event).toHaveValue(wrong);

      await validate('{ "action": ');
      await expect(page.getByRole('heading', { name: '400: it would be refused' })).toBeVisible();

      const right = `{ "action": "purchase", "coupon_code": "nobodys", "ref_code": "${link.code}" }`;
      await validate(right);
      await expect(page.getByRole('heading', { name: '201: it would be recorded' })).toBeVisible();
      await expect(page.getByRole('definition').filter({ hasText: 'to Mara Lindqvist by ref code' })).toBeVisible();
      await expect(page.getByRole('row', { name: /Coupon nobodys .*Rejected this advertiser has no such code/ })).toBeVisible();
      await expect(page.getByRole('row', { name: /Ref code .*Won/ })).toBeVisible();
      await expect(event).toHaveValue(right);

      expect((await rest.get<Items<object>>('events')).items).toEqual([]);
      expect((await rest.get<Items<object>>('ingest-failures')).items).toEqual([]);
    });
  });
}

test('what was refused is opened where it can be mended', async ({ page, rest, server }) => {
  const { key } = await shopAt(page, rest);
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  await fetch(`${server.url}/event/purchase`, { method: 'POST', headers, body: '{"value":"ten"}' });
  await expect.poll(async () => (await rest.get<Items<object>>('ingest-failures')).items.length).toBe(1);
  await page.getByRole('link', { name: 'Validate' }).click();
  await awake(page);
  await page.getByRole('row', { name: /422 validation/ }).getByRole('link', { name: 'Open above' }).click();
  // The path had named the action.
  await expect(page.getByLabel('Event')).toHaveValue('{ "action": "purchase","value":"ten"}');
});

test('admins see any shop’s, developers their own alone', async ({ overview: page, rest, browser, server, allowInConsole }) => {
  allowInConsole(/status of 40\d /);
  const other = await rest.campaign({ destination: 'https://other.test/', advertiser: 'Another shop' });
  await rest.event(other.key, { action: 'nonsense' }).catch(() => undefined);
  await expect.poll(async () => (await rest.get<Items<object>>('ingest-failures')).items.length).toBe(1);
  const [failure] = (await rest.get<Items<{ id: string }>>('ingest-failures')).items;
  await page.goto(`/admin/advertisers/${other.advertiser.id}`);
  await page.getByRole('link', { name: 'Integration' }).click();
  await expect(page.getByText('How the shop of Another shop reports its events.')).toBeVisible();
  await page.goto(`/admin/failures/${failure.id}`);
  await page.getByRole('link', { name: 'Open in the validate form' }).click();
  await expect(page.getByLabel('Event')).toHaveValue(/nonsense/);
  await page.goto('/integration');
  await expect(page.getByRole('link', { name: 'Another shop' })).toBeVisible();

  const own = await browser.newContext({ baseURL: server.url });
  const theirs = await own.newPage();
  await shopAt(theirs, rest);
  const foreign = [`/integration?advertiser_id=${other.advertiser.id}`, `/integration/validate?failure=${failure.id}`, '/integration/nothing'];
  for (const address of foreign) {
    expect((await theirs.goto(address))?.status(), address).toBe(404);
    await expect(theirs.locator('body')).not.toContainText('Another shop');
  }
  await own.close();
});
