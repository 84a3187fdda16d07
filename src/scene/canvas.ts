/** A colour, each part 0 to 1. */
export type Colour = readonly [number, number, number];

/** The picture being made: three planes of light and what of each pixel is damaged. Positions are [-1, 1] either way. */
export class Canvas {
  readonly size: number;
  /** Red, green, blue: [3, size, size], 0 to 1. */
  readonly light: Float32Array;
  /** [size, size], 0 to 1. */
  readonly damaged: Float32Array;

  constructor(size: number) {
    this.size = size;
    this.light = new Float32Array(3 * size * size);
    this.damaged = new Float32Array(size * size);
  }

  /** Number of pixels. */
  get pixels(): number {
    return this.damaged.length;
  }

  /** Centre of column or row number `index`. */
  at(index: number): number {
    return (2 * index + 1) / this.size - 1;
  }

  /** Lays a colour over a pixel; `cover` is 0 (nothing) to 1. */
  blend(pixel: number, colour: Colour, cover: number): void {
    for (let c = 0, i = pixel; c < 3; c++, i += this.pixels) this.light[i] += cover * (colour[c] - this.light[i]);
  }

  /** Makes a pixel lighter (above 1) or darker. */
  shade(pixel: number, factor: number): void {
    for (let c = 0, i = pixel; c < 3; c++, i += this.pixels) this.light[i] *= factor;
  }

  /** Marks a pixel as damaged to the degree `cover`. */
  mark(pixel: number, cover: number): void {
    if (cover > this.damaged[pixel]) this.damaged[pixel] = cover;
  }
}
