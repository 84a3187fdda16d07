import type { FileSystem } from '../base/file_system.ts';
import type { InspectedSets } from '../data/layout/inspected.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Environment } from '../run/environment.ts';
import type { RunListener } from '../run/events.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { AnyBackbone } from './backbone.ts';
import { Detector } from './detector.ts';
import type { SharedFeatures } from './shared_features.ts';

/** What every kind of run needs. */
export interface RunContext {
  readonly fs: FileSystem;
  readonly gpu: Gpu;
  /** Opens a device in place of one that was lost; see `onDevice`. Without it a lost device ends the run. */
  readonly renewGpu?: (lost: Gpu) => Promise<Gpu>;
  readonly environment: Environment;
  readonly onEvent?: RunListener;
  /** Stops the run; training saves a checkpoint first. */
  readonly signal?: AbortSignal;
  /** Keeps what is known of data sets for other runs on them. */
  readonly inspected?: InspectedSets;
  /** Keeps features of the test images for other runs on the same data set and model. */
  readonly features?: SharedFeatures;
}

/**
 * A detector with the settings, and the initial weights, of a run.
 * @throws what the signal was fired with
 */
export async function openDetector(
  { gpu, onEvent, features, signal }: Pick<RunContext, 'gpu' | 'onEvent' | 'features' | 'signal'>,
  header: RunConfig,
  backbone: AnyBackbone,
): Promise<Detector> {
  signal?.throwIfAborted();
  const { fusion: options, kind, object, train, data, grey } = header;
  const shared = features ? { features, data: data.path } : null;
  const { seed } = train;
  const detector = await Detector.open({ gpu, backbone, options, kind, object, seed, grey, shared, signal });
  onEvent?.({ type: 'note', text: String(detector.storage) });
  return detector;
}
