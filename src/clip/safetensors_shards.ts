import * as v from 'valibot';
import type { FileSystem } from '../base/file_system.ts';
import { isObject, parseJson } from '../base/json.ts';
import { openSafetensors, type SafetensorsFile } from './safetensors.ts';
import { badModel, quote, type TensorInfo } from './safetensors_header.ts';

/** What the index of a model in several files is called. */
export const SHARD_INDEX = /\.safetensors\.index\.json$/;

/** Bytes that an index may have; that of a model with a million tensors is smaller. */
const MAX_INDEX_BYTES = 100_000_000;

/** Opens one safetensors file of a file system. Throws `bad_model`, `io`. */
export async function openWeightsFile(fs: FileSystem, file: string): Promise<SafetensorsFile> {
  const size = (await fs.stat(file))?.bytes ?? 0;
  return openSafetensors({ name: file, size, read: (offset, length) => fs.readRange(file, offset, length) });
}

/**
 * Opens a model that is split over several files by its index (`model.safetensors.index.json`): all of them are opened,
 * and together they must hold the tensors that the index lists, each where it says.
 *
 * @param index path of the index; the files lie beside it
 * @throws FusionclipError `bad_model`, `io`
 */
export async function openShards(fs: FileSystem, index: string): Promise<SafetensorsFile> {
  const places = await readIndex(fs, index);
  const folder = index.slice(0, index.lastIndexOf('/') + 1);
  const tensors = new Map<string, TensorInfo>();
  const metadata = new Map<string, string>();
  const owners = new Map<string, SafetensorsFile>();
  for (const name of new Set(places.values())) {
    const file = folder + name;
    if ((await fs.stat(file))?.kind !== 'file') {
      throw badModel(index, `it names ${quote(name)}, which is not beside it`, 'download all files of the model');
    }
    const shard = await openWeightsFile(fs, file);
    for (const [tensor, info] of shard.tensors) {
      if (places.get(tensor) !== name) throw badModel(file, `the index does not place tensor ${quote(tensor)} there`);
      tensors.set(tensor, info);
      owners.set(tensor, shard);
    }
    for (const [key, value] of shard.metadata) metadata.set(key, value);
  }
  for (const [tensor, name] of places) {
    if (!owners.has(tensor)) throw badModel(folder + name, `it lacks tensor ${quote(tensor)} of the index`);
  }
  const ownerOf = (tensor: string): SafetensorsFile => {
    const shard = owners.get(tensor);
    if (!shard) throw badModel(index, `it has no tensor ${quote(tensor)}`, 'choose another model file');
    return shard;
  };
  return {
    name: index,
    tensors,
    metadata,
    read: async (tensor) => ownerOf(tensor).read(tensor),
    readRange: async (tensor, start, length) => ownerOf(tensor).readRange(tensor, start, length),
  };
}

/** Tensors may have any name. */
const INDEX = v.object({ weight_map: v.custom<Record<string, unknown>>(isObject, 'an object') });

/** File name by tensor. */
async function readIndex(fs: FileSystem, index: string): Promise<Map<string, string>> {
  const size = (await fs.stat(index))?.bytes ?? 0;
  if (size > MAX_INDEX_BYTES) throw badModel(index, `an index of ${size} bytes is none`);
  const bytes = await fs.readFile(index);
  let map: Record<string, unknown>;
  try {
    map = parseJson(INDEX, new TextDecoder('utf-8', { fatal: true }).decode(bytes)).weight_map;
  } catch (cause) {
    const broken = cause instanceof SyntaxError || cause instanceof TypeError;
    throw badModel(index, `it ${broken ? 'is no JSON' : (cause as Error).message}`);
  }
  const places = new Map<string, string>();
  for (const [tensor, name] of Object.entries(map)) {
    // Only a plain name: an index must not lead to other folders.
    if (typeof name !== 'string' || !/^[^/\\]+\.safetensors$/.test(name)) {
      throw badModel(index, `it places tensor ${quote(tensor)} in ${quote(String(name))}, which is no file beside it`);
    }
    places.set(tensor, name);
  }
  return places;
}
