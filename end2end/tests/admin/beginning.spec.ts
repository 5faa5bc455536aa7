// From an empty installation to the first event, as the overview's checklist leads there.
import { awake, expect, test } from '../../support/test';

test('the checklist leads from nothing to the first event', async ({ overview: page, rest }) => {
  const step = (label: string) => page.locator('.steps-list li').filter({ hasText: new RegExp(`^${label}`) });
  /** Takes a step of the checklist. */
  const take = async (label: string, way: string) => {
    await page.goto('/admin');
    await awake(page);
    await step(label).getByRole('link', { name: way }).click();
  };
  const shows = (name: string) => expect(page.getByRole('heading', { level: 1, name })).toBeVisible();

  await take('Advertiser', 'Create one');
  await page.getByLabel('Name', { exact: true }).fill('Lumen Skincare');
  await page.getByRole('button', { name: 'Create advertiser' }).click();
  await shows('Lumen Skincare');

  await take('Influencer', 'Create one');
  await page.getByLabel('Name', { exact: true }).fill('Anna');
  await page.getByRole('button', { name: 'Create influencer' }).click();
  await shows('Anna');

  await take('Campaign', 'Create one');
  await page.getByLabel('Name', { exact: true }).fill('Spring');
  await page.getByLabel('Destination', { exact: true }).fill('the shop');
  const create = page.getByRole('button', { name: 'Create campaign' });
  await create.click();
  await expect(page.getByRole('alert').filter({ hasText: 'Destination' })).toBeVisible();
  await page.getByLabel('Destination', { exact: true }).fill('https://shop.example/');
  // The message goes as the pointer comes down, and takes no click with it.
  await create.click();
  await shows('Spring');

  await page.goto('/admin');
  await expect(step('Influencer')).toContainText('(done)');
  await expect(step('Link or coupon')).toContainText('assign them to the campaign first');
  await take('Link or coupon', 'Open Spring');
  await page.getByRole('button', { name: 'Assign influencers' }).click();
  const dialog = page.getByRole('dialog', { name: 'Assign influencers' });
  await dialog.getByLabel('Anna').check();
  await dialog.getByRole('button', { name: 'Assign', exact: true }).click();
  await page.getByRole('button', { name: 'Links for all' }).click();
  await expect(page.getByRole('row', { name: /Anna/ })).toContainText('/r/');

  await take('API key', 'Open Lumen Skincare');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Shop backend');
  await page.getByRole('button', { name: 'Create key' }).click();
  const key = await page.getByText(/^trb_live_\w{32}$/).textContent();

  await take('First event', 'How to send one');
  await shows('Integration');
  await expect(page.getByText('Waiting for your first event…')).toBeVisible();
  await rest.event(key!, { action: 'purchase', value: '49.90' });
  await page.goto('/admin');
  await expect(page.getByText('All is set up, and events arrive.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'See the dashboard' })).toHaveAttribute('href', '/dashboard');
});

test('with nobody to assign, a campaign leads to a new influencer, and an influencer to a campaign', async ({ overview: page, rest }) => {
  const advertiser = await rest.post<{ id: string }>('advertisers', { name: 'Lumen Skincare' });
  const { id } = await rest.post<{ id: string }>('campaigns', { advertiser_id: advertiser.id, name: 'Spring', destination_url: 'https://shop.example/' });
  await page.goto(`/admin/campaigns/${id}`);
  await awake(page);
  await expect(page.getByText('There is nobody to assign: create influencers first.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Assign influencers' })).toHaveCount(0);
  await page.getByRole('link', { name: 'New influencer' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Anna');
  await page.getByRole('button', { name: 'Create influencer' }).click();
  await expect(page.getByText('Not assigned')).toBeVisible();
  await page.getByRole('button', { name: 'Assign to a campaign' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Assign', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Spring' })).toBeVisible();
  await expect(page.getByText('1 influencer is assigned.')).toBeVisible();
});
