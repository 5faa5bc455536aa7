// Browser tests against a built Tributary, in Debian's Chromium.
//
// Each test starts a server of its own on an empty database (support/server.ts), so that tests neither
// wait for nor see each other. TRIBUTARY_BIN names another binary than target/release/tributary.
import { defineConfig, devices } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  forbidOnly: !!process.env.CI,
  // It says that something hangs, not that the machine is slow: axe looks at every page in one test.
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    // The user agent of an ordinary Chrome: a headless one counts as a bot, as it should.
    ...devices['Desktop Chrome'],
    // Far from the server's own: a page that let either into its HTML could not be hydrated.
    locale: 'de-DE',
    timezoneId: 'Asia/Kathmandu',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
        '--no-first-run',
      ],
    },
  },
});
