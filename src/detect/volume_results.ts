import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { baseName } from '../base/paths.ts';
import { heatPicture } from '../data/heat_picture.ts';
import type { Maker } from '../dicom/write/head.ts';
import { newUid } from '../dicom/write/items.ts';
import type { WrittenSegmentation } from '../dicom/write/segmentation.ts';
import type { SourceSeries } from '../dicom/write/source.ts';
import { methodTitle } from '../fusion/presets.ts';
import { DicomVolume } from '../volume/dicom_volume.ts';
import { greyImage } from '../volume/grey.ts';
import { sourceSeries } from '../volume/source_series.ts';
import type { VolumeToScore } from '../volume/to_score.ts';
import type { AdapterFile } from './adapters_file.ts';
import { adaptersPath } from './trained.ts';
import { volumeFile, writeVolumeMap } from './volume_maps.ts';

/** A word of `--write`. */
export type VolumeResult = 'nifti' | 'pm' | 'seg' | 'fractions' | 'sc' | 'sr';

/** What may be written of a volume; all but the first for DICOM series. */
export const VOLUME_RESULTS = {
  nifti: 'map and mask as NIfTI',
  pm: 'the map as a DICOM Parametric Map',
  seg: 'the finding as a DICOM segmentation',
  fractions: 'the same in fractions, one half at the threshold',
  sc: 'the slice where the map is highest, with the map over it, as a Secondary Capture',
  sr: 'a measurement report (TID 1500)',
} as const satisfies Record<VolumeResult, string>;

/** What is known of a volume's map. */
export interface MappedVolume {
  readonly one: VolumeToScore;
  /** The map on the grid of its files: [rows, columns] of slice `k`. */
  readonly mapOf: (k: number) => Float32Array<ArrayBuffer>;
  readonly score: number;
  readonly millilitres: number | null;
}

/** What results say of the detector that made them. */
export interface ResultsDetector {
  readonly file: Pick<AdapterFile, 'thresholds' | 'mapScale'> & {
    readonly header: Pick<AdapterFile['header'], 'fusion' | 'model'>;
  };
}

/** Writes what was asked for of volumes, one after the other. What cannot be written is known before anything is scored. */
export class VolumeResults {
  readonly #fs: FileSystem;
  readonly #out: string;
  readonly #kinds: ReadonlySet<VolumeResult>;
  readonly #sources: ReadonlyMap<VolumeToScore, SourceSeries>;
  readonly #trained: ResultsDetector;
  readonly #maker: Maker;

  private constructor(
    place: { readonly fs: FileSystem; readonly out: string },
    kinds: ReadonlySet<VolumeResult>,
    sources: ReadonlyMap<VolumeToScore, SourceSeries>,
    trained: ResultsDetector,
    maker: Maker,
  ) {
    this.#fs = place.fs;
    this.#out = place.out;
    this.#kinds = kinds;
    this.#sources = sources;
    this.#trained = trained;
    this.#maker = maker;
  }

  /**
   * @param adapters path of the run or of its adapters, which results name by their hash
   * @throws FusionclipError `usage` where what is asked for cannot be written, and as `sourceSeries`
   */
  static async open(
    fs: FileSystem,
    out: string,
    asked: readonly VolumeResult[],
    volumes: readonly VolumeToScore[],
    trained: ResultsDetector,
    adapters: string,
  ): Promise<VolumeResults> {
    const kinds = new Set(asked);
    const sources = new Map<VolumeToScore, SourceSeries>();
    const dicom = asked.filter((kind) => kind !== 'nifti');
    if (dicom.length > 0) {
      for (const one of volumes) {
        if (one.source instanceof DicomVolume) sources.set(one, await sourceSeries(fs, one.source));
      }
      if (sources.size === 0) {
        const text = `--write ${dicom.join(',')} refers to DICOM series, and none of the volumes is one; write nifti.`;
        throw new FusionclipError('usage', text);
      }
    }
    if (dicom.includes('pm') && volumes.some(({ source }) => !source.placed)) {
      const text =
        '--write pm: a DICOM Parametric Map lies in space (PS3.3 A.75), and these are images without a place; write seg, sc or sr.';
      throw new FusionclipError('usage', text);
    }
    const marks = dicom.filter((kind) => kind === 'seg' || kind === 'fractions');
    if (marks.length > 0 && trained.file.thresholds.pixel === null) {
      const text = `--write ${marks.join(',')} needs a threshold of the map, and this run has none: it saw no masks; leave it out.`;
      throw new FusionclipError('usage', text);
    }
    return new VolumeResults({ fs, out }, kinds, sources, trained, await makerOf(fs, trained, adapters));
  }

  /** What is left out of what was asked for, for people; '' for nothing. */
  get note(): string {
    const sources = [...this.#sources.keys()];
    const series = sources.filter(({ source }) => source.placed).length;
    const notes: string[] = [];
    if (series > 0) notes.push(`DICOM results are written of ${series} series; NIfTI files have none`);
    if (sources.length > series)
      notes.push(
        `DICOM results are written of ${sources.length - series} images; their maps are pictures in maps/, not NIfTI`,
      );
    return notes.join('\n');
  }

  /**
   * Writes the files of one volume: `volumes/NAME.nii.gz`, `NAME_mask.nii.gz`, `NAME.pm.dcm`, …
   * @returns the paths of those that are DICOM
   */
  async write({ one, mapOf, score, millilitres }: MappedVolume): Promise<string[]> {
    const written: string[] = [];
    const save = async (ending: string, bytes: Uint8Array) => {
      const path = this.#path(one, ending);
      await this.#fs.writeFile(path, bytes);
      written.push(path);
    };
    const { shape, affine } = one.source;
    const { thresholds } = this.#trained.file;
    const level = thresholds.pixel?.value ?? null;
    if (this.#kinds.has('nifti') && one.source.placed) {
      await writeVolumeMap(this.#fs, this.#out, one.file, { shape, affine }, mapOf, level);
    }
    const source = this.#sources.get(one);
    if (!source) return written;
    // DICOM results are of the pictures that there are, each of which says where it lies.
    const { missing } = one.source;
    const numbers = Array.from({ length: shape[2] }, (_, k) => k).filter((k) => !missing?.has(k));
    const size = shape[0] * shape[1];
    const map = new Float32Array(size * numbers.length);
    for (const [i, k] of numbers.entries()) map.set(mapOf(k), i * size);
    const maker = this.#maker;
    if (this.#kinds.has('pm')) {
      const { parametricMap } = await import('../dicom/write/parametric_map.ts');
      await save('.pm.dcm', parametricMap(source, map, maker));
    }
    let segments: WrittenSegmentation | null = null;
    for (const kind of ['fractions', 'seg'] as const) {
      if (level === null || !this.#kinds.has(kind)) continue;
      const { segmentation } = await import('../dicom/write/segmentation.ts');
      segments = segmentation(source, { map, level, fractional: kind === 'fractions' }, maker);
      await save(`.${kind}.dcm`, segments.bytes);
    }
    const slice = Math.floor(highest(map) / size);
    if (this.#kinds.has('sc')) {
      const { secondaryCapture } = await import('../dicom/write/secondary_capture.ts');
      await save(
        '.sc.dcm',
        secondaryCapture(source, await this.#picture(one, mapOf(numbers[slice]), numbers[slice]), slice, maker),
      );
    }
    if (this.#kinds.has('sr')) {
      const { report } = await import('../dicom/write/report.ts');
      const content = {
        ...{ score, millilitres, slice, segmentation: segments },
        scoreThreshold: thresholds.image?.value ?? null,
        mapThreshold: level,
      };
      await save('.sr.dcm', report(source, content, maker));
    }
    return written;
  }

  async #picture({ source, grey }: VolumeToScore, data: Float32Array<ArrayBuffer>, k: number) {
    const [width, height] = source.shape;
    const { thresholds, mapScale } = this.#trained.file;
    const top = mapScale ?? data.reduce((most, value) => Math.max(most, value), 0);
    const image = greyImage(await source.slice(k), await grey());
    return heatPicture(image, { width, height, data }, { range: [0, top], level: thresholds.pixel?.value ?? null });
  }

  #path({ file }: VolumeToScore, ending: string): string {
    return volumeFile(this.#out, file, ending);
  }
}

function highest(map: Float32Array): number {
  let best = 0;
  for (let i = 1; i < map.length; i++) if (map[i] > map[best]) best = i;
  return best;
}

/** Model and adapters, by name and hash. Of the model's path the last part is told: others may name a person. */
async function makerOf(fs: FileSystem, { file }: ResultsDetector, adapters: string): Promise<Maker> {
  const { fusion, model } = file.header;
  const bytes = await fs.readFile(await adaptersPath(fs, adapters));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return {
    model: `${methodTitle(fusion.method)}, ${baseName(model.name)}`,
    modelHash: model.sha256 ?? model.hash,
    adaptersHash: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    now: new Date(),
    uid: newUid,
  };
}
