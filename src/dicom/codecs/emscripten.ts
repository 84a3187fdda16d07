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

type Classes<D> = Record<string, new () => D>;

/** Frames that a codec may fail at before its memory, where each leaves something behind, is given up. */
const MOST_FAILURES = 50;

/** A codec of WebAssembly; its module is loaded when the first frame needs it. */
export class WasmCodec<D extends WasmDecoder> {
  private readonly decoder: string;
  private readonly wasmBuild: () => Promise<Build>;
  private readonly jsBuild: () => Promise<Build>;
  /** Makes another instance. */
  private make: Promise<() => Promise<Classes<D>>> | null = null;
  private classes: Classes<D> | null = null;
  private failures = 0;

  /**
   * @param decoder the name of its class
   * @param wasmBuild WebAssembly
   * @param jsBuild JavaScript alone, for pages whose policy refuses that
   */
  constructor(decoder: string, wasmBuild: () => Promise<Build>, jsBuild: () => Promise<Build>) {
    this.decoder = decoder;
    this.wasmBuild = wasmBuild;
    this.jsBuild = jsBuild;
  }

  /**
   * Decodes a stream; `take` reads what it needs of the decoder before that is gone.
   * Throws an `Error` where the codec gives up; after a trap its memory, which may be in any state, is given up with it.
   */
  async run<T>(bytes: Uint8Array, take: (decoder: D, output: Uint8Array) => T): Promise<T> {
    this.make ??= loaded<D>(this.wasmBuild, this.jsBuild);
    this.classes ??= await (await this.make)();
    try {
      const decoder = new this.classes[this.decoder]();
      try {
        decoder.getEncodedBuffer(bytes.length).set(bytes);
        decoder.decode();
        return take(decoder, decoder.getDecodedBuffer());
      } finally {
        decoder.delete();
      }
    } catch (cause) {
      this.failures++;
      if (cause instanceof WebAssembly.RuntimeError || this.failures > MOST_FAILURES) {
        this.classes = null;
        this.failures = 0;
      }
      throw new Error('its codec cannot make a picture of a frame', { cause });
    }
  }
}

/** What makes instances of a codec: of WebAssembly where that is let in, compiled once. */
async function loaded<D>(
  wasmBuild: () => Promise<Build>,
  jsBuild: () => Promise<Build>,
): Promise<() => Promise<Classes<D>>> {
  const quiet = { print: () => {}, printErr: () => {} };
  try {
    const { create, wasm } = await wasmBuild();
    const wasmBinary = Uint8Array.from(atob(wasm ?? ''), (character) => character.charCodeAt(0));
    const module = await WebAssembly.compile(wasmBinary);
    const instantiateWasm = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
      void WebAssembly.instantiate(module, imports).then(done);
      return {};
    };
    return async () => (await create({ ...quiet, wasmBinary, instantiateWasm })) as Classes<D>;
  } catch {
    const { create } = await jsBuild();
    return async () => (await create(quiet)) as Classes<D>;
  }
}
