import { bell, mix, smooth } from './arithmetic.ts';
import { drawStroke } from './shapes.ts';
import type { Stage } from './stage.ts';

/** Ribs front and back, clavicles, spine: what bone adds to the brightness. */
export function drawBones(stage: Stage, lungs: Float32Array): void {
  const { u, v, values } = stage;
  const r = stage.anatomy;
  const bone = r.range(0.05, 0.12);
  const [spacing, phase] = [r.range(0.145, 0.185), r.next()];
  const [rise, slope] = [r.range(0.22, 0.4), r.range(0.2, 0.45)];
  const [front, frontSlope] = [r.range(0.1, 0.6) * bone, r.range(0.7, 1.1)];
  const spine = r.range(0.03, 0.09);
  const disc = r.range(0.11, 0.15);
  const [collarY, collar] = [r.range(-0.7, -0.58), r.range(0.05, 0.13)];
  for (let i = 0; i < values.length; i++) {
    const [x, y] = [u[i], v[i]];
    const side = Math.abs(x);
    if (values[i] < 0.2) continue;
    let add = 0;
    if (side > 0.06 && side < 0.9 && y > -0.9 && y < 0.85) {
      // Behind, ribs rise from the spine and fall outwards; each is a band with brighter edges.
      const arch = y + rise * smooth((side - 0.08) / 0.25) * 0.35 - slope * Math.max(0, side - 0.2) * side;
      add += bone * rib((arch / spacing + phase) % 1);
      const slant = y + 0.1 - frontSlope * (0.75 - side);
      add += front * rib((slant / (1.15 * spacing) + phase + 0.4) % 1) * smooth((side - 0.28) / 0.1);
      add *= mix(0.45, 1, lungs[i]) * smooth((0.88 - side) / 0.08);
    }
    if (side < 0.16) {
      const along = (y / disc + phase) % 1;
      const body = smooth((0.085 - side) / 0.03 + 0.5);
      add +=
        spine * body * (0.65 + 0.35 * bell(((along < 0 ? along + 1 : along) - 0.5) / 0.28)) * smooth((0.95 - y) / 0.3);
      add -= 0.8 * spine * smooth((0.035 - side) / 0.02) * smooth((-0.25 - y) / 0.2); // the windpipe
    }
    if (side > 0.06 && side < 0.75) {
      const bow = collarY + 0.1 * side - 0.16 * smooth((side - 0.15) / 0.5);
      add += collar * bell((y - bow) / 0.035);
    }
    values[i] += add;
  }
}

/** Brightness across one rib and the gap after it; `t` on (−1, 1). */
function rib(t: number): number {
  const d = Math.abs((t < 0 ? t + 1 : t) - 0.3) / 0.24;
  return d > 1.3 ? 0 : smooth((1.15 - d) / 0.3) * (0.65 + 0.35 * smooth((d - 0.45) / 0.4));
}

/** What is brighter than any lesion and is none: side markers, wires, a pacemaker. */
export function drawDevices(stage: Stage): void {
  const { size, values } = stage;
  const r = stage.anatomy;
  const layer = new Float32Array(values.length);
  const line = (x0: number, y0: number, x1: number, y1: number, w: number) =>
    drawStroke(layer, size, { x0, y0, x1, y1, w0: w, w1: w });
  if (r.chance(0.6)) {
    const [x, y, h] = [r.sign() * r.range(0.8, 0.9), r.range(-0.92, -0.75), r.range(0.05, 0.09)];
    line(x, y, x, y + h, 0.012);
    if (r.chance(0.5)) line(x, y + h, x + 0.7 * h, y + h, 0.012);
    else line(x, y, x + 0.6 * h, y + 0.5 * h, 0.012);
  }
  const wires = r.chance(0.3) ? r.int(1, 2) : 0;
  for (let k = 0; k < wires; k++) {
    let [x, y] = [r.range(-0.7, 0.7), r.range(-0.7, 0.4)];
    const [dx, dy] = [r.range(-0.1, 0.1), r.range(0.04, 0.14)];
    for (let s = 0; s < 6; s++) {
      const [nx, ny] = [x + dx + r.range(-0.04, 0.04), y + dy];
      line(x, y, nx, ny, 0.005);
      [x, y] = [nx, ny];
    }
    if (r.chance(0.6)) line(x, y, x, y, 0.022);
  }
  if (r.chance(0.12)) {
    const [x, y] = [r.range(0.35, 0.5), r.range(-0.45, -0.3)];
    line(x, y, x + 0.08, y + 0.02, 0.065);
    line(x, y, 0.05, -0.2, 0.008);
    line(0.05, -0.2, 0.12, 0.35, 0.008);
  }
  const level = r.range(0.95, 1.15);
  for (let i = 0; i < values.length; i++) if (layer[i] > 0) values[i] = mix(values[i], level, 0.9 * layer[i]);
}
