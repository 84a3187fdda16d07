import type { Component } from './frame.ts';
import type { HuffmanTable } from './huffman.ts';

/** A component in a scan. */
export interface Scanned {
  readonly component: Component;
  /** Tables of its first and of its other coefficients; either is missing where the scan has none of them. */
  readonly first: HuffmanTable | undefined;
  readonly others: HuffmanTable | undefined;
}

/** What a scan header says. */
export interface ScanHeader {
  readonly parts: readonly Scanned[];
  /** The first and the last coefficient in it, and its successive approximation: bits known before, and after. */
  readonly from: number;
  readonly to: number;
  readonly known: number;
  readonly shift: number;
  /** Units between restart markers; 0 for none. */
  readonly restart: number;
}
