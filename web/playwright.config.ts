import { defineConfig } from '@playwright/test';

// The distribution's Chromium, by its path: nothing is downloaded. See test/demo.ts for the server.
export default defineConfig({
  testDir: 'test',
  outputDir: 'test-results',
  workers: 2,
  timeout: 240_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    actionTimeout: 15_000,
    viewport: { width: 1360, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Zurich',
    screenshot: 'off',
    contextOptions: { reducedMotion: 'reduce' }, // pictures show pages at rest
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
