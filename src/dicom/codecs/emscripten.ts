/** A decoder as Cornerstone's codecs have it: the input is written into its memory, the output read from there. */
export interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned?: boolean };
  delete(): void;
}

interface Build {
  readonly create: (options: object) => Promise<unknown>;
  /** Base 64, or null in a build of JavaScript alone. */
  readonly wasm: string | null;
}

/** A codec of WebAssembly; its module is loaded when the first frame needs it. */
export class WasmCodec<D extends WasmDecoder> {
  private module: Promise<Record<string, new () => D>> | null = null;

  private readonly decoder: string;
  private readonly wasmBuild: () => Promise<Build>;
  private readonly jsBuild: () => Promise<Build>;

  /**
   * @param decoder the name of its class
   * @param builds WebAssembly, and JavaScript for pages whose policy refuses that
   */
  constructor(decoder: string, wasmBuild: () => Promise<Build>, jsBuild: () => Promise<Build>) {
    this.decoder = decoder;
    this.wasmBuild = wasmBuild;
    this.jsBuild = jsBuild;
  }

  /**
   * Decodes a stream; `take` reads what it needs of the decoder before that is gone.
   * Throws an `Error` where the codec gives up; its memory, which may be in any state then, is given up with it.
   */
  async run<T>(bytes: Uint8Array, take: (decoder: D, output: Uint8Array) => T): Promise<T> {
    this.module ??= this.load();
    const module = await this.module;
    try {
      const decoder = new module[this.decoder]();
      try {
        decoder.getEncodedBuffer(bytes.length).set(bytes);
        decoder.decode();
        return take(decoder, decoder.getDecodedBuffer());
      } finally {
        decoder.delete();
      }
    } catch (cause) {
      this.module = null;
      throw new Error('its codec cannot make a picture of a frame', { cause });
    }
  }

  private async load(): Promise<Record<string, new () => D>> {
    const quiet = { print: () => {}, printErr: () => {} };
    try {
      const { create, wasm } = await this.wasmBuild();
      const wasmBinary = Uint8Array.from(atob(wasm ?? ''), (character) => character.charCodeAt(0));
      // Asked for first, since the build itself would say why in the console.
      await WebAssembly.compile(wasmBinary);
      return (await create({ ...quiet, wasmBinary })) as Record<string, new () => D>;
    } catch {
      return (await (await this.jsBuild()).create(quiet)) as Record<string, new () => D>;
    }
  }
}
