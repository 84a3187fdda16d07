// dtable[entry[k]] = sum of grad[positions[j]] over j in starts[k] .. starts[k + 1], in that order: the backward of a gather
// without atomics. The host sorted the ids into entries (distinct ids), starts and positions; other rows of dtable stay 0.
// grad [rows, width]; entry [entries]; starts [entries + 1]; positions [rows]; dtable [table rows, width].
// Caller: src/kernels/gather_rows.ts.
// Loops: rows * 33 / 32 where rows <= 60000

struct Params {
  entries: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> entry: array<u32>;
@group(0) @binding(3) var<storage, read> starts: array<u32>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> dtable: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  let k = i / params.width;
  let column = i % params.width;
  if (k >= params.entries) {
    return;
  }
  // Blocks of 32 keep the rounding errors of a long list small.
  var total = 0.0;
  var j = starts[k];
  let end = starts[k + 1u];
  while (j < end) {
    let stop = min(j + 32u, end);
    var part = 0.0;
    while (j < stop) {
      part += grad[positions[j] * params.width + column];
      j++;
    }
    total += part;
  }
  dtable[entry[k] * params.width + column] = total;
}
