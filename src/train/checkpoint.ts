import type { FileSystem } from '../base/file_system.ts';
import { floats, openTensorFile, readAll, restoreTensors, stored, writeTensorFile } from '../detect/tensor_file.ts';
import type { GpuArray } from '../gpu/array.ts';
import type { Parameter } from '../nn/index.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { RunState } from '../run/run_state.ts';
import { STORED_STATE } from '../run/stored.ts';
import type { Trainer } from './trainer.ts';

/** Writes everything that training needs to go on with the same bits: weights, moments and the state of the run. */
export async function saveCheckpoint(
  fs: FileSystem,
  path: string,
  header: RunConfig,
  trainer: Trainer,
  state: RunState,
): Promise<void> {
  const tensors = new Map<string, GpuArray>(trainer.detector.method.parameters.map((p) => [p.name, p.value]));
  for (const [name, moments] of trainer.adam.state()) tensors.set(name, moments);
  await writeTensorFile(fs, path, { what: 'checkpoint', header }, await readAll(tensors, path), {
    state: JSON.stringify(state),
  });
}

/**
 * Puts a checkpoint's weights, moments and step into a trainer of the same settings.
 * @throws FusionclipError `bad_model` when the file is damaged or belongs to other settings
 */
export async function loadCheckpoint(fs: FileSystem, path: string, trainer: Trainer): Promise<RunState> {
  const { tensors, metadata } = await openTensorFile(fs, path, 'checkpoint');
  const state = stored(STORED_STATE, metadata.get('state'), path);
  const targets = new Map<string, GpuArray>(trainer.detector.method.parameters.map((p) => [p.name, p.value]));
  for (const [name, moments] of trainer.adam.state()) targets.set(name, moments);
  restoreTensors(path, targets, floats(tensors));
  trainer.resumeAt(state.step);
  return state;
}

/** Reads only the state of a checkpoint. Throws as {@link loadCheckpoint}. */
export async function readState(fs: FileSystem, path: string): Promise<RunState> {
  return stored(STORED_STATE, (await openTensorFile(fs, path, 'checkpoint')).metadata.get('state'), path);
}

/** Writes the weights alone. */
export async function saveWeights(
  fs: FileSystem,
  path: string,
  header: RunConfig,
  parameters: readonly Parameter[],
): Promise<void> {
  const tensors = new Map(parameters.map((p) => [p.name, p.value]));
  await writeTensorFile(fs, path, { what: 'weights', header }, await readAll(tensors, path), {});
}

/** Reads weights that were written by {@link saveWeights} into parameters. Throws `bad_model`. */
export async function loadWeights(fs: FileSystem, path: string, parameters: readonly Parameter[]): Promise<void> {
  const { tensors } = await openTensorFile(fs, path, 'weights');
  restoreTensors(path, new Map(parameters.map((p) => [p.name, p.value])), floats(tensors));
}

/** Makes sure that weights are there and whole. Throws `io`, `bad_model`. */
export async function checkWeights(fs: FileSystem, path: string): Promise<void> {
  await openTensorFile(fs, path, 'weights');
}
