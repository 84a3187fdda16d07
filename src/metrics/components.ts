/** The connected regions of a mask. */
export interface Components {
  /** Region of every pixel, [height, width]: 0 outside, else 1, 2, … in the order in which a raster scan meets them. */
  readonly labels: Int32Array;
  /** Pixels of each region; `areas[0]` counts the pixels outside. Its length is the number of regions plus one. */
  readonly areas: readonly number[];
}

/** Regions of a mask [height, width] (not 0 is inside), where pixels that touch at a corner belong together. */
export function components(mask: Uint8Array, width: number, height: number): Components {
  const labels = new Int32Array(width * height);
  const stack = new Int32Array(width * height);
  const areas = [0];
  for (let start = 0; start < labels.length; start++) {
    if (mask[start] === 0 || labels[start] !== 0) continue;
    const label = areas.length;
    let area = 0;
    let top = 0;
    stack[top++] = start;
    labels[start] = label;
    while (top > 0) {
      const at = stack[--top];
      area++;
      const x = at % width;
      const y = (at - x) / width;
      for (let ny = Math.max(y - 1, 0); ny <= Math.min(y + 1, height - 1); ny++) {
        for (let nx = Math.max(x - 1, 0); nx <= Math.min(x + 1, width - 1); nx++) {
          const next = ny * width + nx;
          if (mask[next] === 0 || labels[next] !== 0) continue;
          labels[next] = label; // labelled when pushed, so that every pixel is pushed once and the stack suffices
          stack[top++] = next;
        }
      }
    }
    areas.push(area);
  }
  areas[0] = labels.length - areas.reduce((sum, area) => sum + area, 0);
  return { labels, areas };
}
