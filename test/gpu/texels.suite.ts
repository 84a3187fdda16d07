import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Program } from '../../src/gpu/programs.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Arena } from '../../src/gpu/slots.ts';
import { TexelCache, type TexelCopy } from '../../src/gpu/texels.ts';
import { matmulWith } from '../../src/kernels/matmul.ts';
import { suite, test } from '../harness/registry.ts';

/** A cache whose textures note that they are destroyed, and what it says to be reserved. */
function fakeCache() {
  const all: { alive: boolean; settle(made: boolean): void }[] = [];
  const state = { reserved: 0, all };
  const create = (_: unknown, settle: (made: boolean) => void) => {
    const texture = { alive: true, settle };
    all.push(texture);
    const destroy = () => {
      texture.alive = false;
    };
    return { createView: () => ({}), destroy } as unknown as GPUTexture;
  };
  const cache = new TexelCache(create, (bytes) => {
    state.reserved += bytes;
  });
  const copies = (rows: number, columns = 8): TexelCopy[] =>
    cache.copies(
      { a: { offset: 0, stride: 256, columns, rows } },
      { a: { buffer: { raw: {} as GPUBuffer }, offset: 0 } },
    );
  return { cache, state, copies, alive: () => all.map((one) => one.alive) };
}

suite('texels', () => {
  test('textures count as reserved memory until they are destroyed, which is when others have taken their place', () => {
    const { cache, state, copies, alive } = fakeCache();
    copies(10);
    // 8 texels and 4 apart; 512 rows and one, as no side is a power of two; 16 bytes each.
    assert.equal(state.reserved, 16 * 12 * 513);
    copies(512);
    assert.lengthOf(state.all, 1);
    copies(513);
    assert.equal(state.reserved, 16 * 12 * (513 + 1025));
    assert.deepEqual(alive(), [true, true]);
    cache.sweep();
    assert.deepEqual(alive(), [false, true]);
    assert.equal(state.reserved, 16 * 12 * 1025);
    copies(1, 60);
    cache.clear();
    assert.deepEqual(alive(), [false, false, false]);
    assert.equal(state.reserved, 0);
  });

  test('in place of a texture that there was no room for the next product asks for another', () => {
    const { state, copies, alive, cache } = fakeCache();
    copies(10);
    state.all[0].settle(false);
    copies(10);
    assert.deepEqual(alive(), [true, true]);
    state.all[1].settle(true);
    cache.sweep();
    copies(10);
    assert.deepEqual(alive(), [false, true]);
    assert.equal(state.reserved, 16 * 12 * 513);
  });

  test('a texture that a recording fills is there as long as the recording', () => {
    const { cache, state, copies, alive } = fakeCache();
    const recording = new Recording(new Arena());
    const [program, group] = [{} as Program, {} as GPUBindGroup];
    const fill = (texels: readonly TexelCopy[]) =>
      recording.add({ kind: 'dispatch', program, group, groups: [1, 1, 1], texels, flops: 0, bytes: 0, uses: [] });
    fill(copies(10));
    fill(copies(10));
    cache.clear();
    assert.deepEqual(alive(), [true]);
    assert.equal(state.reserved, 16 * 12 * 513);
    recording.release();
    cache.sweep();
    assert.deepEqual(alive(), [false]);
    assert.equal(state.reserved, 0);
  });

  test(
    'a product reserves its textures on the device, and trim gives them back',
    async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const zeros = (rows: number) => GpuArray.zeros(gpu, [rows, 64]);
      const [a, b] = [zeros(600), zeros(64)];
      gpu.trim();
      const { reservedBytes, liveBytes } = gpu.pool;
      const y = matmulWith('textures', a, b, { transposeB: true });
      const buffers = gpu.pool.liveBytes - liveBytes;
      assert.isAbove(gpu.pool.reservedBytes - reservedBytes, buffers);
      await y.read();
      y.release();
      gpu.trim();
      assert.equal(gpu.pool.reservedBytes, reservedBytes);
      assert.equal(gpu.pool.reservedBytes, gpu.pool.liveBytes);
    },
    ['deno'],
  );
});
