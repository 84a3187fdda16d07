import { assert } from 'chai';
import { FusionclipError } from '../../src/base/errors.ts';
import { rangesOf } from '../../src/fusion/fuse.ts';
import { blurMaps, fuseScores, fusionOptions, tappedLayers } from '../../src/fusion/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('settings of the method', () => {
  test('settings are read strictly', () => {
    const refuse = (given: Record<string, string>, pattern: RegExp) => {
      try {
        fusionOptions(given);
      } catch (error) {
        assert.instanceOf(error, FusionclipError);
        assert.equal((error as FusionclipError).code, 'usage');
        assert.match((error as Error).message, pattern);
        return;
      }
      assert.fail(`${JSON.stringify(given)} was accepted`);
    };
    refuse({ 'prompt.nctx': '0' }, /prompt\.nctx takes an integer from 1 to \d+, not "0"/);
    refuse({ 'branch.weights': '1,-1' }, /branch\.weights takes number,… from 0 to 1000000, not "1,-1"/);
    refuse({ fuse: 'both' }, /april\|mvfa\|calib/);
    refuse({ 'prompt.contexts': '4' }, /no setting/);
    refuse({ layers: '1,x' }, /layers/);
    refuse({ method: 'winclip', 'prompt.nctx': '4' }, /--prompt\.nctx means nothing to --method winclip/);
    refuse({ method: 'single-fusion', branches: 'loc' }, /--branches means nothing/);
    refuse({ method: 'april-gan', compat: 'anomalib' }, /knows none, april-gan/);
    refuse({ method: 'unheard' }, /method takes fusionclip\|/);
    assert.deepEqual(fusionOptions({ method: 'single-patch' }).branches, ['loc']);
    assert.deepEqual(tappedLayers(fusionOptions({ method: 'layers:3,7' }), 24), [3, 7]);
    assert.equal(fusionOptions({ compat: 'mvfa' }).act, 'gelu');
    assert.equal(fusionOptions({ compat: 'mvfa', act: 'quickgelu' }).act, 'quickgelu');
    assert.deepEqual(tappedLayers(fusionOptions(), 24), [6, 12, 18, 24]);
    assert.deepEqual(tappedLayers(fusionOptions(), 4), [1, 2, 3, 4]);
  });

  test('fusions rescale by their ranges and scores read the map', () => {
    const scores = {
      zeroMap: Float32Array.of(0, 2, 4, 8),
      fewMap: Float32Array.of(1, 1, 3, 5),
      zeroMean: Float32Array.of(1, 6),
      fewMean: Float32Array.of(1, 4),
      zeroPeak: 8,
      clsScore: null,
    };
    const sum = fuseScores(scores, null, fusionOptions(), 'pixel');
    assert.deepEqual([...sum.map], [1, 3, 7, 13]);
    assert.deepEqual([...sum.score], [3, 13]);
    assert.deepEqual([...fuseScores(scores, null, fusionOptions(), 'image').score], [2, 10]);
    const rescaled = fuseScores(scores, rangesOf(scores), fusionOptions({ fuse: 'mvfa' }), 'pixel');
    assertClose(rescaled.map, [0, 0.125, 0.5, 1], { absolute: 1e-7 });
    const top = fuseScores(scores, null, fusionOptions({ 'score.image': 'topk:2' }), 'pixel');
    assert.deepEqual([...top.score], [2, 10]);
    const largest = fuseScores(scores, null, fusionOptions({ 'score.image': 'topk:1' }), 'pixel');
    assert.deepEqual([...largest.score], [3, 13]);
    const classed = { ...scores, clsScore: Float32Array.of(0.5, 0.25) };
    const withClass = (given: Record<string, string>, ranges: ReturnType<typeof rangesOf> | null = null) => [
      ...fuseScores(classed, ranges, fusionOptions(given), 'image').score,
    ];
    assert.deepEqual(withClass({}), [2, 10]);
    assert.deepEqual(withClass({ 'score.cls': 'add' }), [2.5, 10.25]);
    assert.deepEqual(withClass({ 'score.cls': 'equal' }), [2 + 4, 10 + 2]);
    assert.deepEqual(withClass({ 'score.cls': 'equal', fuse: 'mean' }), [1 + 2, 5 + 1]);
    assert.deepEqual(withClass({ 'score.cls': 'equal', fuse: 'mvfa' }, rangesOf(scores)), [0.25, 1.125]);
    // A method's own score counts where nothing else is asked for.
    const owned = { ...scores, ownScore: Float32Array.of(7, 9) };
    assert.deepEqual([...fuseScores(owned, null, fusionOptions(), 'pixel').score], [7, 9]);
    const most = fuseScores(owned, null, fusionOptions({ 'score.image': 'max' }), 'pixel');
    assert.deepEqual([...most.score], [3, 13]);
    const flat = { ...scores, fewMap: new Float32Array(4).fill(3) };
    assertClose(fuseScores(flat, rangesOf(flat), fusionOptions(), 'pixel').map, [0, 0.125, 0.25, 0.5], {
      absolute: 1e-7,
    });
  });

  test('blurring keeps the mean and a constant', () => {
    const map = noise(1, 144);
    const blurred = blurMaps(map, 12, 2);
    const mean = (x: Float32Array) => x.reduce((a, b) => a + b, 0) / x.length;
    assert.closeTo(mean(blurred), mean(map), 1e-6);
    assertClose(blurMaps(new Float32Array(144).fill(0.5), 12, 3), new Float32Array(144).fill(0.5), { absolute: 1e-7 });
    assert.strictEqual(blurMaps(map, 12, 0), map);
  });
});
