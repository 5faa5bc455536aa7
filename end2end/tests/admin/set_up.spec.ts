// A campaign set up in the browser: all of it in a dozen steps, with the mouse, with the keyboard, and without JavaScript.
import type { Page } from '@playwright/test';
import { awake, expect, test } from '../../support/test';

const NAMES = Array.from({ length: 20 }, (_, n) => `Creator ${String(n + 1).padStart(2, '0')}`);

type Items<T> = { items: T[] };
type Code = { code: string; url?: string; influencer_id: string };

/** Counts what a person does: each click, and each field filled in. */
class Hand {
  steps = 0;
  constructor(readonly page: Page) {}

  async click(role: 'link' | 'button' | 'checkbox', name: string) {
    this.steps += 1;
    await this.page.getByRole(role, { name, exact: true }).first().click();
  }

  async fill(label: string, text: string) {
    this.steps += 1;
    await this.page.getByLabel(new RegExp(`^${label}( optional)?$`)).fill(text);
  }
}

test.describe('with twenty influencers who exist already', () => {
  test.beforeEach(async ({ rest }) => {
    await rest.post('advertisers', { name: 'Lumen Skincare' });
    for (const name of NAMES) await rest.post('influencers', { name, handle: `@${name.replace(' ', '').toLowerCase()}` });
  });

  test('a campaign with all of them, a link and a coupon each, takes at most twelve steps', async ({ overview: page, rest }) => {
    await awake(page);
    const hand = new Hand(page);
    await hand.click('link', 'New campaign');
    // The only advertiser is chosen already.
    await hand.fill('Name', 'Spring launch');
    await hand.fill('Destination', 'https://shop.example/spring');
    await hand.click('checkbox', 'All shown');
    await hand.click('checkbox', 'Create a coupon for each');
    await hand.fill('Codes begin with', 'SPRING-');
    await hand.click('button', 'Create campaign');
    await expect(page.getByRole('heading', { level: 1, name: 'Spring launch' })).toBeVisible();
    await expect(page.getByRole('status').filter({ hasText: '20 influencers, 20 links, 20 coupons' })).toBeVisible();
    expect(hand.steps).toBeLessThanOrEqual(12);

    const [campaign] = (await rest.get<Items<{ id: string }>>('campaigns')).items;
    const influencers = (await rest.get<Items<{ name: string }>>(`campaigns/${campaign.id}/influencers`)).items;
    expect(influencers.map(({ name }) => name).sort()).toEqual(NAMES);
    for (const kind of ['links', 'coupons']) {
      const codes = (await rest.get<Items<Code>>(`${kind}?campaign_id=${campaign.id}`)).items;
      expect(new Set(codes.map(({ influencer_id }) => influencer_id)).size).toBe(20);
      if (kind === 'coupons') expect(codes.every(({ code }) => code.startsWith('SPRING-'))).toBe(true);
    }
    const row = page.getByRole('row', { name: /Creator 07/ });
    await expect(row.getByRole('button', { name: 'Copy link and code of Creator 07' })).toBeVisible();
  });

  test('the same can be done with the keyboard alone', async ({ page, rest }) => {
    await page.goto('/login?next=/admin/campaigns/new');
    await page.getByLabel('E-mail').focus();
    const { admin } = await import('../../support/server');
    await page.keyboard.type(admin.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(admin.password);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'New campaign' })).toBeVisible();
    await awake(page);
    const tabTo = async (name: RegExp) => {
      for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press('Tab');
        const label = await page.evaluate(() => {
          const at = document.activeElement as HTMLInputElement | null;
          return at?.labels?.[0]?.textContent ?? at?.getAttribute('aria-label') ?? at?.textContent ?? '';
        });
        if (name.test(label.trim())) return;
      }
      throw new Error(`Tab never reaches ${name}`);
    };
    await tabTo(/^Name/);
    await page.keyboard.type('Spring launch');
    await tabTo(/^Destination/);
    await page.keyboard.type('https://shop.example/spring');
    await tabTo(/^All shown/);
    await page.keyboard.press('Space');
    await tabTo(/^Create campaign/);
    await page.keyboard.press('Enter');
    const heading = page.getByRole('heading', { level: 1, name: 'Spring launch' });
    await expect(heading).toBeVisible();
    await expect(heading).toBeFocused();
    const [campaign] = (await rest.get<Items<{ id: string }>>('campaigns')).items;
    expect((await rest.get<Items<Code>>(`links?campaign_id=${campaign.id}`)).items).toHaveLength(20);
  });

  test.describe('without JavaScript', () => {
    test.use({ javaScriptEnabled: false });

    test('the same form makes the same campaign', async ({ overview: page, rest, allowInConsole }) => {
      allowInConsole(/status of 422 /);
      await page.getByRole('link', { name: 'New campaign' }).click();
      await page.getByRole('button', { name: 'Create campaign' }).click();
      // All that is wrong, with a way to each field, and what was entered.
      await expect(page.getByRole('alert').filter({ hasText: 'is required' }).first()).toBeVisible();
      await page.getByLabel('Name', { exact: true }).fill('Spring launch');
      await page.getByLabel('Destination', { exact: true }).fill('not an address');
      await page.getByRole('button', { name: 'Create campaign' }).click();
      await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Spring launch');
      await expect(page.getByLabel('Destination', { exact: true })).toHaveAttribute('aria-invalid', 'true');
      await page.getByLabel('Destination', { exact: true }).fill('https://shop.example/spring');
      for (const name of NAMES.slice(0, 3)) await page.getByLabel(new RegExp(name)).check();
      await page.getByRole('button', { name: 'Create campaign' }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'Spring launch' })).toBeVisible();
      await expect(page.getByText('3 influencers, 3 links')).toBeVisible();
      const [campaign] = (await rest.get<Items<{ id: string }>>('campaigns')).items;
      expect((await rest.get<Items<Code>>(`links?campaign_id=${campaign.id}`)).items).toHaveLength(3);
    });
  });
});
