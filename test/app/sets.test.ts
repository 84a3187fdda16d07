import { expect, test, vi } from 'vitest';
import { actionsOver } from '../../app/actions.ts';
import { EMPTY_FIELDS, fieldText, pairOf, withField } from '../../app/class_fields.ts';
import { type Client, WorkFailure } from '../../app/client.ts';
import { noticeOf } from '../../app/components/notice.ts';
import { progressOf } from '../../app/components/progress_text.ts';
import { strange } from '../../app/components/strange.ts';
import type { Given } from '../../app/dropped.ts';
import { hubOf } from '../../app/hub.ts';
import type { Waived } from '../../app/protocol/images.ts';
import { type Offer, reduce, START, type State } from '../../app/state.ts';
import { drawn, exchanged, withoutImage } from '../../app/support.ts';
import { compareCalls, parseCalls } from '../../app/worker/comparison.ts';
import { givenName, givenToScore } from '../../app/worker/scoring.ts';
import { waivedBy } from '../../app/worker/waived.ts';
import { withServers } from '../../scripts/app_files.mjs';

const given = (folder: string | null, ...names: string[]): Given => ({
  folder,
  files: names.map((path) => ({ path, blob: new Blob() })),
});

test('the folders of two classes are a pair once, and nothing new stands beside something old', () => {
  const [healthy, ill, other] = [given('healthy', 'a', 'b'), given('ill', 'c'), given(null, 'd')];
  const one = withField(EMPTY_FIELDS, 'normal', healthy);
  expect(pairOf(one)).toBeNull();
  const both = withField(one, 'abnormal', ill);
  expect(pairOf(both)).toEqual([healthy, ill]);
  // Before they are used, one may be given again or taken back.
  expect(pairOf(withField(both, 'abnormal', other))).toEqual([healthy, other]);
  expect(pairOf(withField(both, 'normal', null))).toBeNull();
  const used = { ...both, used: true };
  expect(pairOf(used)).toBeNull();
  expect(withField(used, 'abnormal', other)).toEqual({ normal: null, abnormal: other, used: false });
  expect([fieldText(null), fieldText(healthy), fieldText(other)]).toEqual([
    'PNG, JPEG, TIFF, BMP',
    'healthy: 2 files',
    '1 file',
  ]);
});

test('an image to learn from is exchanged for the next of the draw, or left out', () => {
  const order = { normal: ['a', 'b', 'c', 'd'], abnormal: ['x', 'y'] };
  const support = drawn(order, 2);
  expect(support).toEqual({ normal: ['a', 'b'], abnormal: ['x', 'y'] });
  const next = exchanged(support, order, 'normal', 'a');
  expect(next).toEqual({ normal: ['c', 'b'], abnormal: ['x', 'y'] });
  // Again and again, all others come by.
  expect(exchanged(next, order, 'normal', 'c').normal).toEqual(['d', 'b']);
  expect(exchanged({ ...next, normal: ['d', 'b'] }, order, 'normal', 'd').normal).toEqual(['a', 'b']);
  expect(exchanged(support, order, 'abnormal', 'x')).toBe(support);
  expect(withoutImage(support, 'abnormal', 'y').abnormal).toEqual(['x']);
  expect(withoutImage({ ...support, abnormal: ['x'] }, 'abnormal', 'x').abnormal).toEqual(['x']);
});

test('what was said of scores that came to nothing goes with them', () => {
  const trained: State = { ...START, phase: 'idle', notes: ['of the training'] };
  const scoring = reduce(trained, { type: 'phase', phase: 'scoring' });
  const noted = reduce(scoring, { type: 'worker', event: { type: 'note', text: 'left out: a.png' } });
  expect(noted.notes).toHaveLength(2);
  expect(reduce(noted, { type: 'failed', message: 'a.png is dark', phase: 'rest' }).notes).toBe(trained.notes);
  expect(reduce(noted, { type: 'stopped' }).notes).toBe(trained.notes);
});

test('another draw takes back the choice of its images, other settings do not', () => {
  const support = { normal: ['a'], abnormal: ['x'] };
  const chosen = reduce(START, { type: 'wish', wish: { support } });
  expect(reduce(chosen, { type: 'wish', wish: { epochs: 3, object: 'x' } }).wish.support).toBe(support);
  expect(reduce(chosen, { type: 'wish', wish: { seed: 2 } }).wish.support).toBeNull();
  expect(reduce(chosen, { type: 'wish', wish: { shots: 2 } }).wish.support).toBeNull();
});

test('a set that is refused for some of its files is offered without them, until anything else happens', () => {
  const waived = { skip: ['a.png'], accept: [] };
  const offer = { images: { kind: 'set', name: 'x', files: [] }, more: waived, volumes: 0, waived } as const;
  const refused = reduce(START, { type: 'failed', message: 'a.png is damaged', phase: 'rest', offer });
  expect(refused.offer).toBe(offer);
  expect(reduce(refused, { type: 'failed', message: 'another' }).offer).toBeNull();
  const source = { kind: 'folders', name: 'x' } as const;
  expect(waivedBy({ ...source, skip: ['a, b.png', 'c.png'] })).toEqual({ skip: ['a* b.png', 'c.png'], accept: '' });
  expect(waivedBy({ ...source, accept: ['gaps', 'tilt'] })).toEqual({ skip: [], accept: 'gaps,tilt' });
  expect(waivedBy({ ...source, volume: 1 })).toEqual({ skip: [], accept: '', volume: 1 });
  expect(waivedBy(source)).toEqual({ skip: [], accept: '' });
});

test('progress says what is under way, also where nothing is counted', () => {
  const training: State = { ...START, phase: 'training' };
  const stage = (what: string, done: number) => ({ ...training, stage: { what, done, total: 88 } });
  expect(progressOf(training, 0)).toEqual({ fraction: undefined, text: 'Loading the model…' });
  const support = 'features of the support images';
  expect(progressOf(stage(support, 44), 0)).toEqual({ fraction: 0.5, text: 'Looking at the support images: 44 of 88' });
  expect(progressOf(stage(support, 88), 0).text).toMatch(/^Compiling and computing the first training step/);
  expect(progressOf(stage('scores of the test images (chosen weights)', 88), 0).text).toMatch(/^Computing metrics/);
  // A stage that takes long says for how long, once two of its things are done.
  const event = (done: number) =>
    ({ type: 'worker', event: { type: 'stage', what: support, done, total: 88 } }) as const;
  vi.useFakeTimers({ now: 0 });
  const shown: State[] = [];
  for (const done of [0, 1, 2]) {
    vi.setSystemTime(20_000 * done);
    shown.push(reduce(shown.at(-1) ?? training, event(done)));
  }
  vi.useRealTimers();
  const [begun, one, two] = shown;
  expect(progressOf(begun, 0)).toEqual({ fraction: 0, text: 'Looking at the support images: 0 of 88' });
  expect(progressOf(one, 20_000).text).toBe('Looking at the support images: 1 of 88');
  expect(progressOf(two, 40_000).text).toMatch(/: 2 of 88, about 28 min 40 s for the rest of them$/);
  expect(progressOf(two, 50_000).text).toMatch(/about 28 min 30 s for the rest of them$/);
  const step = { epoch: 2, epochs: 4, step: 20, steps: 40, etaSeconds: 60, loss: 1, parts: {}, seconds: 9, rate: null };
  const moving = reduce(training, { type: 'worker', event: { type: 'step', ...step } });
  const asked = (before: number) => progressOf(moving, moving.due![1] - 1000 * before);
  expect(asked(60)).toEqual({ fraction: 0.5, text: 'Epoch 2 of 4, about 1 min 00 s left' });
  expect(asked(0).text).toBe('Epoch 2 of 4');
  // A second look at the test images may come or not.
  const either = reduce(training, { type: 'worker', event: { type: 'step', ...step, etaRange: [50, 80] } });
  expect(progressOf(either, either.due![0] - 50_000).text).toBe('Epoch 2 of 4, 50 s to 1 min 20 s left');
  // A training that goes on loads its model first; what was left before the break is no news.
  const resumed = reduce({ ...moving, phase: 'paused' }, { type: 'phase', phase: 'training' });
  expect(progressOf(resumed, 0).text).toBe('Loading the model, to go on after step 20 of 40…');
  const bytes = { what: 'bytes that are fetched', done: 9 * 2 ** 20, total: 40 * 2 ** 20 };
  const fetching = { ...START, phase: 'preparing', stage: bytes } as const;
  expect(progressOf(fetching, 0).text).toBe('Fetching the model: 9.0 MiB of 40 MiB');
});

test('adapters of another organ or of a model that is not there are named as such', () => {
  const adapters = { name: '', bytes: 0, hold: '', trainedOn: '', object: 'Brain', model: 'mine' };
  const models = [{ name: 'mine', title: '', bytes: 1, part: false }];
  const dataset = { object: 'brain ' } as State['dataset'];
  expect(strange({ adapters, dataset, models })).toEqual([]);
  expect(strange({ adapters, dataset: { object: '' } as State['dataset'], models })).toEqual([]);
  expect(strange({ adapters, dataset: { object: 'Liver' } as State['dataset'], models })).toEqual([
    expect.stringMatching(/learned “Brain”, and the images at hand are “Liver”/),
  ]);
  expect(strange({ adapters, dataset: null, models: [] })).toEqual([
    expect.stringMatching(/model mine, which this page has not/),
  ]);
});

test('a training that was paused is the session that is open, and is over when that is deleted', () => {
  const file = { id: 'a', name: 'mine' } as NonNullable<State['kept']>['sessions'][number];
  const kept = { lasting: true, sessions: [file], last: 'a' };
  const paused = reduce({ ...START, phase: 'paused' }, { type: 'kept', kept });
  expect(paused.session).toEqual({ id: 'a', name: 'mine', needs: null });
  expect(reduce(paused, { type: 'deleted', id: 'a' }).phase).toBe('idle');
  expect(reduce(paused, { type: 'deleted', id: 'b' }).phase).toBe('paused');
  expect(reduce({ ...START, phase: 'idle' }, { type: 'kept', kept }).session).toBeNull();
});

test('of two things that come at the same time the second is not begun, and that is said', async () => {
  const begun: string[] = [];
  const said: string[] = [];
  const makePhantoms = async (family: string) => {
    begun.push(family);
    throw new Error(`no ${family}`);
  };
  const actions = actionsOver({ makePhantoms } as unknown as Client, (change) => {
    if (change.type === 'failed') said.push(change.message);
  });
  await Promise.all([actions.choosePhantoms('brain', 1), actions.choosePhantoms('liver', 1)]);
  await actions.choosePhantoms('chest', 1);
  expect(begun).toEqual(['brain', 'chest']);
  expect(said).toEqual([expect.stringMatching(/^The page is at work already/), 'no brain', 'no chest']);
});

test('what is on screen lets the next work begin, whatever is still listed', async () => {
  const begun: string[] = [];
  const client = {
    predict: async () => ({}),
    kept: () => new Promise(() => {}),
    makePhantoms: async (family: string) => void begun.push(family),
  };
  const actions = actionsOver(client as unknown as Client, () => {});
  await actions.predict([], false);
  await actions.choosePhantoms('brain', 1);
  expect(begun).toEqual(['brain']);
});

const NEVER = { code: 'bad_data', resumable: false, leave: [], accept: [], volumes: 0 } as const;

test('a series that is refused goes on as it is once that is chosen, and what was waived before still is', async () => {
  const asked: unknown[] = [];
  let offer: Offer | null | undefined;
  const predict = async (_files: unknown, _keep: boolean, waived: Waived) => {
    asked.push(waived);
    const accept = ['gaps', 'tilt'][waived.accept.length];
    if (!accept && waived.volume !== undefined) return {};
    if (!accept) throw new WorkFailure('bad_data', { ...NEVER, message: 'two', volumes: 2 });
    const failure = { ...NEVER, message: accept, accept: [accept] };
    throw new WorkFailure('bad_data', failure);
  };
  const client = { predict, kept: async () => ({}) } as unknown as Client;
  const actions = actionsOver(client, (change) => {
    if (change.type === 'failed') offer = change.offer;
    if (change.type === 'outcome') offer = null;
  });
  await actions.predict([], true);
  expect(offer?.more).toEqual({ skip: [], accept: ['gaps'] });
  await actions.goOn(offer!, true);
  expect(offer?.more).toEqual({ skip: [], accept: ['tilt'] });
  await actions.goOn(offer!, true);
  expect(offer?.volumes).toBe(2);
  await actions.goOn(offer!, true, 1);
  expect(offer).toBeNull();
  expect(asked.at(-1)).toEqual({ skip: [], accept: ['gaps', 'tilt'], volume: 1 });
});

test('the end of work is said to screen readers, once', () => {
  const outcome = { rows: [1, 2], metrics: { image: { auroc: 0.75 } } } as unknown as State['outcome'];
  expect(noticeOf({ ...START, phase: 'scoring', outcome })).toBe('');
  expect(noticeOf({ ...START, phase: 'idle', outcome })).toBe('Done: 2 images are scored, image AUROC 0.750.');
  expect(noticeOf({ ...START, phase: 'idle', outcome, error: 'no' })).toBe('');
  expect(noticeOf({ ...START, phase: 'paused' })).toBe('Paused.');
});

test('a page reaches the servers of a hub when it was built with them, and those alone', () => {
  const page = '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'; base-uri \'none\'" />';
  const policy = (html: string) => /content="([^"]*)"/.exec(html)![1];
  expect(withServers(page, '')).toBe(page);
  expect(hubOf(policy(page))).toBeNull();
  const built = policy(withServers(page, 'https://hub.example https://*.files.example'));
  expect(built).toBe(`${policy(page)}; connect-src 'self' https://hub.example https://*.files.example`);
  expect(hubOf(built)).toBe('https://hub.example');
  const alone = page.replace('base-uri', 'connect-src blob: data:; base-uri');
  expect(hubOf(policy(alone))).toBeNull();
  expect(policy(withServers(alone, 'http://localhost:8080'))).toMatch(
    /; connect-src blob: data: http:\/\/localhost:8080; base/,
  );
  for (const wrong of ['hub.example', 'https://hub.example; script-src *', 'https://*.files.example', 'https://a"b']) {
    expect(() => withServers(page, wrong)).toThrow(/is no server|without \*/);
  }
});

test('two sessions are compared on the images that both have scored', () => {
  const csv = (rows: string) => parseCalls(`id,label,score,abnormal,decision\n${rows}`);
  const a = csv('x,,3,1,\ny,,2,0,\nz,,1,0,\nbroken,,,,\nown,,1,1,\n');
  const b = csv('z,1,30,0,\ny,0,20,1,\nx,0,10,1,borderline\n');
  expect(compareCalls(a, b)).toEqual({
    common: 3,
    ranks: -1,
    differing: [
      {
        id: 'x',
        sides: [
          { score: 3, call: 'abnormal' },
          { score: 10, call: 'borderline' },
        ],
      },
      {
        id: 'y',
        sides: [
          { score: 2, call: 'normal' },
          { score: 20, call: 'abnormal' },
        ],
      },
    ],
  });
  expect(compareCalls(a, a)).toMatchObject({ common: 4, differing: [] });
  expect(compareCalls(a, a).ranks).toBeCloseTo(1);
  // Scores that do not vary have no order, and without a threshold nothing is called.
  const flat = csv('x,,1,,\ny,,1,,\nz,,1,,\n');
  expect(compareCalls(flat, flat)).toEqual({ common: 3, ranks: null, differing: [] });
  expect(compareCalls(flat, csv('')).common).toBe(0);
});

test('a session of new images is named by the files that its user knows', () => {
  const files = (...paths: string[]) => paths.map((path) => ({ path, blob: new Blob() }));
  const slices = files('head 12.dcm', 'IM0001');
  expect(givenToScore(slices).paths).toEqual(['images']);
  expect(givenName(slices)).toBe('head 12.dcm, IM0001');
  expect(givenName(files('new/a/1.png', 'new/b/2.png'))).toBe('new');
});
