/** Where the texels of a binding lie in the bytes of its view: rows of four numbers (16 bytes) each. */
export interface TexelLayout {
  /** Of the first texel, in bytes from the start of the view: a multiple of 16. */
  readonly offset: number;
  /** Bytes from one row to the next: a multiple of 256. */
  readonly stride: number;
  /** Texels of a row. */
  readonly columns: number;
  readonly rows: number;
  /** The last dispatch copied the same for this binding, and nothing was written since: the texture holds it. */
  readonly held?: boolean;
}

/** Texels of a row, and rows, that a texture has room for on every device. */
export const MOST_TEXELS = 8192 - 8;
/** How shaders declare such a binding; f32 and pairs of halves are told apart by `bitcast`. */
export const TEXEL_FORMAT = 'rgba32uint' as const;
const TEXEL_BYTES = 16;
/**
 * Rows of 4096 bytes would all fall into the same lines of a processor's first cache: on lavapipe products were a tenth
 * slower without these unused texels at the end of each.
 */
const APART = 4;
/** Textures have room for a multiple of so many rows, lest each batch a little larger than the last makes another one. */
const ROWS = 512;
/** COPY_DST and STORAGE_BINDING, as numbers like those of memory.ts. */
const USAGE = 0x02 | 0x08;

/** lavapipe compiles a kernel anew for textures with a side that is a power of two: none has. */
function uneven(side: number): number {
  return (side & (side - 1)) === 0 ? side + 1 : side;
}

/** A texture that dispatches fill one after the other. */
export interface TexelTexture {
  readonly id: number;
  readonly rows: number;
  readonly bytes: number;
  readonly raw: GPUTexture;
  readonly view: GPUTextureView;
  /** How many recordings will fill it again. */
  holders: number;
}

/** The place of a view, as memory.ts and programs.ts have it. */
interface View {
  readonly buffer: { readonly raw: GPUBuffer };
  readonly offset: number;
}

/** A copy of texels from a buffer, before the dispatch that reads them. */
export interface TexelCopy {
  readonly binding: string;
  readonly from: GPUBuffer;
  /** Bytes from the start of the buffer. */
  readonly offset: number;
  readonly layout: TexelLayout;
  readonly to: TexelTexture;
}

/** `settle` is told, at once or later, whether there was room. */
type CreateTexture = (descriptor: GPUTextureDescriptor, settle: (made: boolean) => void) => GPUTexture;

/** Puts copies into a stream, between passes. */
export function copyTexels(encoder: GPUCommandEncoder, copies: readonly TexelCopy[]): void {
  for (const { from, offset, layout, to } of copies) {
    const { stride, columns, rows, held } = layout;
    if (held) continue;
    encoder.copyBufferToTexture({ buffer: from, offset, bytesPerRow: stride }, { texture: to.raw }, [columns, rows]);
  }
}

/**
 * Textures that bindings are copied to, one for each width and place: commands run in order, so the next dispatch may
 * overwrite what the last one read. What lies beyond the rows and columns of a copy is left from earlier ones.
 */
export class TexelCache {
  readonly #create: CreateTexture;
  readonly #reserve: (bytes: number) => void;
  readonly #textures = new Map<string, TexelTexture>();
  /** In place of which others are used, and which recorded or waiting commands may still name. */
  readonly #old = new Set<TexelTexture>();
  #nextId = 1;

  /** @param reserve is told of bytes that are taken, and (less than 0) given back */
  constructor(create: CreateTexture, reserve: (bytes: number) => void) {
    this.#create = create;
    this.#reserve = reserve;
  }

  /** What a dispatch has copied, for its bindings by name, of which no two share a texture. */
  copies(
    layouts: Readonly<Record<string, TexelLayout | undefined>>,
    views: Readonly<Record<string, View>>,
  ): TexelCopy[] {
    return Object.entries(layouts).flatMap(([binding, layout]) => {
      if (!layout) return [];
      const { buffer, offset } = views[binding];
      return [
        { binding, from: buffer.raw, offset: offset + layout.offset, layout, to: this.#texture(binding, layout) },
      ];
    });
  }

  #texture(binding: string, { columns, rows }: TexelLayout): TexelTexture {
    const key = `${binding}:${columns}`;
    const known = this.#textures.get(key);
    if (known && known.rows >= rows) return known;
    if (known) this.#retire(known, key);
    const room = Math.min(Math.ceil(rows / ROWS) * ROWS, MOST_TEXELS);
    const [width, height] = [uneven(columns + APART), uneven(room)];
    const descriptor = { label: key, format: TEXEL_FORMAT, usage: USAGE, size: [width, height] };
    const raw = this.#create(descriptor, (made) => {
      if (!made) this.#retire(texture, key);
    });
    const bytes = TEXEL_BYTES * width * height;
    this.#reserve(bytes);
    const texture = { id: this.#nextId++, rows: room, bytes, raw, view: raw.createView(), holders: 0 };
    this.#textures.set(key, texture);
    return texture;
  }

  #retire(texture: TexelTexture, key: string): void {
    if (this.#textures.get(key) === texture) this.#textures.delete(key);
    this.#old.add(texture);
  }

  /** Destroys those that others took the place of, but for what recordings hold. No command that uses them may be waiting. */
  sweep(): void {
    for (const texture of this.#old) {
      if (texture.holders > 0) continue;
      texture.raw.destroy();
      this.#reserve(-texture.bytes);
      this.#old.delete(texture);
    }
  }

  /** {@link sweep} of all. */
  clear(): void {
    for (const texture of this.#textures.values()) this.#old.add(texture);
    this.#textures.clear();
    this.sweep();
  }
}
