// out[s] = rows[s, :at[s]] ++ ctx[set[s]] ++ rows[s, at[s]:]: learnable vectors between a fixed prefix and suffix.
// rows [sentences, length, width]; ctx [sets, inserted, width]; at, which [sentences]; out [sentences, length + inserted, width]
// of size elements. Caller: src/kernels/insert_rows.ts.
// Loops: none

struct Params {
  size: u32,
  length: u32,
  inserted: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<f32>;
@group(0) @binding(2) var<storage, read> ctx: array<f32>;
@group(0) @binding(3) var<storage, read> at: array<u32>;
@group(0) @binding(4) var<storage, read> which: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
  let column = i % params.width;
  let line = i / params.width;
  let r = line % (params.length + params.inserted);
  let s = line / (params.length + params.inserted);
  let first = at[s];
  if (r >= first && r < first + params.inserted) {
    out[i] = ctx[(which[s] * params.inserted + r - first) * params.width + column];
  } else {
    let source = select(r - params.inserted, r, r < first);
    out[i] = rows[(s * params.length + source) * params.width + column];
  }
}
