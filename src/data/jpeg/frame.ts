/** One colour of a JPEG at its own size, as blocks of 8×8 samples. */
export interface Component {
  readonly id: number;
  /** Blocks of it in a unit of an interleaved scan, along each axis. */
  readonly across: number;
  readonly down: number;
  /** Samples that are part of the picture. */
  readonly width: number;
  readonly height: number;
  /** Blocks of a row in memory, whose last units may reach past the picture. */
  readonly columns: number;
  /** `8 columns` to a row. */
  readonly samples: Uint8ClampedArray<ArrayBuffer>;
  /** Of a progressive picture, whose blocks come in several scans: 64 numbers to a block. */
  readonly coefficients: Int16Array | null;
  /** Which quantization table it uses, and the table once its first scan has begun. */
  readonly tableAt: number;
  table: Int32Array | null;
}

/** The picture that scans fill. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  /** Units of interleaved scans. */
  readonly unitsAcross: number;
  readonly unitsDown: number;
  /** The most blocks to a unit that a component has. */
  readonly mostAcross: number;
  readonly mostDown: number;
  readonly components: readonly Component[];
}

/** The frame that a checked frame header describes, with memory for it. @param data the segment behind its length */
export function frameOf(data: Uint8Array, progressive: boolean): Frame {
  const height = (data[1] << 8) | data[2];
  const width = (data[3] << 8) | data[4];
  const parts = Array.from({ length: data[5] }, (_, i) => data.subarray(6 + 3 * i, 9 + 3 * i));
  const mostAcross = Math.max(...parts.map((part) => part[1] >> 4));
  const mostDown = Math.max(...parts.map((part) => part[1] & 15));
  const unitsAcross = Math.ceil(width / (8 * mostAcross));
  const unitsDown = Math.ceil(height / (8 * mostDown));
  const components = parts.map(([id, sampling, tableAt]): Component => {
    const [across, down] = [sampling >> 4, sampling & 15];
    const columns = unitsAcross * across;
    const size = columns * unitsDown * down * 64;
    return {
      ...{ id, across, down, columns, tableAt, table: null },
      width: Math.ceil((width * across) / mostAcross),
      height: Math.ceil((height * down) / mostDown),
      samples: new Uint8ClampedArray(size),
      coefficients: progressive ? new Int16Array(size) : null,
    };
  });
  return { width, height, progressive, unitsAcross, unitsDown, mostAcross, mostDown, components };
}
