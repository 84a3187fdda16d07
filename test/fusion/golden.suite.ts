import { assert } from 'chai';
import { fusionCases, fusionVariants } from '../golden/cases/fusion.ts';
import { suite, suiteOnOneDawn, type TestCase, test } from '../harness/registry.ts';

/** Every variant that the reference records. */
const VARIANTS = [
  'seg',
  'det',
  'det.loss=mvfa',
  'det.loss=margin',
  'det.fuse=mvfa',
  'det.score=max',
  'det.prompt=fixed',
  'seg.memory=adapted',
  'seg.fuse=mvfa',
  'seg.branches=gal',
  'seg.branches=loc',
  'seg.prompt=fixed',
  'seg.layers=2',
  'seg.score=mean',
  'seg.align=false',
  'seg.act=gelu',
  'seg.norm=none',
  'seg.60px',
  'seg.60px.align=false',
  'seg.60px.align=centered',
  'seg.n_ctx=8',
];

/** @param runtimes as of `test` */
function matches(variant: string, runtimes: TestCase['runtimes'] = null): void {
  test(
    variant,
    async (t) => {
      const gpu = await t.gpu();
      let count = 0;
      for await (const { name, ratio } of fusionCases((file) => t.fixture(`golden/seed1/${file}`), gpu, variant)) {
        assert.isAtMost(ratio, 1, name);
        count++;
      }
      assert.isAtLeast(count, 20);
    },
    runtimes,
  );
}

// What the paper's settings take through every kernel: they run in every runtime, in the whole test in Deno and one other.
const PAPER = ['seg', 'det'];
// What rows of readings.json hold to the reference as well; `npm run golden` runs all variants in any runtime.
const READ = [
  ...['det.loss=mvfa', 'det.loss=margin', 'det.fuse=mvfa', 'det.score=max'],
  ...['seg.fuse=mvfa', 'seg.score=mean', 'seg.memory=adapted'],
];

suite('FusionCLIP-AD matches the reference', () => {
  test('in every variant that it records', async (t) => {
    assert.sameMembers(await fusionVariants((file) => t.fixture(`golden/seed1/${file}`)), VARIANTS);
  });
  for (const variant of VARIANTS) {
    if (![...PAPER, ...READ].includes(variant)) matches(variant, ['deno']);
  }
});

suiteOnOneDawn('FusionCLIP-AD matches the reference', () => {
  for (const variant of PAPER) matches(variant);
});
