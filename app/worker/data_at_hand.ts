import { FusionclipError } from '../../src/base/errors.ts';
import { baseName, joinPath } from '../../src/base/paths.ts';
import type { InspectedSets } from '../../src/data/layout/inspected.ts';
import type { DataSource, GivenImages, Waived } from '../protocol/images.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import type { OpenedData } from './dataset_facts.ts';
import { makePhantoms, placeImages, placeOf } from './datasets.ts';
import { DecoderWorkers } from './decoder_workers.ts';
import type { PageFiles } from './files.ts';
import { imagesOf, sameSource } from './sessions.ts';

const engine = () => import('./engine.ts');

/** Makes a listener for the progress of some work. */
type Stage = (what: string) => (done: number, total: number) => void;

/** The data set that the page works with: one at a time, looked at once. */
export class DataAtHand {
  readonly #files: PageFiles;
  #opened: OpenedData | null = null;
  #inspected: InspectedSets | null = null;

  constructor(files: PageFiles) {
    this.#files = files;
  }

  get opened(): OpenedData | null {
    return this.#opened;
  }

  /** What is known of it, for runs on it. */
  async inspected(): Promise<InspectedSets> {
    this.#inspected ??= new (await engine()).InspectedSets();
    return this.#inspected;
  }

  /** The data set. @throws FusionclipError `usage` when there is none; `session` is what it is wanted for */
  require(session: SessionFile | null = null): OpenedData {
    if (this.#opened) return this.#opened;
    throw session ? missing(session) : new FusionclipError('usage', 'There are no images yet; choose some first.');
  }

  /** As {@link require}, the one of a session. */
  requireOf(session: SessionFile): OpenedData {
    const opened = this.require(session);
    if (!sameSource(opened.facts.source, session.source)) throw missing(session);
    return opened;
  }

  async phantoms(family: string, seed: number, stage: Stage): Promise<OpenedData> {
    const path = await makePhantoms(this.#files, family, seed, stage('phantoms'));
    return this.#adopt(path, { kind: 'phantoms', family, seed }, stage);
  }

  async images(images: GivenImages, { skip, accept, volume }: Waived, stage: Stage): Promise<OpenedData> {
    const path = await placeImages(this.#files, images);
    const waived = {
      ...(skip.length > 0 && { skip }),
      ...(accept.length > 0 && { accept }),
      ...(volume !== undefined && { volume }),
    };
    const source: DataSource = { kind: 'folders', name: baseName(path), ...waived };
    return this.#adopt(path, source, stage);
  }

  /** The data set of a session: the one at hand, made again, or kept; null when it has to be given again. */
  async ofSession({ id, source, images, copied }: SessionFile, stage: Stage): Promise<OpenedData | null> {
    if (!source) return this.#opened;
    if (this.#opened && sameSource(this.#opened.facts.source, source)) return this.#opened;
    this.#opened = null;
    if (source.kind === 'phantoms') return this.phantoms(source.family, source.seed, stage);
    const path = joinPath(imagesOf(id), source.name);
    return images && copied !== false && (await this.#files.stat(path)) ? this.#adopt(path, source, stage) : null;
  }

  /** Looks at a data set; one that cannot be used leaves the old one in its place. */
  async #adopt(path: string, source: DataSource, stage: Stage): Promise<OpenedData> {
    const inspected = await this.inspected();
    const remove = async (old: string) => {
      inspected.forget(old);
      if (old.startsWith('@data/')) await this.#files.remove(placeOf(old));
    };
    const decoders = new DecoderWorkers();
    try {
      const { openDataset } = await engine();
      const opened = await openDataset(this.#files, path, source, inspected, stage('images'), decoders);
      if (this.#opened && this.#opened.path !== path) await remove(this.#opened.path);
      this.#opened = opened;
      return opened;
    } catch (error) {
      await remove(path);
      throw error;
    } finally {
      decoders.close();
    }
  }
}

function missing({ source }: SessionFile): FusionclipError {
  const name = source?.kind === 'folders' ? `the folder ${source.name}` : 'its images';
  return new FusionclipError('usage', `This session does not keep its images; give ${name} again, then resume.`);
}
