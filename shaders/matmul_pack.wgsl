// y = columns start … start + width - 1 of x, padded with zeros to rows of stride, a multiple of 4: what the vec4 variant of
// matmul need when a row of an operand does not start on 16 bytes. x [rows, x_stride], stored as X_FORMAT says; y [rows, stride].
// Its other use is to decode b for matmul_subgroups.wgsl. One invocation per four elements of y. Caller: src/kernels/matmul_operand.ts.
// Loops: none

struct Params {
  rows: u32,
  x_stride: u32,
  start: u32,
  width: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

const WORKGROUP: u32 = 64u;
// 0 float32, 1 float16, 2 bfloat16, the latter two in pairs within a word.
const X_FORMAT: u32 = 0u;

// Number i of x.
fn value_of_x(i: u32) -> f32 {
  if (X_FORMAT == 0u) {
    return bitcast<f32>(x[i]);
  }
  let word = x[i / 2u];
  let odd = (i & 1u) == 1u;
  if (X_FORMAT == 1u) {
    let pair = unpack2x16float(word);
    return select(pair.x, pair.y, odd);
  }
  return bitcast<f32>(select(word << 16u, word & 0xffff0000u, odd));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let quad = id.y * (groups.x * WORKGROUP) + id.x;
  let quads = params.stride / 4u;
  let row = quad / quads;
  if (row >= params.rows) {
    return;
  }
  let columns = 4u * (quad % quads) + vec4u(0u, 1u, 2u, 3u);
  let at = row * params.x_stride + params.start + min(columns, vec4u(params.width - 1u));
  let values = vec4f(value_of_x(at.x), value_of_x(at.y), value_of_x(at.z), value_of_x(at.w));
  y[quad] = select(vec4f(), values, columns < vec4u(params.width));
}
