import type { Shader } from '../../src/gpu/shader.ts';

/** A shader of one statement for these tests. */
export function tiny(name: string, statement: string): Shader<'x' | 'y', 'n', 'WORKGROUP'> {
  return {
    name,
    bindings: [
      { name: 'x', access: 'read' },
      { name: 'y', access: 'read_write' },
    ],
    params: [{ name: 'n', type: 'u32', offset: 0 }],
    paramBytes: 16,
    constants: { WORKGROUP: 64 },
    source: `struct Params { n: u32, }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
const WORKGROUP: u32 = 64u;
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.n) { return; }
  ${statement}
}
`,
  };
}

/** Runs `act` and returns the error it throws. */
export async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
