/** What a device reached, as a table. */
import { textColumns } from '../../src/base/columns.ts';
import type { WholeReport } from './whole.ts';

/** What torch_peer.py writes: milliseconds by the names of whole.ts and storage. */
export interface PeerReport {
  readonly version: string;
  readonly device: string;
  readonly times: readonly { readonly name: string; readonly storage: string; readonly ms: number }[];
}

/** The table, and what it takes for the device's best. */
export interface Summary {
  readonly table: string;
  /** Multiplications and additions, 10¹² a second. */
  readonly peak: number;
  /** 10⁹ bytes a second. */
  readonly bandwidth: number;
}

/** @param peak of the data sheet; null for what the registers do by themselves */
export function summary({ ceilings, times }: WholeReport, peer: PeerReport | null, peak: number | null): Summary {
  const best = peak ?? ceilings.gflops / 1e3;
  const rows = times.map(({ name, storage, ms, flops }) => {
    const rate = flops / ms / 1e9;
    const other = peer?.times.find((one) => one.name === name && one.storage === storage);
    const beside = other ? [other.ms.toFixed(2), `× ${(other.ms / ms).toFixed(2)}`] : ['', ''];
    return [name, storage, ms.toFixed(2), rate.toPrecision(3), `${((100 * rate) / best).toFixed(0)} %`, ...beside];
  });
  const head = ['what', 'weights', 'ms', 'TFLOP/s', 'of peak', peer ? `PyTorch ${peer.version}` : '', 'as fast'];
  const table = textColumns([head, ...rows], 'llr');
  return {
    table: `${table}\npeak ${best.toPrecision(3)} TFLOP/s, copies ${ceilings.gbps.toPrecision(3)} GB/s`,
    peak: best,
    bandwidth: ceilings.gbps,
  };
}
