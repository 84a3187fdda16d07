// y = factor * x between a dense array and places that are strides apart: axes in another order, a part of an axis, a repeated
// axis (stride 0), and, with SCATTER, into a part of an axis.
// The dense side has size elements of AXES axes, from the outermost 0 to the innermost AXES - 1, with extents n1 … n5 (that of
// axis 0 follows from size); the other side starts at `start` and takes a step of s0 … s5 elements along them.
// One invocation per element. Caller: src/kernels/strided_copy.ts.
// Loops: none

struct Params {
  size: u32,
  start: u32,
  factor: f32,
  n1: u32,
  n2: u32,
  n3: u32,
  n4: u32,
  n5: u32,
  s0: u32,
  s1: u32,
  s2: u32,
  s3: u32,
  s4: u32,
  s5: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 256u;
const AXES: u32 = 6u;
// 0: x is strided and y dense; 1: the other way around.
const SCATTER: u32 = 0u;

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
  var at = params.start;
  if (AXES > 5u) {
    s = split(s.x, params.n5);
    at += s.y * params.s5;
  }
  if (AXES > 4u) {
    s = split(s.x, params.n4);
    at += s.y * params.s4;
  }
  if (AXES > 3u) {
    s = split(s.x, params.n3);
    at += s.y * params.s3;
  }
  if (AXES > 2u) {
    s = split(s.x, params.n2);
    at += s.y * params.s2;
  }
  if (AXES > 1u) {
    s = split(s.x, params.n1);
    at += s.y * params.s1;
  }
  at += s.x * params.s0;
  if (SCATTER == 1u) {
    y[at] = params.factor * x[i];
  } else {
    y[i] = params.factor * x[at];
  }
}
