// Every page, light and dark, wide and narrow: axe finds nothing, and nothing scrolls sideways.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { daysAgo } from '../support/rest';
import { awake, expect, logIn, test } from '../support/test';

const SCREENS = {
  'at 1280 px': { viewport: { width: 1280, height: 800 } },
  'at 360 px': { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
};

for (const [size, screen] of Object.entries(SCREENS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${size}, ${colorScheme}`, () => {
      test.use({ ...screen, colorScheme });

      const expectGood = async (page: Page) => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.html) }));
        expect.soft(found, `axe on ${page.url()}`).toEqual([]);
        const { width, ground } = await page.evaluate(() => ({
          width: document.documentElement.scrollWidth,
          ground: getComputedStyle(document.documentElement).backgroundColor,
        }));
        expect.soft(width, `the width of ${page.url()}`).toBeLessThanOrEqual(screen.viewport.width);
        const [red = 255] = (ground.match(/\d+/g) ?? []).map(Number);
        expect.soft(red < 128 ? 'dark' : 'light', `the ground of ${page.url()}`).toBe(colorScheme);
      };

      test('the login page and what it says are accessible', async ({ page, allowInConsole }) => {
        allowInConsole(/status of 404 .*\/no\/such\/page/);
        await page.goto('/login');
        await awake(page);
        await expectGood(page);
        await page.goto('/login?problem=wrong_credentials');
        await awake(page);
        await expect(page.getByRole('alert')).not.toBeEmpty();
        await expectGood(page);
        await page.goto('/no/such/page');
        await awake(page);
        await expectGood(page);
      });

      test('the dashboard is accessible, with figures, without, and where it fails', async ({ dashboard: page, rest, shop, shopper }) => {
        await awake(page);
        await expect(page.getByRole('heading', { name: 'No clicks or events' })).toBeVisible();
        await expectGood(page);

        const name = 'Halden Outdoor Equipment and Expeditions';
        const { key, link, advertiser } = await rest.campaign({ destination: shop.origin, advertiser: name });
        await shopper.goto(link.url);
        for (const [value, currency] of [['123456789.50', 'USD'], ['999999.99', 'EUR'], ['98765432', 'JPY']]) {
          await rest.event(key, { action: 'purchase', value, currency, ref_code: link.code, occurred_at: daysAgo(1) });
        }
        await page.goto(`/dashboard?range=7d&advertiser_id=${advertiser.id}`);
        for (const chart of ['clicks', 'conversions']) {
          await expect(page.getByRole('img', { name: new RegExp(`Bar chart of ${chart}`) }).locator('svg')).toBeVisible();
        }
        await page.getByText('Show as table').click();
        await page.getByText('Dates…').click();
        await expect(page.getByLabel('From')).toBeVisible();
        await expectGood(page);

        await page.goto('/dashboard?method=magic');
        await awake(page);
        await expect(page.getByRole('alert')).toBeVisible();
        await expectGood(page);
      });

      test('every page of the admin is accessible, filled and empty', async ({ overview: page, rest, shop, shopper, allowInConsole }) => {
        test.slow();
        allowInConsole(/status of 4\d\d /);
        await awake(page);
        await expectGood(page);
        const empty = ['advertisers', 'campaigns', 'influencers', 'coupons', 'links', 'clicks', 'events', 'failures', 'campaigns/new'];
        for (const path of empty) {
          await page.goto(`/admin/${path}`);
          await awake(page);
          await expectGood(page);
        }
        const { id, key, link, advertiser, influencer } = await rest.campaign({ destination: shop.origin });
        await shopper.goto(link.url);
        const event = await rest.event(key, { action: 'purchase', value: '49.90', ref_code: link.code, event_id: 'A-1' });
        await rest.event(key, { action: 'nonsense' }).catch(() => undefined);
        await expect.poll(async () => (await rest.get<{ items: object[] }>('ingest-failures')).items.length).toBe(1);
        const [failure] = (await rest.get<{ items: { id: string }[] }>('ingest-failures')).items;
        const [account] = (await rest.get<{ items: { id: string }[] }>('accounts')).items;
        const filled = [
          '', '/advertisers', '/advertisers/new', `/advertisers/${advertiser.id}`, '/campaigns', '/campaigns/new', `/campaigns/${id}`,
          `/campaigns/${id}/links`, `/campaigns/${id}/coupons`, `/campaigns/${id}/settings`, '/influencers', '/influencers/new',
          `/influencers/${influencer.id}`, '/coupons', '/coupons/new', `/coupons/generate?campaign_id=${id}`, '/links', '/links/new',
          `/links/${link.id}`, '/clicks', '/events', `/events/${event.id}`, '/failures', `/failures/${failure.id}`, '/accounts',
          '/accounts/new', `/accounts/${account.id}`, '/lookup', '/lookup?q=A-1', '/nothing/here', '/coupons?status=wrong',
        ];
        for (const path of filled) {
          await page.goto(`/admin${path}`);
          await awake(page);
          await expectGood(page);
        }
        await page.goto('/account');
        await awake(page);
        await expectGood(page);
        await page.goto(`/admin/advertisers/${advertiser.id}`);
        await awake(page);
        await page.getByRole('button', { name: /^Revoke/ }).click();
        await expect(page.getByRole('dialog')).toBeVisible();
        await expectGood(page);
      });

      test('what advertisers and influencers see is accessible, filled and empty', async ({ page, rest, shop, shopper, allowInConsole }) => {
        test.slow();
        allowInConsole(/status of 40\d /);
        const campaign = await rest.campaign({ destination: shop.origin, advertiser: 'Halden Outdoor Equipment and Expeditions' });
        await rest.patch(`campaigns/${campaign.id}`, { commission_percent: 12.5 });
        const ofShop = (await rest.account('advertiser', campaign.advertiser.id)).login;
        const ofMara = (await rest.account('influencer', campaign.influencer.id)).login;
        const see = async (login: typeof ofShop, paths: string[]) => {
          await page.context().clearCookies();
          await page.goto('/login');
          await logIn(page, login);
          await expect(page).toHaveURL('/dashboard');
          for (const path of paths) {
            await page.goto(path);
            await awake(page);
            await expectGood(page);
          }
        };
        await see(ofShop, ['/dashboard', '/events', '/clicks', '/failures', '/lookup']);
        await see(ofMara, ['/dashboard', '/sales']);

        await shopper.goto(campaign.link.url);
        for (const [value, currency] of [['123456789.50', 'USD'], ['999999.99', 'EUR'], ['98765432', 'JPY']]) {
          await rest.event(campaign.key, { action: 'purchase', value, currency, ref_code: campaign.link.code });
          await rest.event(campaign.key, { action: 'purchase', value, currency, coupon_code: 'MARA10', occurred_at: daysAgo(9) });
        }
        const event = await rest.event(campaign.key, { action: 'add_to_cart', ref_code: campaign.link.code, event_id: 'A-1' });
        await rest.event(campaign.key, { action: 'nonsense' }).catch(() => undefined);
        await expect.poll(async () => (await rest.get<{ items: object[] }>('ingest-failures')).items.length).toBe(1);
        const [failure] = (await rest.get<{ items: { id: string }[] }>('ingest-failures')).items;
        const filtered = `range=7d&influencer_id=${campaign.influencer.id}`;
        await see(ofShop, [
          '/dashboard?range=7d', `/dashboard?${filtered}&by=campaign`, '/dashboard?by=link&sort=clicks', '/dashboard?by=coupon&compare=none',
          `/events?${filtered}&method=coupon`, `/events/${event.id}`, '/clicks', '/failures', `/failures/${failure.id}`, '/lookup?q=A-1',
        ]);
        await page.goto('/dashboard');
        await awake(page);
        const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
        await expect(async () => {
          await page.keyboard.press('?');
          await expect(sheet).toBeVisible({ timeout: 500 });
        }).toPass();
        await expectGood(page);
        await see(ofMara, ['/sales']);
        await page.goto('/dashboard');
        await expect(page.getByRole('img', { name: /Bar chart of sales/ }).locator('svg')).toBeVisible();
        await page.getByText('QR code').click();
        await page.getByText('Show as table').click();
        await expectGood(page);
      });

      test('the integration of a shop is accessible, and what its form says', async ({ overview: page, rest }) => {
        const { advertiser } = await rest.campaign({ destination: 'https://shop.test/' });
        const developer = { email: 'dev@shop.test', password: 'a long enough password' };
        await rest.post('accounts', { ...developer, role: 'advertiser', advertiser_id: advertiser.id });
        await page.goto(`/integration?advertiser_id=${advertiser.id}`);
        await awake(page);
        await expectGood(page);

        await page.context().clearCookies();
        await page.goto('/login?next=/integration');
        await logIn(page, developer);
        await expect(page.getByText('Waiting for your first event…')).toBeVisible();
        await expectGood(page);
        await page.goto('/integration/programs');
        await awake(page);
        await page.getByText('Node', { exact: true }).click();
        await expectGood(page);
        await page.goto('/integration/validate');
        await awake(page);
        await expectGood(page);
        for (const [event, answer] of [['{ "action": "signup" }', '201: it would be recorded'], ['{ "action": 5 }', '422: it would be refused']]) {
          await page.getByLabel('Event').fill(event);
          await page.getByRole('button', { name: 'Validate' }).click();
          await expect(page.getByRole('heading', { name: answer })).toBeVisible();
          await expectGood(page);
        }
      });
    });
  }
}
