import { FusionclipError } from '../base/errors.ts';
import { type Input, inputLine } from './input.ts';

/** How many images a shard has. */
export interface ShardSize {
  /** A shard is cut off when it has so many; the last one, and one before a patient who does not fit, may have less. */
  readonly least: number;
  /** No shard has more, unless they are one patient's. */
  readonly most: number;
}

/** Of a shard, where nothing else is said. */
export const SHARD_SIZE: ShardSize = { least: 256, most: 1000 };

/** Images that one patient may have: more of them come of a wrong rule. */
const MOST_OF_PATIENT = 50_000;

/** Some inputs that are done together. */
export interface CutShard {
  /** The lines of the inputs with their ends. */
  readonly text: string;
  readonly inputs: number;
  readonly images: number;
}

/**
 * Cuts inputs, in order, into shards, patients whole. Where it cuts depends on the patients around alone, so that a later plan of
 * more inputs has most shards in common with an earlier one.
 */
export class ShardCutter {
  readonly #size: ShardSize;
  /** A shard that may be cut is, where the hash of the next patient is below this for each image of the last one. */
  readonly #bound: number;
  #shard: string[] = [];
  #images = 0;
  #patient: string[] = [];
  #patientImages = 0;
  #key: string | null = null;

  constructor(size: ShardSize = SHARD_SIZE) {
    this.#size = size;
    this.#bound = 2 ** 32 / Math.max(1, (size.most - size.least) / 3);
  }

  /** Takes the next input; gives the shard that it ends, or null. @throws FusionclipError `bad_data` for a patient of too many images */
  add(line: string, input: Input): CutShard | null {
    // Whoever is of no patient is one by itself; a path is none's name.
    const key = input.patient === '' ? `\t${input.path}` : input.patient;
    const ended = key === this.#key ? null : this.#next(key);
    this.#patient.push(line);
    this.#patientImages += input.images;
    if (this.#patientImages > MOST_OF_PATIENT && this.#patient.length > 1) {
      const text = `Patient "${input.patient}" has more than ${MOST_OF_PATIENT} images, which comes of a wrong --group; give another rule.`;
      throw new FusionclipError('bad_data', text);
    }
    return ended;
  }

  /** The shards that are left. */
  end(): CutShard[] {
    const before = this.#next('\t');
    const last = this.#cut();
    return [before, last].filter((one) => one !== null);
  }

  /** Puts the patient who has ended into a shard. */
  #next(key: string): CutShard | null {
    let ended: CutShard | null = null;
    const { least, most } = this.#size;
    if (this.#images > 0 && this.#images + this.#patientImages > most) ended = this.#cut();
    this.#shard.push(...this.#patient);
    this.#images += this.#patientImages;
    const bound = this.#bound * this.#patientImages;
    this.#patient = [];
    this.#patientImages = 0;
    this.#key = key;
    if (ended === null && (this.#images >= most || (this.#images >= least && hash(key) < bound))) ended = this.#cut();
    return ended;
  }

  #cut(): CutShard | null {
    if (this.#shard.length === 0) return null;
    const shard = { text: `${this.#shard.join('\n')}\n`, inputs: this.#shard.length, images: this.#images };
    this.#shard = [];
    this.#images = 0;
    return shard;
  }
}

/** FNV-1a with a last mixing, of 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Cuts a list, each its own shard: cells of a grid. */
export function oneEach(inputs: readonly Input[]): CutShard[] {
  return inputs.map((input) => ({ text: `${inputLine(input)}\n`, inputs: 1, images: input.images }));
}
