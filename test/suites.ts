/** Every suite, in the order of paths: Vite and vitest find them as they bundle. */
import.meta.glob('./**/*.suite.ts', { eager: true });
