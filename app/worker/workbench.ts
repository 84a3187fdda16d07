import { FusionclipError } from '../../src/base/errors.ts';
import { baseName, joinPath } from '../../src/base/paths.ts';
import type { RunContext } from '../../src/detect/index.ts';
import type { SharedFeatures } from '../../src/detect/shared_features.ts';
import type { RunEvent } from '../../src/run/events.ts';
import type { Calls, Export } from '../protocol/calls.ts';
import type { DataSource, DatasetFacts, GivenFile, GivenImages, Waived } from '../protocol/images.ts';
import type { AdaptersFacts, Outcome } from '../protocol/results.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import type { TrainingWish } from '../protocol/training.ts';
import { addModel, fetchModel } from './brought_models.ts';
import { DataAtHand } from './data_at_hand.ts';
import { Device } from './device.ts';
import { PageFiles } from './files.ts';
import { deleteModel, modelChoices, openModel } from './models.ts';
import { NewImages } from './new_images.ts';
import type { ShownResults } from './outcome.ts';
import { familyPreviews } from './previews.ts';
import { givenName, givenToScore, modelOf, scoreNewImages } from './scoring.ts';
import { adaptersOf, imagesOf, runOf, Sessions, sessionGone } from './sessions.ts';
import { readAs, waivedBy } from './waived.ts';
import { Work } from './work.ts';

/** What trains and scores: most of the program, loaded when there is something to do. */
const engine = () => import('./engine.ts');

/** Where adapters lie that were loaded, until they are used. */
const LOADED = '@loaded';

/** Bytes of the GPU's memory for features of test images, which all weights of a training are scored on. */
const FEATURES = 512 * 2 ** 20;

/** What the page can have done: one piece of work at a time, each of them a session that is kept. */
export class Workbench implements Calls {
  readonly #files: PageFiles;
  readonly #sessions: Sessions;
  readonly #data: DataAtHand;
  readonly #newImages: NewImages;
  readonly #device = new Device();
  readonly #work: Work;
  /** The session that is open: what is on screen, or a training that can go on. */
  #session: SessionFile | null = null;
  /** Path of the adapters that images are scored with. */
  #adapters: string | null = null;
  /** How many were loaded. */
  #loaded = 0;
  #shown: ShownResults | null = null;
  #features: SharedFeatures | null = null;

  private constructor(files: PageFiles, onEvent: (event: RunEvent) => void) {
    this.#files = files;
    this.#sessions = new Sessions(files);
    this.#data = new DataAtHand(files);
    this.#newImages = new NewImages(files);
    this.#work = new Work(onEvent);
  }

  /** Opens what the page keeps. */
  static async open(onEvent: (event: RunEvent) => void, files?: PageFiles): Promise<Workbench> {
    const workbench = new Workbench(files ?? (await PageFiles.open()), onEvent);
    void workbench.#sessions.sweep().catch(() => {});
    return workbench;
  }

  async open() {
    const { facts } = await this.#device.open();
    return { machine: facts, models: await modelChoices(this.#files) };
  }

  async families() {
    return familyPreviews();
  }

  async makePhantoms(family: string, seed: number): Promise<DatasetFacts> {
    this.#work.begin();
    return (await this.#data.phantoms(family, seed, this.#work.stage)).facts;
  }

  async takeImages(images: GivenImages, waived: Waived): Promise<DatasetFacts> {
    this.#work.begin();
    return (await this.#data.images(images, waived, this.#work.stage)).facts;
  }

  async draw(seed: number) {
    return (await engine()).drawOrder(this.#data.require(), seed);
  }

  async thumb(id: string) {
    return (await engine()).smallPicture(this.#data.require(), id);
  }

  async train(wish: TrainingWish, keep: boolean): Promise<Outcome> {
    this.#work.begin();
    const { name, source } = this.#data.require().facts;
    const title = `${name}, ${wish.shots} ${wish.shots === 1 ? 'shot' : 'shots'}, seed ${wish.seed}`;
    const images = keep && source.kind === 'folders';
    const session = await this.#sessions.create({ kind: 'train', name: title, source, images, wish });
    return this.#run(session, (context) => this.#begin(context, session));
  }

  async resume(): Promise<Outcome> {
    this.#work.begin();
    // Another tab may have gone on with it, or deleted it.
    const session = this.#session && (await this.#sessions.find(this.#session.id));
    if (!session?.wish) throw new FusionclipError('usage', 'There is nothing to resume; train.');
    if (session.finished) return (await this.#open(session, this.#data.opened?.path ?? null)).outcome;
    const run = runOf(session.id);
    return this.#run(session, async (context) => {
      // It may have stopped before there was anything to go on with.
      if (!(await this.#files.stat(joinPath(run, 'config.json')))) return this.#begin(context, session);
      const data = await this.#keptImages(session, this.#data.requireOf(session).path);
      const model = await openModel(this.#files, session.wish!.model, context);
      const { resumeRun } = await engine();
      await resumeRun(context, run, { model, data, maps: 'npy' });
    });
  }

  async pause(): Promise<void> {
    this.#work.stop();
  }

  async takeAdapters(file: Blob, name: string): Promise<AdaptersFacts> {
    this.#work.begin();
    // Those at hand may have the same name, and these may be none.
    const path = `${LOADED}/${++this.#loaded}/${name}`;
    this.#files.memory.put(path, file);
    const facts = await (await engine()).adaptersFacts(this.#files, path);
    this.#adapters = path;
    return facts;
  }

  async evaluate(keep: boolean): Promise<Outcome> {
    this.#work.signal.throwIfAborted();
    const { path, facts } = this.#data.require();
    const { session, adapters, out } = await this.#scoring('evaluate', facts.name, facts.source, keep);
    return this.#run(session, async (context) => {
      await this.#copyAdapters(adapters);
      const data = await this.#keptImages(session, path);
      const model = await modelOf(this.#files, adapters, context);
      const { evaluateRun } = await engine();
      await evaluateRun(context, { adapters, data, model, out, maps: 'npy', rules: waivedBy(facts.source) });
    });
  }

  async predict(files: readonly GivenFile[], keep: boolean, waived: Waived): Promise<Outcome> {
    this.#work.begin();
    const { given, paths } = givenToScore(files);
    let putBack: () => Promise<unknown> = async () => {};
    const { session, adapters, out } = await this.#scoring('predict', givenName(files), null, keep);
    const work = this.#run(session, async (context) => {
      await this.#copyAdapters(adapters);
      const record = { paths, accept: readAs(waived).accept, volume: waived.volume };
      await this.#newImages.record(session.id, record);
      putBack = await this.#newImages.place(session.id, given);
      await scoreNewImages(context, this.#files, { adapters, out }, record, waived);
      if (!keep) return;
      await this.#newImages.keep(session.id, record);
      await this.#sessions.update(session.id, { copied: true });
    });
    // What is still on screen keeps its images.
    return work.catch(async (error) => {
      await putBack();
      throw error;
    });
  }

  async picture(index: number) {
    return this.#shown!.picture(index);
  }

  async stackOf(index: number) {
    return this.#shown!.stackOf(index);
  }

  async slice(index: number, k: number) {
    return this.#shown!.slice(index, k);
  }

  async take(what: Export) {
    return (await engine()).takeHome(this.#files, this.#session!, this.#shown!.outcome, what);
  }

  async takeMap(index: number, what: 'png' | 'npy') {
    return this.#shown!.takeMap(index, what);
  }

  async kept() {
    const [sessions, last] = [await this.#sessions.list(), await this.#sessions.last()];
    return { lasting: this.#files.lasting, sessions, last: sessions.some(({ id }) => id === last) ? last : null };
  }

  async openSession(id: string) {
    this.#work.begin();
    const session = await this.#sessions.find(id);
    if (!session) throw sessionGone();
    const { readLosses, ShownResults } = await engine();
    // What cannot be shown leaves the images at hand as they are.
    if (session.finished) await ShownResults.open(this.#files, session, null);
    const data = await this.#data.ofSession(session, this.#work.stage);
    const { losses, progress } = await readLosses(this.#files, runOf(id));
    await this.#newImages.clear(id);
    const shown = session.finished ? await this.#open(session, data?.path ?? null) : null;
    if (!shown) await this.#show(session, null);
    return { session, dataset: data?.facts ?? null, outcome: shown?.outcome ?? null, losses, progress };
  }

  async renameSession(id: string, name: string): Promise<void> {
    const session = await this.#sessions.update(id, { name });
    if (this.#session?.id === id) this.#session = session;
  }

  async deleteSession(id: string): Promise<void> {
    await this.#sessions.remove(id);
    if (this.#session?.id === id) [this.#session, this.#shown, this.#adapters] = [null, null, null];
  }

  async compare(first: string, second: string) {
    const [a, b] = [await this.#sessions.find(first), await this.#sessions.find(second)];
    if (!a || !b) throw sessionGone();
    return (await engine()).compareResults(this.#files, [a, b]);
  }

  async addModel(name: string, list: readonly GivenFile[]) {
    this.#work.begin();
    const { stage, signal } = this.#work;
    const added = await addModel(this.#files, name, list, stage, signal);
    return { name: added, models: await this.models() };
  }

  async fetchModel(hub: string, name: string) {
    this.#work.begin();
    const { stage, signal } = this.#work;
    const added = await fetchModel(this.#files, hub, name, stage, signal);
    return { name: added, models: await this.models() };
  }

  async models() {
    return modelChoices(this.#files);
  }

  async deleteModel(name: string) {
    await deleteModel(this.#files, name);
    return this.models();
  }

  /** Whether the session that is open is a training that can go on. */
  get resumable(): boolean {
    return this.#session?.kind === 'train' && !this.#session.finished;
  }

  /** A session for scores of the adapters at hand. */
  async #scoring(kind: 'evaluate' | 'predict', of: string, source: DataSource | null, keep: boolean) {
    if (!this.#adapters) throw new FusionclipError('usage', 'There are no adapters yet; train, or load some.');
    const from = this.#adapters.startsWith(LOADED) ? baseName(this.#adapters) : 'trained';
    const images = keep && source?.kind !== 'phantoms';
    const name = `${of}, ${from === 'trained' ? 'new images' : from}`;
    const session = await this.#sessions.create({ kind, name, source, images, wish: null });
    return { session, adapters: adaptersOf(session), out: runOf(session.id) };
  }

  /** Scores stay with what made them. */
  #copyAdapters = async (to: string) => this.#files.writeFile(to, await this.#files.readFile(this.#adapters!));

  /** A training from its first step. */
  async #begin(context: RunContext, session: SessionFile): Promise<void> {
    const wish = session.wish!;
    const { facts, path } = this.#data.require(session);
    const data = await this.#keptImages(session, path);
    const model = await openModel(this.#files, wish.model, context);
    const { skip, accept, volume } = waivedBy(facts.source);
    const settings = {
      shots: String(wish.shots),
      ...(wish.epochs !== null && { epochs: String(wish.epochs) }),
      seed: String(wish.seed),
      'prompt.object': wish.object,
      ...(skip.length > 0 && { skip: skip.join(',') }),
      ...(accept !== '' && { accept }),
      ...(volume !== undefined && { volume: String(volume) }),
      ...(wish.support && { 'shots.list': await this.#sessions.writeSupport(session.id, wish.support) }),
    };
    const { trainRun } = await engine();
    await trainRun(context, { data, model, out: runOf(session.id), settings, maps: 'npy' });
  }

  /** Where the images of a session lie from now on: in its folder, if it is to keep them. */
  async #keptImages({ id, images, copied }: SessionFile, path: string): Promise<string> {
    const kept = joinPath(imagesOf(id), baseName(path));
    if (!images || path === kept) return path;
    if (copied === false) {
      // Half of them may be there.
      await this.#files.remove(imagesOf(id));
      await this.#files.copy(path, kept, this.#work.stage('images that are kept'));
      await this.#sessions.update(id, { copied: true });
    }
    return kept;
  }

  /**
   * Does the work of a session, and shows its results. What can go on stays; a session whose work has not
   * begun leaves nothing behind, and what is on screen stays there.
   */
  async #run(session: SessionFile, body: (context: RunContext) => Promise<void>): Promise<Outcome> {
    await this.#sessions.hold(session.id);
    // A page that ends now finds a training again; scores begin anew, and what is on screen stays the last.
    if (session.kind === 'train') await this.#sessions.setLast(session.id);
    try {
      this.#work.signal.throwIfAborted();
      await body(await this.#context());
      const file = await this.#sessions.update(session.id, { finished: true, notes: this.#work.notes });
      const data = session.kind === 'predict' ? null : (this.#data.opened?.path ?? null);
      const { ShownResults } = await engine();
      const shown = await ShownResults.open(this.#files, file, data);
      const { metrics } = shown.outcome;
      const figures = metrics && { image: metrics.image.auroc, pixel: metrics.pixel?.auroc ?? null };
      const bytes = await this.#sessions.size(session.id);
      await this.#show(await this.#sessions.update(session.id, { figures, bytes }), shown);
      return shown.outcome;
    } catch (error) {
      const code = error instanceof FusionclipError ? error.code : null;
      const begun = await this.#files.stat(joinPath(runOf(session.id), 'config.json')).catch(() => null);
      const goesOn = session.kind === 'train' && (begun || code === 'interrupted' || code === 'device_lost');
      if (goesOn) await this.#show((await this.#sessions.find(session.id).catch(() => null)) ?? session, null);
      else {
        await this.#sessions.discard(session.id).catch(() => {});
        await this.#sessions.setLast(this.#session?.id ?? '').catch(() => {});
      }
      throw error;
    } finally {
      await this.#sessions.release(session.id);
    }
  }

  /** Shows the results of a finished session. @param data where its data set lies now, or null */
  async #open(session: SessionFile, data: string | null): Promise<ShownResults> {
    const { ShownResults } = await engine();
    const shown = await ShownResults.open(this.#files, session, data);
    await this.#show(session, shown);
    return shown;
  }

  /** A page that is loaded again opens what was on screen: that is written down before it is told. */
  async #show(session: SessionFile, shown: ShownResults | null): Promise<void> {
    this.#session = session;
    this.#shown = shown;
    if (shown) this.#adapters = adaptersOf(session);
    await this.#sessions.setLast(session.id).catch(() => {});
  }

  async #context(): Promise<RunContext> {
    this.#features ??= new (await engine()).SharedFeatures(FEATURES);
    return {
      fs: this.#files,
      gpu: await this.#device.open(),
      inspected: await this.#data.inspected(),
      features: this.#features,
      renewGpu: this.#device.renew,
      environment: { runtime: 'page', version: navigator.userAgent },
      onEvent: this.#work.listen,
      signal: this.#work.signal,
    };
  }
}
