import { textColumns } from '../../src/base/columns.ts';
import type { PeerResult, PeerTime } from './compare.ts';

/** The lines of one piece of work: a line a library. */
export function formatResult(result: PeerResult): string[] {
  const own = result.times[0].medianMs;
  return [
    line(result.name, 'ms', 'GFLOP/s', 'GB/s', 'of ours', 'error'),
    ...result.times.map((t) => row(result, t, own)),
  ];
}

function row({ flops, bytes }: PeerResult, time: PeerTime, own: number | null): string {
  if (time.medianMs === null) return `  ${time.peer}: not timed: ${time.failure}`;
  const rates = [flops, bytes].map((amount) => (amount / time.medianMs! / 1e6).toFixed(1));
  const times = own === null ? '' : `× ${(time.medianMs / own).toFixed(2)}`;
  return line(`  ${time.peer}`, time.medianMs.toFixed(2), ...rates, times, time.error!.toExponential(1));
}

/** This project against the best of the others, and the goals. */
export function formatSummary(results: readonly PeerResult[]): string[] {
  return [
    line('against the best peer', 'ratio', 'goal', ''),
    ...results.map(({ name, ratio, target }) =>
      line(
        name,
        ratio === null ? '–' : `× ${ratio.toFixed(2)}`,
        target === null ? '–' : `× ${target}`,
        target === null ? '' : ratio !== null && ratio >= target ? 'reached' : 'missed',
      ),
    ),
  ];
}

function line(name: string, ...columns: string[]): string {
  return textColumns([[name, ...columns]], 'lr', [32, 9]);
}
