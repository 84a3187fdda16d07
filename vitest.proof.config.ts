import { defineConfig } from 'vitest/config';

/** `npm run page:proof`: what the page is held to beside `npm test`; see docs/page.md. */
export default defineConfig({
  test: {
    include: ['test/app/proof/*.proof.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 300_000,
    passWithNoTests: false,
    maxWorkers: 1,
  },
});
