// The guided half of an upsampling: y_p = Σ_q w_q x_q / Σ_q w_q over the pixels q of a square window around p inside the
// image, w_q = exp(-(space |p - q|² + range |I_p - I_q|²)), |I_p - I_q|² summed over the channels of the guide I (joint
// bilateral filter). x is the map as bilinear upsampling left it; borders move to where the image changes.
// x, y [batch, height, width]; guide [batch, CHANNELS, height, width]. One invocation per pixel; lines first … end - 1 of the
// batch · height lines are computed, so that long work can be launched in pieces.
// Caller: src/kernels/guided_upsample.ts.
// Loops: (2 * radius + 1) * (2 * radius + 1) * (CHANNELS + 1) + 2 * radius + 1 where radius <= 48

struct Params {
  height: u32,
  width: u32,
  radius: u32,
  space: f32,
  range: f32,
  first: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> guide: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const CHANNELS: u32 = 3u;

// Neighbours read whole lines of memory.
@compute @workgroup_size(32, 2)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let line = params.first + id.y;
  if (id.x >= params.width || line >= params.end) {
    return;
  }
  let plane = params.height * params.width;
  let image = line / params.height;
  let y_here = line - image * params.height;
  let map = image * plane;
  let picture = image * CHANNELS * plane;
  let here = y_here * params.width + id.x;
  let top = max(y_here, params.radius) - params.radius;
  let left = max(id.x, params.radius) - params.radius;
  let bottom = min(y_here + params.radius, params.height - 1u);
  let right = min(id.x + params.radius, params.width - 1u);
  var sum = 0.0;
  var total = 0.0;
  for (var row = top; row <= bottom; row++) {
    let dy = f32(row) - f32(y_here);
    for (var column = left; column <= right; column++) {
      let there = row * params.width + column;
      let dx = f32(column) - f32(id.x);
      var exponent = params.space * (dy * dy + dx * dx);
      for (var c = 0u; c < CHANNELS; c++) {
        let step = guide[picture + c * plane + there] - guide[picture + c * plane + here];
        exponent += params.range * step * step;
      }
      let weight = exp(-exponent);
      sum += weight * x[map + there];
      total += weight;
    }
  }
  // The pixel itself has weight 1, so the total is never 0.
  y[map + here] = sum / total;
}
