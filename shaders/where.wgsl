// y = a where condition is not 0, else b, element by element; each of the three repeated along any axes (a stride of 0).
// y [size] of AXES axes, from the outermost 0 to the innermost AXES - 1, with extents n1 … n3 (that of axis 0 follows from size);
// condition, a and b take a step of c0 … c3, a0 … a3, b0 … b3 elements along them. What is not chosen does not count, even NaN.
// One invocation per element. Caller: src/kernels/where.ts.
// Loops: none

struct Params {
  size: u32,
  n1: u32,
  n2: u32,
  n3: u32,
  c0: u32,
  c1: u32,
  c2: u32,
  c3: u32,
  a0: u32,
  a1: u32,
  a2: u32,
  a3: u32,
  b0: u32,
  b1: u32,
  b2: u32,
  b3: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> condition: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 256u;
const AXES: u32 = 4u;

// <paste split>
// Takes the innermost axis off an index: what is left of it, and the place along that axis.
fn split(i: u32, extent: u32) -> vec2u {
  let left = i / extent;
  return vec2u(left, i - left * extent);
}
// </paste>

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
  var s = vec2u(i, 0u);
  var at = vec3u();
  if (AXES > 3u) {
    s = split(s.x, params.n3);
    at += s.y * vec3u(params.c3, params.a3, params.b3);
  }
  if (AXES > 2u) {
    s = split(s.x, params.n2);
    at += s.y * vec3u(params.c2, params.a2, params.b2);
  }
  if (AXES > 1u) {
    s = split(s.x, params.n1);
    at += s.y * vec3u(params.c1, params.a1, params.b1);
  }
  at += s.x * vec3u(params.c0, params.a0, params.b0);
  if (condition[at.x] != 0.0) {
    y[i] = a[at.y];
  } else {
    y[i] = b[at.z];
  }
}
