/** A grid of tokens and its windows. */
export interface WindowShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly heads: number;
  /** Width of one head. */
  readonly head: number;
  readonly side: number;
  readonly shift: number;
}

/** A token of the extended, rolled grid. */
interface Place {
  /** Row and column of the rolled grid. */
  readonly at: readonly [number, number];
  /** Which of the three parts of the rolled grid it lies in, by axis. */
  readonly part: readonly [number, number];
  /** Index in the grid that was given, or null for padding. */
  readonly token: number | null;
}

/**
 * float64 reference of attention within shifted windows, in the steps of its definition: extend, roll, cut, mask, attend,
 * roll back. qkv [B, H, W, 3D], pad [3D], table [(2 side − 1)², heads] → [B, H, W, D].
 */
export function windowAttentionReference(
  qkv: ArrayLike<number>,
  pad: ArrayLike<number>,
  table: ArrayLike<number>,
  shape: WindowShape,
): Float64Array {
  const { batch, height, width, heads, head, side } = shape;
  const total = heads * head;
  const out = new Float64Array(batch * height * width * total);
  for (let b = 0; b < batch; b++) {
    for (const window of windowsOf(shape)) {
      const value = ({ token }: Place, column: number) =>
        token === null ? pad[column] : qkv[(b * height * width + token) * 3 * total + column];
      for (const query of window) {
        if (query.token === null) continue;
        for (let h = 0; h < heads; h++) {
          const scores = window.map((key) => {
            let dot = 0;
            for (let d = 0; d < head; d++) dot += value(query, h * head + d) * value(key, total + h * head + d);
            const [dy, dx] = [query.at[0] - key.at[0], query.at[1] - key.at[1]];
            const bias = table[((dy + side - 1) * (2 * side - 1) + dx + side - 1) * heads + h];
            const apart = query.part[0] !== key.part[0] || query.part[1] !== key.part[1];
            return dot / Math.sqrt(head) + bias - (apart ? 100 : 0);
          });
          const top = Math.max(...scores);
          const weights = scores.map((score) => Math.exp(score - top));
          const sum = weights.reduce((a, w) => a + w, 0);
          for (let d = 0; d < head; d++) {
            const mean = window.reduce((a, key, k) => a + weights[k] * value(key, 2 * total + h * head + d), 0) / sum;
            out[(b * height * width + query.token) * total + h * head + d] = mean;
          }
        }
      }
    }
  }
  return out;
}

/** The tokens of every window. */
function windowsOf({ height, width, side, shift }: WindowShape): Place[][] {
  const [down, across] = [height, width].map((size) => Math.ceil(size / side));
  const [full, wide] = [down * side, across * side];
  // Rows 0 … full − side, then the last window before the seam, then what was rolled over it.
  const part = (i: number, size: number) => (shift === 0 || i < size - side ? 0 : i < size - shift ? 1 : 2);
  const windows: Place[][] = Array.from({ length: down * across }, () => []);
  for (let y = 0; y < full; y++) {
    for (let x = 0; x < wide; x++) {
      const [line, column] = [(y + shift) % full, (x + shift) % wide];
      const token = line < height && column < width ? line * width + column : null;
      const window = Math.floor(y / side) * across + Math.floor(x / side);
      windows[window].push({ at: [y, x], part: [part(y, full), part(x, wide)], token });
    }
  }
  return windows;
}
