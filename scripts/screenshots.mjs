// screenshots.mjs URL LOGINS FOLDER: pictures of each role's pages, wide and narrow, light and dark.
import { mkdir, readFile } from 'node:fs/promises';
import { chromium } from '@playwright/test';

const [base, logins, folder] = process.argv.slice(2);
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** `role  email  password  who`, a line each, as the demo prints them; the first of each role. */
const printed = (await readFile(logins, 'utf8')).split('\n').map((line) => line.trim().split(/\s{2,}/));
const login = (role) => printed.find(([found]) => found === role) ?? fail(`the demo prints no login of role ${role}`);
const fail = (why) => { throw new Error(why); };

const empty = '?from=2020-02-01&to=2020-02-29';
const shots = [
  ['admin', 'overview', '/admin'],
  ['advertiser', 'dashboard', '/dashboard?range=30d'],
  ['advertiser', 'dashboard-empty', `/dashboard${empty}`],
  ['advertiser', 'events', '/events'],
  ['influencer', 'dashboard', '/dashboard'],
  ['influencer', 'dashboard-empty', `/dashboard${empty}`],
];
const looks = [
  [1280, 'light'],
  [1280, 'dark'],
  [360, 'light'],
  [360, 'dark'],
];

await mkdir(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet });
for (const [width, colorScheme] of looks) {
  for (const role of new Set(shots.map(([role]) => role))) {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const [, email, password] = login(role);
    await page.goto(`${base}/login`);
    await page.getByLabel(/e-mail/i).fill(email);
    await page.getByLabel(/password/i).fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL((url) => url.pathname !== '/login');
    for (const [, name, path] of shots.filter(([of]) => of === role)) {
      await page.goto(base + path, { waitUntil: 'networkidle' });
      await page.screenshot({ path: `${folder}/${role}-${name}-${width}-${colorScheme}.png`, fullPage: width > 600 });
    }
    await context.close();
  }
}
await browser.close();
