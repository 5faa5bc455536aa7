// `test` with all that our tests stand on: a server, its REST API, a shop, and an eye on the browser's console.
import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { Rest, type Figures } from './rest';
import { admin, startServer, type Server } from './server';
import { startSite, type Site } from './site';

export { expect };

type Fixtures = {
  server: Server;
  rest: Rest;
  shop: Site;
  /** Names console messages that the test provokes; any other warning or error fails it. */
  allowInConsole: (message: RegExp) => void;
  /** A page in a browser of its own, as a shopper has: no session, always with JavaScript. */
  shopper: Page;
  /** The test's page, logged in as admin, on the dashboard. */
  dashboard: Page;
  /** The test's page, logged in as admin, on the overview. */
  overview: Page;
};

export const test = base.extend<Fixtures>({
  server: async ({}, use, info) => {
    const server = await startServer();
    await use(server);
    await server.stop();
    if (info.status !== info.expectedStatus) await info.attach('server.log', { body: server.log(), contentType: 'text/plain' });
    expect(server.log(), 'the server logs no fault of its own').not.toMatch(/\bERROR\b|panicked/);
  },

  baseURL: async ({ server }, use) => use(server.url),

  rest: async ({ server }, use) => use(await Rest.logIn(server.url)),

  shop: async ({}, use) => {
    const shop = await startSite('The shop');
    await use(shop);
    await shop.close();
  },

  context: async ({ context }, use) => {
    await context.addInitScript(noteAwakening);
    await use(context);
  },

  allowInConsole: [
    async ({ context, javaScriptEnabled }, use) => {
      // Who has scripts switched off is told that the WASM was loaded for nothing; so it was.
      const allowed = javaScriptEnabled === false ? [/preloaded using link preload but not used/] : [];
      const seen = watchConsole(context);
      await use((message) => allowed.push(message));
      const unexpected = seen.filter((message) => !allowed.some((pattern) => pattern.test(message)));
      expect(unexpected, 'the console stays empty').toEqual([]);
    },
    { auto: true },
  ],

  shopper: async ({ browser }, use) => {
    const context = await browser.newContext({ javaScriptEnabled: true });
    const seen = watchConsole(context);
    await use(await context.newPage());
    await context.close();
    expect(seen, 'the console stays empty').toEqual([]);
  },

  dashboard: async ({ page }, use) => {
    await page.goto('/login?next=/dashboard');
    await logIn(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Dashboard' })).toBeVisible();
    await use(page);
  },

  overview: async ({ page }, use) => {
    await page.goto('/login');
    await logIn(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
    await use(page);
  },
});

export async function logIn(page: Page, { email, password } = admin): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Waits until the page is hydrated: clicks and choices are then handled by scripts. */
export async function awake(page: Page): Promise<void> {
  await page.waitForFunction(() => 'isAwake' in window);
}

/** Runs in the page: the app listens for Back as soon as it is hydrated. */
function noteAwakening() {
  const add = window.addEventListener.bind(window) as (...given: unknown[]) => void;
  window.addEventListener = (...given: unknown[]) => {
    if (given[0] === 'popstate') Object.assign(window, { isAwake: true });
    add(...given);
  };
}

/** One of the cards; money's name its currency beside the label or beside the amount. */
export function card(page: Page, label: string): Locator {
  const term = page.getByRole('term').filter({ hasText: new RegExp(`^${label}(, [A-Z]{3})?$`) });
  return page.locator('dl > div').filter({ has: term });
}

/** What stands large on a card. */
export function value(page: Page, label: string): Locator {
  return card(page, label).getByRole('definition').first();
}

/** That all cards show these figures, as people read them. */
export async function expectCards(page: Page, figures: Figures): Promise<void> {
  const count = (number: number) => number.toLocaleString('en-US');
  const rate = figures.conversion_rate === null ? '–' : `${(figures.conversion_rate * 100).toFixed(2)}%`;
  await expect(value(page, 'Clicks')).toHaveText(count(figures.clicks));
  await expect(value(page, 'Unique visitors')).toHaveText(count(figures.unique_visitors));
  await expect(value(page, 'Add to carts')).toHaveText(count(figures.add_to_cart));
  await expect(value(page, 'Conversions')).toHaveText(count(figures.conversions));
  await expect(card(page, 'Conversions')).toContainText(`${count(figures.attributed_conversions)} attributed`);
  await expect(value(page, 'Conversion rate')).toHaveText(rate);
  await expect(card(page, 'GMV').locator('dd.value')).toHaveCount(Math.max(figures.gmv.length, 1));
  if (figures.gmv.length === 0) await expect(value(page, 'GMV')).toHaveText('–');
  for (const { amount, currency } of figures.gmv) {
    const [whole, fraction] = amount.split('.');
    const amounts = card(page, 'GMV').getByRole('definition').filter({ hasText: `${count(Number(whole))}${fraction ? `.${fraction}` : ''}` });
    await expect(amounts.first()).toBeVisible();
    await expect(card(page, 'GMV')).toContainText(currency);
  }
}

/** Warnings and errors of every page, hydration's among them. */
function watchConsole(context: BrowserContext): string[] {
  const seen: string[] = [];
  context.on('console', (message) => {
    if (['warning', 'error', 'assert'].includes(message.type())) {
      seen.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  context.on('weberror', (error) => seen.push(`uncaught: ${error.error()}`));
  return seen;
}
