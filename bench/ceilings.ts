import { GpuArray } from '../src/gpu/array.ts';
import type { Gpu } from '../src/gpu/gpu.ts';
import type { Shader } from '../src/gpu/shader.ts';
import type { Times } from './measure.ts';

/** What the adapter can do at best, measured beside each case. */
export interface Ceilings {
  /** Multiplications and additions per nanosecond, on registers alone. */
  readonly gflops: number;
  /** Bytes per nanosecond, reads plus writes, of a copy of 32 MiB. */
  readonly gbps: number;
}

const ROUNDS = 4096;
const COPY_BYTES = 2 ** 25;
const WORKGROUP = 64;

function probe(name: string, body: string): Shader<'x' | 'y', 'rounds', never> {
  const source = `
struct Params { rounds: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
${body}
}`;
  return {
    ...{ name, source, paramBytes: 16, constants: {}, requires: [] },
    bindings: [
      { name: 'x', access: 'read' },
      { name: 'y', access: 'read_write' },
    ],
    params: [{ name: 'rounds', type: 'u32', offset: 0 }],
  };
}

/** Eight independent chains of v = v * a + b on vec4: 64 operations a round. */
const ARITHMETIC = probe(
  'ceiling_arithmetic',
  `  let a = x[id.x % 4u];
${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `  var v${i} = a + ${i}.0;`).join('\n')}
  for (var i = 0u; i < params.rounds; i++) {
${[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `    v${i} = v${i} * a + a;`).join('\n')}
  }
  y[id.x] = v0 + v1 + v2 + v3 + v4 + v5 + v6 + v7;`,
);

const COPY = probe('ceiling_copy', '  y[id.x] = x[id.x];');

/** The two measurements, to be taken among those of a case so that a busy machine harms all alike. */
export class CeilingProbes {
  readonly works: readonly (() => void)[];
  readonly #flops: number;

  /** Allocates its arrays in the current scope. */
  constructor(gpu: Gpu) {
    const buffers = { x: GpuArray.zeros(gpu, [COPY_BYTES / 4]), y: GpuArray.zeros(gpu, [COPY_BYTES / 4]) };
    const groups = gpu.facts.software ? 64 : 4096;
    this.#flops = groups * WORKGROUP * ROUNDS * 64;
    this.works = [
      () => gpu.run({ shader: ARITHMETIC, buffers, params: { rounds: ROUNDS }, groups: [groups] }),
      () => gpu.run({ shader: COPY, buffers, params: { rounds: 0 }, groups: [COPY_BYTES / 16 / WORKGROUP] }),
    ];
  }

  /** What the times of `works` mean. */
  ceilings([arithmetic, copy]: readonly Times[]): Ceilings {
    return { gflops: this.#flops / arithmetic.min / 1e6, gbps: (2 * COPY_BYTES) / copy.min / 1e6 };
  }
}
