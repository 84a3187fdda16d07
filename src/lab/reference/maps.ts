/** Naive float64 references of what acts on pixel maps; arrays are row-major. */

/** Place on the input of output line i, before clamping at 0 and n − 1. */
function place(i: number, n: number, to: number, align: boolean | { readonly patch: number }): number {
  if (align === true) return to === 1 ? 0 : (i * (n - 1)) / (to - 1);
  if (align === false) return ((i + 0.5) * n) / to - 0.5;
  return (i + 0.5) / align.patch - 0.5;
}

/** Weights [to, n] of a bilinear resize along one axis. */
export function resizeMatrix(n: number, to: number, align: boolean | { readonly patch: number }): Float64Array {
  const m = new Float64Array(to * n);
  for (let i = 0; i < to; i++) {
    const s = Math.min(Math.max(place(i, n, to, align), 0), n - 1);
    const low = Math.floor(s);
    m[i * n + low] += 1 - (s - low);
    m[i * n + Math.min(low + 1, n - 1)] += s - low;
  }
  return m;
}

/** [B, h, w, C] → [B, H, W, C]. */
export function resize(
  x: ArrayLike<number>,
  [batch, h, w, channels]: readonly [number, number, number, number],
  [height, width]: readonly [number, number],
  align: boolean | { readonly patch: number },
): Float64Array {
  const my = resizeMatrix(h, height, align);
  const mx = resizeMatrix(w, width, align);
  const out = new Float64Array(batch * height * width * channels);
  out.forEach((_, at) => {
    const c = at % channels;
    const j = Math.floor(at / channels) % width;
    const i = Math.floor(at / (channels * width)) % height;
    const b = Math.floor(at / (channels * width * height));
    for (let y = 0; y < h; y++) {
      for (let k = 0; k < w; k++) {
        out[at] += my[i * h + y] * mx[j * w + k] * x[((b * h + y) * w + k) * channels + c];
      }
    }
  });
  return out;
}

/** Mean of a window weighted by nearness in space and in the guide [B, 3, H, W]: [B, H, W] → [B, H, W]. */
export function guidedUpsample(
  x: ArrayLike<number>,
  guide: ArrayLike<number>,
  [batch, height, width]: readonly [number, number, number],
  { radius, space, range }: { readonly radius: number; readonly space: number; readonly range: number },
): Float64Array {
  const plane = height * width;
  const out = new Float64Array(batch * plane);
  for (let b = 0; b < batch; b++) {
    for (let p = 0; p < plane; p++) {
      let sum = 0;
      let total = 0;
      for (let q = 0; q < plane; q++) {
        const dy = Math.floor(q / width) - Math.floor(p / width);
        const dx = (q % width) - (p % width);
        if (Math.max(Math.abs(dy), Math.abs(dx)) > radius) continue;
        let steps = 0;
        for (let c = 0; c < 3; c++) steps += (guide[(3 * b + c) * plane + p] - guide[(3 * b + c) * plane + q]) ** 2 / 3;
        const weight = Math.exp(-(dy * dy + dx * dx) / (2 * space * space) - steps / (2 * range * range));
        sum += weight * x[b * plane + q];
        total += weight;
      }
      out[b * plane + p] = sum / total;
    }
  }
  return out;
}

/** Image-level loss, mean over the batch for each group: pair [G·B, 2], label [B] → [G]. */
export function bce(pair: ArrayLike<number>, label: ArrayLike<number>, mode: 'prob' | 'mvfa' | 'margin'): Float64Array {
  const batch = label.length;
  const out = new Float64Array(pair.length / 2 / batch);
  for (let r = 0; 2 * r < pair.length; r++) {
    const [m0, m1, y] = [pair[2 * r], pair[2 * r + 1], label[r % batch]];
    const z = mode === 'mvfa' ? m1 : m1 - m0;
    const term =
      mode === 'prob'
        ? -(y * Math.max(Math.log(m1), -100) + (1 - y) * Math.max(Math.log(m0), -100))
        : Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
    out[Math.floor(r / batch)] += term / batch;
  }
  return out;
}

/** Focal loss, mean over images and pixels of each group: prob [G·B, P, 2], mask [B, P] → [G]. */
export function focal(
  prob: ArrayLike<number>,
  mask: ArrayLike<number>,
  batch: number,
  { gamma, smooth, alpha }: { readonly gamma: number; readonly smooth: number; readonly alpha: number | null },
): Float64Array {
  const pixels = mask.length / batch;
  const out = new Float64Array(prob.length / 2 / mask.length);
  const hot = (m: number): number => Math.min(Math.max(m, smooth), 1 - smooth);
  for (let i = 0; 2 * i < prob.length; i++) {
    const m = mask[i % (batch * pixels)];
    const pt = hot(1 - m) * prob[2 * i] + hot(m) * prob[2 * i + 1] + smooth;
    const w = alpha === null ? 1 : m > 0.5 ? alpha : 1 - alpha;
    out[Math.floor(i / (batch * pixels))] -= (w * Math.max(1 - pt, 0) ** gamma * Math.log(pt)) / (batch * pixels);
  }
  return out;
}

/** Dice loss of the abnormal channel: prob [G·B, P, 2], mask [B, P] → [G]. */
export function dice(prob: ArrayLike<number>, mask: ArrayLike<number>, batch: number, smooth: number): Float64Array {
  const pixels = mask.length / batch;
  const rows = prob.length / 2 / pixels;
  const out = new Float64Array(rows / batch).fill(1);
  for (let r = 0; r < rows; r++) {
    let [both, p, t] = [0, 0, 0];
    for (let k = 0; k < pixels; k++) {
      const a = prob[2 * (r * pixels + k) + 1];
      const m = mask[(r % batch) * pixels + k];
      both += a * m;
      p += a;
      t += m;
    }
    out[Math.floor(r / batch)] -= (2 * both + smooth) / (p + t + smooth) / batch;
  }
  return out;
}
