import { assert } from 'chai';
import { toFloat32 } from '../../src/clip/half.ts';
import { parseSafetensors } from '../../src/clip/safetensors.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { type PairStepEvent, pretrain } from '../../src/pretrain/index.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const SMALL = {
  ...{ families: 'brain', batch: '6', patch: '8', width: '16', heads: '2', layers: '1', embed: '16', vocab: '530' },
  ...{ 'text-width': '16', 'text-heads': '2', 'text-layers': '1', stages: '32x1', warmup: '0' },
};

/** A run, with the events of its steps and all that its last checkpoint holds. */
async function run(gpu: Gpu, settings: Record<string, string>) {
  const fs = new MemoryFileSystem();
  const events: PairStepEvent[] = [];
  await pretrain({ fs, gpu, onStep: (e) => events.push(e) }, { out: 'm', settings: { ...SMALL, ...settings } });
  const file = parseSafetensors(fs.files.get('m/checkpoint/latest.safetensors')!, 'latest');
  const tensors = new Map([...file].map(([name, { dtype, data }]) => [name, toFloat32(dtype, data)]));
  const named = (prefix: string) => [...tensors].filter(([name]) => name.startsWith(prefix));
  return { events, tensors, named };
}

suite('settings of a pre-training', () => {
  test('lr and warmup: a straight line up, then half a cosine', async (t) => {
    const { events } = await run(await t.gpu(), { stages: '32x6', lr: '0.004', warmup: '2' });
    // ½ (1 + cos(π k / 4)) for k = 0 … 3.
    const factors = [0.5, 1, 1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2];
    assertClose(
      events.map(({ lr }) => lr),
      factors.map((factor) => 0.004 * factor),
      { absolute: 1e-9 },
    );
  });

  test('after a step m² / v is (1 − 0.9)² / (1 − 0.98)', async (t) => {
    const { named } = await run(await t.gpu(), {});
    const squares = new Map(named('exp_avg_sq.'));
    let checked = 0;
    for (const [name, m] of named('exp_avg.')) {
      const v = squares.get(name.replace('exp_avg.', 'exp_avg_sq.'))!;
      const largest = m.reduce((best, value, i) => (Math.abs(value) > Math.abs(m[best]) ? i : best), 0);
      if (Math.abs(m[largest]) < 1e-6) continue;
      assert.closeTo(m[largest] ** 2 / v[largest], 0.5, 1e-3, name);
      checked++;
    }
    assert.isAbove(checked, 20);
  });

  test('clip: the gradient of all parameters together is no longer than that', async (t) => {
    const gpu = await t.gpu();
    const length = async (clip: string) => {
      const { named, events } = await run(gpu, { clip });
      // m = 0.1 g after the first step.
      const square = named('exp_avg.')
        .flatMap(([, m]) => [...m])
        .reduce((sum, m) => sum + (m / 0.1) ** 2, 0);
      return { used: Math.sqrt(square), norm: events[0].norm };
    };
    const free = await length('1000');
    assert.closeTo(free.used / free.norm, 1, 1e-3);
    const bound = await length('0.01');
    assert.closeTo(bound.norm / free.norm, 1, 1e-6);
    assert.closeTo(bound.used, 0.01, 1e-5);
  });

  test('weight-decay: lr · decay of every matrix, and nothing of vectors, tables and the scale', async (t) => {
    const gpu = await t.gpu();
    const weights = async (decay: string, lr = '0.01') => (await run(gpu, { lr, 'weight-decay': decay })).tensors;
    const start = await weights('0', '1e-9');
    const [none, half] = [await weights('0'), await weights('0.5')];
    const names = [...start.keys()].filter((name) => !name.startsWith('exp_avg'));
    let matrices = 0;
    for (const name of names) {
      const decays = /proj|conv1|c_fc|in_proj_weight/.test(name) && !/bias/.test(name);
      const expected = start.get(name)!.map((v) => (decays ? -0.01 * 0.5 * v : 0));
      const actual = half.get(name)!.map((v, i) => v - none.get(name)![i]);
      assertClose(actual, expected, { absolute: 2e-6 }, name);
      if (decays) matrices++;
    }
    assert.isAbove(matrices, 8);
  });
});
