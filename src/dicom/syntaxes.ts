/** How the bits of a frame are packed. */
export type Packing = 'native' | 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000';

/** A transfer syntax: how a data set and its pixels are written. */
export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  /** Elements without the two letters that say what they hold. */
  readonly implicit: boolean;
  readonly bigEndian: boolean;
  /** The data set is compressed as a whole. */
  readonly deflated: boolean;
  readonly packing: Packing;
}

const PREFIX = '1.2.840.10008.1.2';

function syntax(uid: string, name: string, packing: Packing, more: Partial<TransferSyntax> = {}): TransferSyntax {
  return { uid: PREFIX + uid, name, implicit: false, bigEndian: false, deflated: false, packing, ...more };
}

const SYNTAXES: readonly TransferSyntax[] = [
  syntax('', 'implicit little endian', 'native', { implicit: true }),
  syntax('.1', 'explicit little endian', 'native'),
  syntax('.1.99', 'deflated', 'native', { deflated: true }),
  syntax('.2', 'explicit big endian', 'native', { bigEndian: true }),
  syntax('.5', 'RLE', 'rle'),
  syntax('.4.50', 'JPEG baseline', 'jpeg'),
  syntax('.4.51', 'JPEG extended', 'jpeg'),
  syntax('.4.57', 'JPEG lossless', 'jpeg'),
  syntax('.4.70', 'JPEG lossless, first order', 'jpeg'),
  syntax('.4.80', 'JPEG-LS', 'jpeg-ls'),
  syntax('.4.81', 'JPEG-LS, near-lossless', 'jpeg-ls'),
  syntax('.4.90', 'JPEG 2000, lossless', 'jpeg-2000'),
  syntax('.4.91', 'JPEG 2000', 'jpeg-2000'),
  syntax('.4.201', 'HTJ2K, lossless', 'jpeg-2000'),
  syntax('.4.202', 'HTJ2K, lossless, RPCL', 'jpeg-2000'),
  syntax('.4.203', 'HTJ2K', 'jpeg-2000'),
];

/** Of files that do not say what they are written in. */
export const IMPLICIT_LITTLE = SYNTAXES[0];
/** What most files are written in. */
export const EXPLICIT_LITTLE = SYNTAXES[1];
/** Retired, and still found. */
export const EXPLICIT_BIG = SYNTAXES[3];

/** The transfer syntax of an identifier, or null for one that is not read (video, JPIP, private ones). */
export function transferSyntax(uid: string): TransferSyntax | null {
  return SYNTAXES.find((one) => one.uid === uid) ?? null;
}
