import { FusionclipError } from '../base/errors.ts';
import { type OptionTable, toggle } from '../base/option.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import { Gpu } from '../gpu/gpu.ts';
import { formatProfile } from '../gpu/profiler.ts';
import type { Host } from '../host/host.ts';
import type { TrainContext } from '../train/train_run.ts';
import { type Call, flagValues } from './command.ts';
import { type LogOptions, Reporter } from './reporter.ts';
import { readTuning } from './tuning.ts';

/** Flags of every command that computes on the GPU. */
export const GPU_FLAGS = {
  profile: toggle(false, 'time of every kernel, as a table on standard error'),
} satisfies OptionTable;

/** What a command that uses the GPU works with. */
export interface Session extends TrainContext {
  readonly renewGpu: (lost: Gpu) => Promise<Gpu>;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/**
 * Opens the GPU (and another one when its device is lost), says on standard error which adapter it is, turns Ctrl-C into the context's signal, runs `body`, and
 * closes everything.
 * @throws FusionclipError `no_adapter`, and what `body` throws
 */
export async function withGpu<T>(call: Call, body: (session: Session) => Promise<T>, log: LogOptions = {}): Promise<T> {
  const { host } = call;
  const { profile } = flagValues(GPU_FLAGS, call);
  const reporter = new Reporter(host, log);
  const open = async () => {
    const opened = await Gpu.create(await host.gpu(), { profile });
    opened.tuning = await readTuning(host, opened.facts);
    return opened;
  };
  let gpu = await open();
  const renewGpu = async (lost: Gpu) => {
    if (lost !== gpu) return gpu;
    void gpu.destroy();
    gpu = await open();
    return gpu;
  };
  const { runtime, version } = host;
  reporter.say(`fusionclip: ${describeAdapter(gpu.facts)}; ${runtime} ${version}`);
  if (profile && !gpu.profiler) reporter.say('fusionclip: this adapter has no timestamps, so there is no profile.');
  const { signal, undo } = interruptSignal(host, reporter, 'Interrupted; nothing was left half written.');
  const environment = { runtime, version };
  // What tells of its progress can be stopped there, whether it looks at the signal or not.
  const onEvent: Session['onEvent'] = (event) => {
    reporter.listen(event);
    if (event.type === 'stage') signal.throwIfAborted();
  };
  const undoBeat = reporter.beat();
  try {
    const result = await body({ fs: host, gpu, renewGpu, environment, onEvent, signal, reporter });
    reporter.clear();
    if (gpu.profiler) host.stderr(`${formatProfile(await gpu.profiler.report())}\n`);
    return result;
  } finally {
    undoBeat();
    reporter.clear();
    undo();
    await (signal.aborted ? Promise.race([gpu.destroy(), rest()]) : gpu.destroy());
  }
}

/** Milliseconds that the GPU has after a stop for what it was given before: whoever sends SIGTERM does not wait long. */
const REST = 200;
const rest = () => new Promise((resolve) => setTimeout(resolve, REST));

/** A signal that Ctrl-C fires, with the sentence that the program ends with; `undo` gives Ctrl-C its old meaning. */
export function interruptSignal(
  host: Host,
  reporter: Reporter,
  sentence: string,
): { readonly signal: AbortSignal; readonly undo: () => void } {
  const control = new AbortController();
  const undo = host.onInterrupt(() => {
    control.abort(new FusionclipError('interrupted', sentence));
    reporter.say('fusionclip: stopping …');
  });
  return { signal: control.signal, undo };
}
