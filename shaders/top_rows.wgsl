// chosen[g, i] = 1 when fewer than best elements of group g come before element i in descending order (equal ones in the
// order of their index), else 0. score, chosen [count, width]. One invocation per element. Caller: src/kernels/top_rows.ts.
// Loops: width / 4 + 4 where width <= 65000

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
  let end = base + params.width;
  // Four at a time, which wait for memory together.
  var four = vec4u();
  var j = base;
  for (; j + 3u < end; j += 4u) {
    let other = vec4f(score[j], score[j + 1u], score[j + 2u], score[j + 3u]);
    let earlier = vec4u(j, j + 1u, j + 2u, j + 3u) < vec4u(i);
    four += select(vec4u(), vec4u(1u), (other > vec4f(mine)) | ((other == vec4f(mine)) & earlier));
  }
  var before = (four.x + four.y) + (four.z + four.w);
  for (; j < end; j++) {
    let other = score[j];
    before += select(0u, 1u, other > mine || (other == mine && j < i));
  }
  chosen[i] = select(0.0, 1.0, before < params.best);
}
