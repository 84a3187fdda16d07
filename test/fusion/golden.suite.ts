import { assert } from 'chai';
import { fusionCases, fusionVariants } from '../golden/cases/fusion.ts';
import { suite, suiteInTurn, type TestCase, test } from '../harness/registry.ts';

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

// What the paper's settings take through every kernel runs in every runtime.
const EVERYWHERE = ['seg', 'det'];

suite('FusionCLIP-AD matches the reference', () => {
  test('in every variant that it records', async (t) => {
    assert.sameMembers(await fusionVariants((file) => t.fixture(`golden/seed1/${file}`)), VARIANTS);
  });
  for (const variant of EVERYWHERE) matches(variant);
});

suiteInTurn('FusionCLIP-AD matches the reference', () => {
  // Node's WebGPU is Chrome's.
  for (const variant of VARIANTS) if (!EVERYWHERE.includes(variant)) matches(variant, ['deno', 'chrome']);
});
