import type { AdapterFacts } from '../../src/gpu/adapter.ts';
import type { PeerResult } from './compare.ts';

/** What the command tells the page. */
export interface PeerOptions {
  /** Names of pieces of work. */
  readonly works: readonly string[];
  /** Names of the libraries besides this project's. */
  readonly peers: readonly string[];
  /** Samples of each library. */
  readonly rounds: number;
  /** Of the packages, by the names of the libraries. */
  readonly versions: Readonly<Record<string, string>>;
  /** How the driver was found. */
  readonly driver: string;
  /** Processors. */
  readonly machine: string;
  /** Where the report goes; null: nowhere. */
  readonly json: string | null;
}

/** What is stored. */
export interface PeerReport extends Pick<PeerOptions, 'rounds' | 'versions' | 'driver' | 'machine'> {
  readonly date: string;
  /** E.g. `chrome 143.0.7499.40`. */
  readonly runtime: string;
  readonly adapter: AdapterFacts;
  /** Libraries that did not start, and why. */
  readonly failed: Readonly<Record<string, string>>;
  readonly results: readonly PeerResult[];
}
