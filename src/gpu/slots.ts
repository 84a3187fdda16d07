import type { Work } from './work.ts';

/** STORAGE, COPY_SRC and COPY_DST; as numbers, since counting works where WebGPU's globals are not set. */
const USAGE = 0x80 | 0x04 | 0x08;

/** What memory needs of a device. */
export interface MemorySource {
  readonly limits: Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'>;
  /** @param settle is told, at once or later, whether there was room */
  createBuffer(descriptor: GPUBufferDescriptor, settle: (made: boolean) => void): GPUBuffer;
}

/** A buffer of the device, which one owner after the other has. */
export interface Slot {
  readonly id: number;
  /** Where it goes back to. */
  readonly home: Slots;
  readonly raw: GPUBuffer;
  /** Number of the last batch of commands that used it; see `Gpu.write`. */
  lastBatch: number;
  /** Until the device has said whether there was room: the work that asked for it, which alone may go on with it. */
  asked: Work | null;
  /** There was no room: no one gets it any more. */
  isVoid: boolean;
}

/**
 * Memory set aside for work that runs again and again on the same buffers (recording.ts): what is released inside is used
 * again inside, and by nobody else until the arena is closed.
 */
export class Arena {
  readonly free = new Map<number, Slot[]>();
  closed = false;
}

/**
 * Buffers by size, to be used again. Inside one command stream that is safe because commands run in order, so a buffer may
 * have another owner before the GPU has finished with it.
 */
export class Slots {
  readonly #device: MemorySource;
  readonly #free = new Map<number, Slot[]>();
  #nextId = 1;
  /** Bytes of all that were made and not taken out. */
  bytes = 0;

  constructor(device: MemorySource) {
    this.#device = device;
  }

  /** One that was given back, or a new one. */
  take(size: number, arena: Arena | null, work: Work): Slot {
    return last(arena?.free.get(size), work) ?? last(this.#free.get(size), work) ?? this.#make(size, work);
  }

  #make(size: number, work: Work): Slot {
    const fate = { asked: work as Work | null, isVoid: false };
    const raw = this.#device.createBuffer({ size, usage: USAGE }, (made) => {
      fate.asked = null;
      fate.isVoid = !made;
    });
    this.bytes += size;
    return Object.assign(fate, { id: this.#nextId++, home: this, raw, lastBatch: -1 });
  }

  /** @param arena where it goes, while that is open */
  giveBack(slot: Slot, arena: Arena | null): void {
    const free = arena && !arena.closed ? arena.free : this.#free;
    const list = free.get(slot.raw.size);
    if (list) list.push(slot);
    else free.set(slot.raw.size, [slot]);
  }

  /** Returns an arena's memory to all; what is still in use there follows when it is released. */
  close(arena: Arena): void {
    arena.closed = true;
    for (const slot of [...arena.free.values()].flat()) this.giveBack(slot, null);
    arena.free.clear();
  }

  /** Takes out every buffer that is free; the caller destroys them once no recorded command uses them. */
  takeFree(): GPUBuffer[] {
    const all = [...this.#free.values()].flat().map(({ raw }) => raw);
    this.#free.clear();
    for (const { size } of all) this.bytes -= size;
    return all;
  }
}

/** Takes the last of a list that this work may have. */
function last(list: Slot[] | undefined, work: Work): Slot | undefined {
  const at = list?.findLastIndex(({ asked, isVoid }) => !isVoid && (asked === null || asked === work)) ?? -1;
  return at < 0 ? undefined : list?.splice(at, 1)[0];
}
