// dctx[p, j] = sum of grad[s, at[s] + j] over the sentences s with which[s] = p, in their order (see insert_rows.wgsl).
// grad [sentences, stride, width]; at, which [sentences]; dctx [sets, inserted, width] of size elements.
// Caller: src/kernels/insert_rows.ts.
// Loops: sentences where sentences <= 65000

struct Params {
  size: u32,
  sentences: u32,
  stride: u32,
  inserted: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> at: array<u32>;
@group(0) @binding(3) var<storage, read> which: array<u32>;
@group(0) @binding(4) var<storage, read_write> dctx: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
  let column = i % params.width;
  let line = i / params.width;
  let j = line % params.inserted;
  let p = line / params.inserted;
  // Blocks of 32 keep the rounding errors of many sentences small.
  var total = 0.0;
  var part = 0.0;
  for (var s = 0u; s < params.sentences; s++) {
    if (which[s] == p) {
      part += grad[(s * params.stride + at[s] + j) * params.width + column];
    }
    if (s % 32u == 31u) {
      total += part;
      part = 0.0;
    }
  }
  dctx[i] = total + part;
}
