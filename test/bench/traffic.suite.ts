import { assert } from 'chai';
import { instrumented, trafficOf } from '../../bench/isa/instrument.ts';
import { suite, test } from '../harness/registry.ts';

const SOURCE = `
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>; // not x[0]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
var<workgroup> tile: array<array<f32, PITCH + 1u>, 8>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  tile[id.x][params.at[0]] = x[id.x / 2u].y;
  y[u32(x[id.x].x)] += 1.0;
}
`;

/** A log of 32 lanes that each do the accesses of a list. */
function log(lanes: readonly (readonly [site: number, element: number][])[], most: number): Uint32Array {
  const out = new Uint32Array(lanes.length * 2 * most);
  lanes.forEach((list, lane) => {
    list.forEach(([site, element], i) => {
      out.set([site + 1, element], 2 * (lane * most + i));
    });
  });
  return out;
}

suite('traffic', () => {
  test('every access of a kernel is written down, those within an index too', () => {
    const { source, sites } = instrumented(SOURCE, 100);
    assert.deepEqual(
      sites.map(({ text, name, kind, space, bytes }) => [text, name, kind, space, bytes]),
      [
        ['tile[id.x][params.at[0]]', 'tile', 'store', 'workgroup', 4],
        ['x[id.x / 2u]', 'x', 'load', 'buffer', 16],
        ['y[u32(x[id.x].x)]', 'y', 'store', 'buffer', 4],
        ['x[id.x]', 'x', 'load', 'buffer', 16],
      ],
    );
    assert.include(
      source,
      'tile[id.x][trace(0u, (u32(id.x)) * (PITCH + 1u) + u32(params.at[0]), u32(params.at[0]))] =',
    );
    assert.include(source, 'var<storage, read_write> trace_log');
    assert.include(source, '@binding(3)');
    assert.match(source, /fn main\(@builtin\(local_invocation_index\) trace_local: u32, /);
    assert.include(source, 'trace_at = trace_local * 200u;');
  });

  test('lines of which lanes use all, one number each, or one together', () => {
    const site = { text: '', name: 'x', kind: 'load', space: 'buffer', bytes: 4 } as const;
    const lanes = Array.from({ length: 32 }, (_, i): [number, number][] => [
      [0, i],
      [1, 32 * i],
      [2, 7],
    ]);
    const found = trafficOf(log(lanes, 4), [site, site, site, site], 32, 4);
    assert.deepEqual(
      found.map(({ accesses, efficiency }) => [accesses, efficiency]),
      [
        [1, 1],
        [1, 4 / 128],
        [1, 4 / 128],
      ],
    );
  });

  test('lines that are used later, and those that hold all that is wanted, are not fetched in vain', () => {
    const site = { text: '', name: 'x', kind: 'load', space: 'buffer', bytes: 4 } as const;
    const lanes = Array.from({ length: 32 }, (_, i): [number, number][] => [
      // Of four lines a quarter, and the rest in three more accesses.
      ...[0, 1, 2, 3].map((k): [number, number] => [0, 4 * i + k]),
      // One number for all.
      [1, 7],
      // Of two lines a half each, and no more: 16 numbers that lie across their border.
      [2, 24 + (i % 16)],
      [3, 64 * i],
    ]);
    const sites = [site, { ...site, name: 'y' }, { ...site, name: 'z' }, { ...site, name: 'w' }];
    assert.deepEqual(
      trafficOf(log(lanes, 8), sites, 32, 8).map(({ efficiency, later, least }) => [efficiency, later, least]),
      [
        [1 / 4, 1, false],
        [1 / 32, 1 / 32, true],
        [1 / 4, 1 / 4, false],
        [1 / 32, 1 / 32, false],
      ],
    );
    // Stores to a buffer fill other lines than its loads, which here use 158 numbers of 34 lines.
    const stores = [site, { ...site, kind: 'store' as const }, site, site];
    const loads = (158 * 4) / (34 * 128);
    assert.deepEqual(
      trafficOf(log(lanes, 8), stores, 32, 8).map(({ later }) => later),
      [loads, 1 / 32, loads, loads],
    );
  });

  test('lanes that meet in a bank wait for one another, those that read the same do not', () => {
    const site = { text: '', name: 'x', kind: 'load', space: 'workgroup', bytes: 4 } as const;
    const lanes = Array.from({ length: 32 }, (_, i): [number, number][] => [
      [0, 33 * i],
      [1, 16 * i],
      [2, 5],
    ]);
    const found = trafficOf(log(lanes, 4), [site, site, site], 32, 4);
    assert.deepEqual(
      found.map(({ efficiency }) => efficiency),
      [1, 1 / 16, 1],
    );
    const wide = trafficOf(
      log(
        Array.from({ length: 32 }, (_, i): [number, number][] => [[0, 33 * i]]),
        4,
      ),
      [{ ...site, bytes: 16 }],
      32,
      4,
    );
    assert.equal(wide[0].efficiency, 1);
  });
});
