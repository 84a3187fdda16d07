import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { sha256 } from '../base/sha256.ts';
import { openSafetensors, type SafetensorsFile, writeSafetensors } from '../clip/index.ts';

/**
 * `format` in the metadata of a file with a checksum. It says that there has to be one: a bit that flips in the name
 * `checksum` must not make an old file of it.
 */
export const SEALED = 'fusionclip-2';

/** Where the checksum is to stand while it is computed. */
const EMPTY = '0'.repeat(64);

/** A whole safetensors file whose metadata hold the SHA-256 of all its bytes, those of the checksum itself taken as zeros. */
export async function sealedSafetensors(
  tensors: Parameters<typeof writeSafetensors>[0],
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = writeSafetensors(tensors, { ...metadata, format: SEALED, checksum: EMPTY });
  const place = placeOf(bytes, EMPTY)!;
  place.set(ascii(await sha256(bytes)));
  return bytes;
}

/**
 * Opens a file that {@link sealedSafetensors} made, or an older one without a checksum; `sealed` tells which.
 * @throws FusionclipError `io` when it is not there, `bad_model` when a bit of it is not as it was written
 */
export async function openSealed(fs: FileSystem, path: string): Promise<{ file: SafetensorsFile; sealed: boolean }> {
  if (!(await fs.stat(path))) throw new FusionclipError('io', `There is no file ${path}; check the path.`);
  const bytes = (await fs.readFile(path)).slice(); // some keep what they give, and the checksum is taken out below
  const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
  let file: SafetensorsFile;
  try {
    file = await openSafetensors({ name: path, size: bytes.length, read });
  } catch (cause) {
    if (isText(bytes)) {
      const text = `${path} is a text, and no weights of a run; give the folder of the run, or its checkpoint/adapters.safetensors.`;
      throw new FusionclipError('bad_model', text, { cause });
    }
    if (indexOf(bytes, ascii('fusionclip')) >= 0) throw damaged(path, cause);
    const text = `${path} was not written by fusionclip train, or little of it is left (${bytes.length} bytes); take a copy of it, or train again.`;
    throw new FusionclipError('bad_model', text, { cause });
  }
  const checksum = file.metadata.get('checksum');
  const sealed = checksum !== undefined || file.metadata.get('format') === SEALED;
  if (!sealed) return { file, sealed };
  const place = checksum?.length === EMPTY.length ? placeOf(bytes, checksum) : null;
  if (!place) throw damaged(path);
  place.set(ascii(EMPTY));
  if ((await sha256(bytes)) !== checksum) throw damaged(path);
  return { file, sealed };
}

/** The bytes of a file that the checksum in its header takes. */
function placeOf(bytes: Uint8Array, checksum: string): Uint8Array | null {
  const text = ascii(`"checksum":"${checksum}"`);
  // The header comes first, so nothing in a tensor is taken for it.
  const at = indexOf(bytes, text);
  return at < 0 ? null : bytes.subarray(at + text.length - checksum.length - 1, at + text.length - 1);
}

/** Weights begin with the length of their header, whose last bytes are 0. */
function isText(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && bytes.subarray(0, 8).every((byte) => byte >= 32 || byte === 10 || byte === 13);
}

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = bytes.indexOf(part[0]); at >= 0; at = bytes.indexOf(part[0], at + 1)) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function damaged(path: string, cause?: unknown): FusionclipError {
  const text = `${path} is damaged: its bytes are not those that were written; take a copy of it, or train again.`;
  return new FusionclipError('bad_model', text, { cause });
}
