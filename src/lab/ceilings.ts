import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Shader } from '../gpu/shader.ts';
import type { Times } from './measure.ts';

/** What the adapter can do at best, measured beside each case. */
export interface Ceilings {
  /** Multiplications and additions per nanosecond on registers alone, in the form that this adapter does best. */
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
    ...{ name, source, paramBytes: 16, constants: {} },
    bindings: [
      { name: 'x', access: 'read' },
      { name: 'y', access: 'read_write' },
    ],
    params: [{ name: 'rounds', type: 'u32', offset: 0 }],
  };
}

const CHAINS = [0, 1, 2, 3, 4, 5, 6, 7];

/** Eight sums, 64 operations a round; `step` carries on the one of a number. */
function arithmetic(name: string, type: string, step: (i: number) => string): Shader<'x' | 'y', 'rounds', never> {
  return probe(
    name,
    `  let a = x[id.x % 4u];
${CHAINS.map((i) => `  var v${i} = ${type}(a.x + ${i}.0);`).join('\n')}
  for (var i = 0u; i < params.rounds; i++) {
${CHAINS.map((i) => `    ${step(i)}`).join('\n')}
  }
  y[id.x] = vec4f(${CHAINS.map((i) => `v${i}`).join(' + ')});`,
  );
}

/** Compilers differ in what they do best: v = v * a + a on vec4, or sums of dot products. */
const ARITHMETIC = [
  arithmetic('ceiling_vectors', 'vec4f', (i) => `v${i} = v${i} * a + a;`),
  arithmetic('ceiling_dots', 'f32', (i) => `v${i} += dot(a, vec4f(${[0, 1, 2, 3].map((k) => `v${(i + k) % 8}`)}));`),
];

const COPY = probe('ceiling_copy', '  y[id.x] = x[id.x];');

/** The measurements, to be taken among those of a case so that a busy machine harms all alike. */
export class CeilingProbes {
  readonly works: readonly (() => void)[];
  readonly #flops: number;

  /** Allocates its arrays in the current scope. */
  constructor(gpu: Gpu) {
    const buffers = { x: GpuArray.zeros(gpu, [COPY_BYTES / 4]), y: GpuArray.zeros(gpu, [COPY_BYTES / 4]) };
    const groups = gpu.facts.software ? 64 : 4096;
    this.#flops = groups * WORKGROUP * ROUNDS * 64;
    this.works = [
      ...ARITHMETIC.map((shader) => () => gpu.run({ shader, buffers, params: { rounds: ROUNDS }, groups: [groups] })),
      () => gpu.run({ shader: COPY, buffers, params: { rounds: 0 }, groups: [COPY_BYTES / 16 / WORKGROUP] }),
    ];
  }

  /** What the times of `works` mean. */
  ceilings(times: readonly Times[]): Ceilings {
    const [copy, ...forms] = times.map(({ min }) => min).reverse();
    return { gflops: this.#flops / Math.min(...forms) / 1e6, gbps: (2 * COPY_BYTES) / copy / 1e6 };
  }
}
