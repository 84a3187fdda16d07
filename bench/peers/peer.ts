import type { Work } from './work.ts';

/** A library that does the work. */
export interface Peer {
  readonly name: string;
  /** Opens its WebGPU device; rejects when there is none for it. */
  open(): Promise<void>;
  /** Uploads the inputs and compiles. */
  prepare(work: Work): Promise<Job>;
}

/** A piece of work whose inputs and weights lie on a library's device. */
export interface Job {
  /** Starts the work once; a promise that it returns is waited for. The result stays on the device. */
  run(): unknown;
  /** Waits until everything that was started is done. */
  done(): Promise<unknown>;
  /** The last result, row by row. */
  read(): Promise<ArrayLike<number>>;
  /** Frees the device's memory. */
  release(): unknown;
}
