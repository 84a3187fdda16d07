/** A way to lay a picture over itself. */
export interface Turn {
  /** What is done to it. */
  readonly name: string;
  /** Whether width and height change places. */
  readonly quarter: boolean;
  /** What takes it back: a place in {@link TURNS}. */
  readonly back: number;
  /** Which pixel of the picture lies at a place of the turned one, by the greatest x and y of the picture. */
  readonly from: (x: number, y: number, right: number, bottom: number) => readonly [number, number];
}

/** All ways but leaving it as it is. */
export const TURNS: readonly Turn[] = [
  { name: 'mirrored from left to right', quarter: false, back: 0, from: (x, y, right) => [right - x, y] },
  { name: 'mirrored upside down', quarter: false, back: 1, from: (x, y, _, bottom) => [x, bottom - y] },
  { name: 'turned by 180°', quarter: false, back: 2, from: (x, y, right, bottom) => [right - x, bottom - y] },
  { name: 'turned by 90° to the right', quarter: true, back: 4, from: (x, y, _, bottom) => [y, bottom - x] },
  { name: 'turned by 90° to the left', quarter: true, back: 3, from: (x, y, right) => [right - y, x] },
  {
    name: 'mirrored and turned by 90° to the right',
    quarter: true,
    back: 5,
    from: (x, y, right, bottom) => [right - y, bottom - x],
  },
  { name: 'mirrored and turned by 90° to the left', quarter: true, back: 6, from: (x, y) => [y, x] },
];
