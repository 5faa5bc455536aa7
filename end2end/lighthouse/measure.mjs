// measure.mjs URL LOGINS: Lighthouse's mobile scores of the page each role lands on, as medians of RUNS; ends with 1 where one
// falls short.
import { readFile } from 'node:fs/promises';
import { launch } from 'chrome-launcher';
import lighthouse from 'lighthouse';

const RUNS = Number(process.env.RUNS ?? 3);
const least = { performance: 95, accessibility: 100, 'best-practices': 100 };
const landings = [[null, '/login'], ['admin', '/admin'], ['advertiser', '/dashboard'], ['influencer', '/dashboard']];

const [base, logins] = process.argv.slice(2);
/** `role  email  password  who`, a line each, as the demo prints them; the first of each role. */
const printed = (await readFile(logins, 'utf8')).split('\n').map((line) => line.trim().split(/\s{2,}/));

/** The session's cookie, as a header. */
async function cookie(role) {
  const [, email, password] = printed.find(([found]) => found === role);
  const answer = await fetch(`${base}/api/v1/auth/login`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email, password }),
  });
  if (!answer.ok) throw new Error(`${role} cannot log in: ${answer.status}`);
  return { Cookie: `trb_session=${(await answer.json()).token}` };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const chrome = await launch({
  chromePath: '/usr/bin/chromium',
  chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let short = 0;
for (const [role, path] of landings) {
  const extraHeaders = role ? await cookie(role) : {};
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { lhr } = await lighthouse(base + path, {
      port: chrome.port, extraHeaders, onlyCategories: Object.keys(least), logLevel: 'error', disableStorageReset: true,
    });
    if (new URL(lhr.finalDisplayedUrl).pathname !== path) throw new Error(`${path} led to ${lhr.finalDisplayedUrl}`);
    runs.push(lhr);
  }
  const scores = Object.entries(least).map(([category, wanted]) => {
    const score = Math.round(100 * median(runs.map((run) => run.categories[category].score)));
    short += score < wanted ? 1 : 0;
    return `${category} ${score}${score < wanted ? ` (${wanted} wanted)` : ''}`;
  });
  const time = (audit) => `${Math.round(median(runs.map((run) => run.audits[audit].numericValue)))} ms`;
  console.log(`${role ?? 'nobody'} ${path}: ${scores.join(', ')}; largest paint ${time('largest-contentful-paint')}, blocked ${time('total-blocking-time')}`);
  const last = runs.at(-1);
  for (const category of Object.keys(least)) {
    for (const { id, weight } of last.categories[category].auditRefs) {
      const audit = last.audits[id];
      if (weight > 0 && audit.score !== null && audit.score < 0.9) {
        console.log(`    ${category}: ${audit.title} (${audit.displayValue ?? audit.score})`);
        for (const item of (audit.details?.items ?? []).slice(0, 3)) {
          console.log(`        ${item.node?.snippet ?? item.source ?? item.url ?? ''} ${item.description ?? ''}`.trimEnd());
        }
      }
    }
  }
}
await chrome.kill();
process.exitCode = short ? 1 : 0;
