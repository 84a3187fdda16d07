// The guided half of an upsampling, as guided_upsample.wgsl, which gives formula and shapes.
// The variant for software adapters: one invocation owns 8 pixels of a column, so each pixel of their windows is read once for
// all of them, and what depends on its line alone is computed once a line. space and range hold the factor log2(e), and a
// pixel outside of an owner's window gets a weight of at most 2^-126.
// 6 times as fast as guided_upsample.wgsl on lavapipe: `npm run bench -- guided_upsample`.
// Caller: src/kernels/guided_upsample.ts.
// Loops: (2 * radius + 8) * (2 * radius + 2) where radius <= 48

struct Params {
  height: u32,
  width: u32,
  radius: u32,
  space: f32,
  range: f32,
  // Groups of 8 lines, numbered through the batch; a launch does those from first on, below end.
  first: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> guide: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const CHANNELS: u32 = 3u;
const WORKGROUP: u32 = 8u;
const FAR: f32 = 1000.0;

// Four pixels below each other of one channel of the guide; lines beyond the end repeat the last.
fn four_of_guide(base: u32, line: u32) -> vec4f {
  let last = params.height - 1u;
  return vec4f(
    guide[base + min(line, last) * params.width],
    guide[base + min(line + 1u, last) * params.width],
    guide[base + min(line + 2u, last) * params.width],
    guide[base + min(line + 3u, last) * params.width],
  );
}

// The part of the exponents of four pixels that their distance from a line gives.
fn apart(line: u32, row: u32) -> vec4f {
  let dy = vec4f(f32(line), f32(line + 1u), f32(line + 2u), f32(line + 3u)) - f32(row);
  return select(params.space * dy * dy, vec4f(FAR), abs(dy) > vec4f(f32(params.radius)));
}

fn finish(at: u32, line: u32, sum: vec4f, total: vec4f) {
  // The pixel itself has weight 1, so the total is never 0.
  let mean = sum / total;
  for (var i = 0u; i < 4u; i++) {
    if (line + i < params.height) {
      y[at + i * params.width] = mean[i];
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let owner = params.first + id.y;
  if (id.x >= params.width || owner >= params.end) {
    return;
  }
  let each = (params.height + 7u) / 8u;
  let image = owner / each;
  let line = (owner - image * each) * 8u;
  let plane = params.height * params.width;
  let map = image * plane;
  let red = image * CHANNELS * plane;
  let green = red + plane;
  let blue = green + plane;
  let red_0 = four_of_guide(red + id.x, line);
  let red_1 = four_of_guide(red + id.x, line + 4u);
  let green_0 = four_of_guide(green + id.x, line);
  let green_1 = four_of_guide(green + id.x, line + 4u);
  let blue_0 = four_of_guide(blue + id.x, line);
  let blue_1 = four_of_guide(blue + id.x, line + 4u);
  let top = max(line, params.radius) - params.radius;
  let left = max(id.x, params.radius) - params.radius;
  let bottom = min(line + 7u + params.radius, params.height - 1u);
  let right = min(id.x + params.radius, params.width - 1u);
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var total_0 = vec4f();
  var total_1 = vec4f();
  for (var row = top; row <= bottom; row++) {
    let apart_0 = apart(line, row);
    let apart_1 = apart(line + 4u, row);
    for (var column = left; column <= right; column++) {
      let there = row * params.width + column;
      let dx = f32(column) - f32(id.x);
      let across = params.space * dx * dx;
      let r = guide[red + there];
      let g = guide[green + there];
      let b = guide[blue + there];
      let value = x[map + there];
      let r_0 = r - red_0;
      let r_1 = r - red_1;
      let g_0 = g - green_0;
      let g_1 = g - green_1;
      let b_0 = b - blue_0;
      let b_1 = b - blue_1;
      let weight_0 = exp2(-(apart_0 + across + params.range * (r_0 * r_0 + g_0 * g_0 + b_0 * b_0)));
      let weight_1 = exp2(-(apart_1 + across + params.range * (r_1 * r_1 + g_1 * g_1 + b_1 * b_1)));
      sum_0 += weight_0 * value;
      sum_1 += weight_1 * value;
      total_0 += weight_0;
      total_1 += weight_1;
    }
  }
  finish(map + line * params.width + id.x, line, sum_0, total_0);
  finish(map + (line + 4u) * params.width + id.x, line + 4u, sum_1, total_1);
}
