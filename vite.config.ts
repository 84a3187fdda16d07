import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { defineConfig, type Plugin, type UserConfig } from 'vite';

/** Sub-paths of the package, and the folders of `src` that they stand for. */
const AREAS = [
  'gpu',
  'kernels',
  'nn',
  'data',
  'dicom',
  'nifti',
  'volume',
  'metrics',
  'decide',
  'phantom',
  'clip',
  'hub',
  'fusion',
  'medclip',
  'detect',
  'train',
  'pretrain',
  'study',
  'report',
];

const NODE_MODULES = [/^node:/, ...builtinModules];

/** Packages that are looked up at run time, and only in the runtime that needs them. */
const OPTIONAL = ['webgpu', 'puppeteer-core'];

/** package.json promises the library's users no side effects, but the suites live by theirs. */
const sideEffects: Plugin = {
  name: 'fusionclip-side-effects',
  transform: (code) => ({ code, map: null, moduleSideEffects: true }),
};

/**
 * Around every `import()` Vite puts a helper that preloads style sheets. There are none, and what it tells of an import that fails
 * goes to `window`, which Node and workers have not: the cause, such as a package that is not installed, would be lost.
 */
const plainImports: Plugin = {
  name: 'fusionclip-plain-imports',
  enforce: 'pre',
  load: (id) => (id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load();' : null),
};

function bundle(target: string, input: Record<string, string>, external: (string | RegExp)[] = []): UserConfig {
  return {
    base: './',
    publicDir: false,
    plugins: target === 'lib' ? [plainImports] : [plainImports, sideEffects],
    build: {
      target: 'es2022',
      minify: false,
      copyPublicDir: false,
      reportCompressedSize: false,
      modulePreload: false,
      rolldownOptions: {
        input,
        external,
        preserveEntrySignatures: 'strict',
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: `chunks/${target}/[name]-[hash].js` },
      },
    },
  };
}

const areas = Object.fromEntries(AREAS.map((area) => [`${area}/index`, `src/${area}/index.ts`]));

/**
 * The browser page: `vite --mode app` serves it from its sources. Addresses are relative, so it works below any path.
 * The policy that index.html has in a meta tag also goes with every answer of the development server.
 * @param single whether all is to fit into one file (`scripts/single_file.mjs`): the model as an address that holds it
 * @param entry `lab` builds the kernel lab, which shares no file with the page, so that nobody who opens one loads the other
 */
function app(single: boolean, entry: 'app' | 'lab' = 'app'): UserConfig {
  const page = readFileSync(new URL('app/index.html', import.meta.url), 'utf8');
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(page)?.[1] ?? '';
  const output = {
    entryFileNames: `chunks/${entry}/[name]-[hash].js`,
    chunkFileNames: `chunks/${entry}/[name]-[hash].js`,
    assetFileNames: ({ originalFileNames: [from = ''] }: { originalFileNames: string[] }) =>
      from.includes('models/')
        ? `models/${from.split('/').at(-2)}/[name]-[hash][extname]`
        : `chunks/${entry}/[name]-[hash][extname]`,
  };
  return {
    root: 'app',
    base: './',
    publicDir: false,
    server: { headers: { 'content-security-policy': policy }, fs: { allow: ['..'] } },
    build: {
      target: 'es2022',
      reportCompressedSize: false,
      modulePreload: false,
      assetsInlineLimit: single ? 2 ** 30 : 0,
      rolldownOptions: { output, ...(entry === 'lab' && { input: 'app/lab.html' }) },
    },
    // Browsers start no module of a blob from a page that was opened from disk.
    worker: single
      ? { format: 'iife', rolldownOptions: { output: { ...output, codeSplitting: false } } }
      : { format: 'es', rolldownOptions: { output } },
  };
}

/** What is built from what; scripts/build.mjs says where it goes. */
const TARGETS: Record<string, Record<string, string>> = {
  // The library: runs as it is in every runtime and in a script tag. What Node and Deno get is in one build with it, so that
  // there is one class of each name, and one tape.
  lib: {
    index: 'src/index.ts',
    index_process: 'src/index_process.ts',
    node: 'src/host/node.ts',
    chrome: 'src/launch/web_gpu_chrome.ts',
    ...areas,
  },
  // The command line for Deno and Node, and its launcher.
  node: { cli: 'src/cli/entry_process.ts', launcher: 'src/launch/entry_launcher.ts' },
  page: { page: 'src/cli/entry_page.ts' },
  // Programs of the tests, each by itself: what breaks one does not stop the others.
  tools: {
    run: 'test/runtimes/run_built.ts',
    launch: 'test/runtimes/launch.ts',
    junit: 'test/harness/junit_lines.ts',
  },
  suites: { suites: 'test/runtimes/suites_process.ts' },
  suites_page: { page: 'test/runtimes/suites_page.ts' },
  acts: { acts: 'test/runtimes/acts_process.ts' },
  acts_page: { page: 'test/runtimes/acts_page.ts' },
  torture: { torture: 'test/torture/torture.ts' },
  losses: { losses: 'test/torture/losses_process.ts' },
  losses_page: { page: 'test/torture/losses_page.ts' },
  storage_page: { page: 'test/hub/storage_page.ts' },
  golden: { golden: 'test/golden/golden_process.ts' },
  full: { full: 'test/golden/full_process.ts' },
  full_page: { page: 'test/golden/full_page.ts' },
  // This engine beside other libraries, which are nowhere else.
  peers_page: { page: 'bench/peers/page.ts' },
  golden_page: { page: 'test/golden/golden_page.ts' },
};

export default defineConfig(({ mode }) => {
  if (mode === 'app' || mode === 'single') return app(mode === 'single');
  if (mode === 'lab') return app(false, 'lab');
  const input = TARGETS[mode];
  if (!input)
    throw new Error(`unknown build target "${mode}"; one of ${Object.keys(TARGETS).join(', ')}, app, single, lab`);
  return bundle(mode, input, mode.endsWith('page') ? [] : [...NODE_MODULES, ...OPTIONAL]);
});
