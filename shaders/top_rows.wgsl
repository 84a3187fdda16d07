// chosen[g, i] = 1 when fewer than best elements of group g come before element i in descending order (equal ones in the
// order of their index), else 0. score, chosen [count, width]. One invocation per element. Caller: src/kernels/top_rows.ts.
// Loops: width where width <= 65000

struct Params {
  count: u32,
  width: u32,
  best: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> score: array<f32>;
@group(0) @binding(2) var<storage, read_write> chosen: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.count * params.width) {
    return;
  }
  let base = i - i % params.width;
  let mine = score[i];
  var before = 0u;
  for (var j = base; j < base + params.width; j++) {
    let other = score[j];
    before += select(0u, 1u, other > mine || (other == mine && j < i));
  }
  chosen[i] = select(0.0, 1.0, before < params.best);
}
