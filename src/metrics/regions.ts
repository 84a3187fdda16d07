/**
 * The connected regions of a volume, slice by slice: voxels that touch at a corner belong together (26 neighbours). Of the voxels
 * nothing is held but the labels of the last slice, so that a volume of any depth fits.
 */
export class Regions {
  readonly #width: number;
  readonly #height: number;
  /** Of each label another one of its region, or itself. */
  readonly #parents: number[] = [0];
  #above: Int32Array | null = null;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
  }

  /**
   * The next slice [height, width], not 0 inside.
   * @returns labels, 0 outside: those of two voxels are of one region when {@link root} of both is the same once all slices are in
   */
  add(inside: Uint8Array): Int32Array {
    const [width, height, above] = [this.#width, this.#height, this.#above];
    const labels = new Int32Array(width * height);
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (inside[at] === 0) continue;
        let label = 0;
        const join = (other: number) => {
          if (other > 0) label = label === 0 ? this.root(other) : this.#union(label, other);
        };
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          if (y > 0) join(labels[(y - 1) * width + nx]);
          if (!above) continue;
          for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) join(above[ny * width + nx]);
        }
        if (x > 0) join(labels[at - 1]);
        if (label === 0) {
          label = this.#parents.length;
          this.#parents.push(label);
        }
        labels[at] = label;
      }
    }
    this.#above = labels;
    return labels;
  }

  /** The label that stands for the region of a label by now. */
  root(label: number): number {
    const parents = this.#parents;
    let at = label;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  }

  /** Labels from 1 to this one were given. */
  get last(): number {
    return this.#parents.length - 1;
  }

  #union(a: number, b: number): number {
    const [one, other] = [this.root(a), this.root(b)];
    const [low, high] = one < other ? [one, other] : [other, one];
    this.#parents[high] = low;
    return low;
  }
}
