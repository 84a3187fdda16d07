/** What is wrong with a picture that is whole, but of a kind that is not read: converting helps, copying does not. */
export class UnreadPicture extends Error {
  /** What helps. */
  readonly advice: string;

  constructor(message: string, options: ErrorOptions & { advice?: string } = {}) {
    super(message, options);
    this.advice = options.advice ?? 'convert it to PNG';
  }
}

/** The refusal of a picture that would take too much memory. */
export function tooLarge(width: number, height: number): UnreadPicture {
  const megapixels = Math.round((width * height) / 1e6);
  const advice = 'make it smaller, or cut it into parts';
  return new UnreadPicture(`it has ${width}×${height} pixels, ${megapixels} million, and 100 million are read`, {
    advice,
  });
}
