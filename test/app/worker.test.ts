import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { GivenFile } from '../../app/protocol/images.ts';
import type { SessionFile } from '../../app/protocol/sessions.ts';
import type { TrainingWish } from '../../app/protocol/training.ts';
import { addModel } from '../../app/worker/brought_models.ts';
import { KEPT, PageFiles } from '../../app/worker/files.ts';
import { OWN, openModel, TENSORS } from '../../app/worker/models.ts';
import { readLosses } from '../../app/worker/outcome.ts';
import { parseSession } from '../../app/worker/session_file.ts';
import { Sessions } from '../../app/worker/sessions.ts';
import { Workbench } from '../../app/worker/workbench.ts';
import { writeModel, writeSet } from '../cli/program.ts';

// Of a worker; this one has no storage, and no WebGPU.
vi.stubGlobal('navigator', { hardwareConcurrency: 2, userAgent: 'a test' });

const WISH: TrainingWish = { model: 'generated:T:1', shots: 1, epochs: 1, seed: 1, object: 'brain' };
const SOURCE = { kind: 'phantoms', family: 'brain', seed: 7 } as const;
const FACTS = { kind: 'train', name: 'one', source: SOURCE, images: false, wish: WISH } as const;

describe('kept sessions, in memory where there is no storage', () => {
  let files: PageFiles;
  let sessions: Sessions;

  beforeEach(async () => {
    files = await PageFiles.open();
    sessions = new Sessions(files);
  });

  test('are said not to outlast the page', () => {
    expect(files.lasting).toBe(false);
  });

  test('that are gone cannot be renamed, and do not come back half', async () => {
    const { id } = await sessions.create(FACTS);
    await sessions.release(id);
    await sessions.remove(id);
    await expect(sessions.update(id, { name: 'new' })).rejects.toThrow(/not there any more/);
    expect(await sessions.list()).toEqual([]);
  });

  test('that something is at work on cannot be deleted', async () => {
    const { id } = await sessions.create(FACTS);
    await expect(sessions.remove(id)).rejects.toThrow(/at work; stop it/);
    expect(await sessions.list()).toHaveLength(1);
  });

  test('keep a name that is given while their work ends', async () => {
    const { id } = await sessions.create(FACTS);
    const figures = { image: 0.9, pixel: null };
    await Promise.all([
      sessions.update(id, { finished: true }),
      sessions.update(id, { name: 'new' }),
      sessions.update(id, { figures }),
    ]);
    expect(await sessions.find(id)).toMatchObject({ finished: true, name: 'new', figures });
  });
});

describe('a session file', () => {
  const whole: SessionFile = {
    ...{ ...FACTS, id: 'x', created: '2026-01-01T00:00:00.000Z', finished: true },
    ...{ figures: { image: 1, pixel: null }, bytes: 5 },
  };

  test('of an older build, which knew less, is read', () => {
    // Before images were kept, left out, accepted or chosen.
    expect(parseSession(JSON.stringify(whole), 'x')).toEqual(whole);
    const later = { ...whole, copied: true, notes: ['a'], wish: { ...WISH, support: { normal: ['a'], abnormal: [] } } };
    expect(parseSession(JSON.stringify(later), 'x')).toEqual(later);
    expect(parseSession(JSON.stringify({ ...whole, kind: 'predict', wish: null, source: null }), 'x')).not.toBeNull();
  });

  test.each([
    { name: 5 },
    { kind: 'study' },
    { finished: 'yes' },
    { figures: { image: '0.9', pixel: null } },
    { figures: [] },
    { source: null },
    { source: { kind: 'hub', name: 'x' } },
    { source: { kind: 'folders', name: 'x', skip: 'a.png' } },
    { wish: null },
    { wish: { ...WISH, epochs: '3' } },
    { wish: { ...WISH, support: ['a'] } },
    { notes: 'left out' },
  ])('of another shape is damaged: %j', (part) => {
    expect(parseSession(JSON.stringify({ ...whole, ...part }), 'x')).toBeNull();
  });

  test('has losses where its log has steps with all of their numbers', async () => {
    const files = await PageFiles.open();
    const step = { type: 'step', epoch: 1, epochs: 1, step: 1, steps: 2, loss: 0.5 };
    const lines = ['{"type":"step"}', 'null', JSON.stringify(step), JSON.stringify({ ...step, loss: null }), '{"ty'];
    await files.writeFile('run/metrics.jsonl', lines.join('\n'));
    expect((await readLosses(files, 'run')).losses).toEqual({ steps: [1], values: [0.5] });
  });
});

describe('the workbench', () => {
  let folder = '';
  let set: GivenFile[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fusionclip-worker-'));
    const data = writeSet(join(folder, 'Brain_AD'));
    set = readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({ path: relative(data, path), blob: new Blob([readFileSync(path)]) }));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('stops a training that has hardly begun', async () => {
    const bench = await Workbench.open(() => {});
    await bench.takeImages({ kind: 'set', name: 'Brain_AD', files: set }, { skip: [], accept: [] });
    const trained = bench.train(WISH, false);
    await bench.pause();
    await expect(trained).rejects.toMatchObject({ code: 'interrupted' });
    expect(bench.resumable).toBe(true);
  });

  test('has its images as before where a session cannot be opened', async () => {
    const files = await PageFiles.open();
    const bench = await Workbench.open(() => {}, files);
    await bench.takeImages({ kind: 'set', name: 'Brain_AD', files: set }, { skip: [], accept: [] });
    const order = await bench.draw(1);
    const stopped = bench.train(WISH, false);
    await bench.pause();
    await stopped.catch(() => {});
    const [session] = (await bench.kept()).sessions;
    const damaged = { ...session, finished: true, source: SOURCE };
    await files.writeFile(`${KEPT}/sessions/${session.id}/session.json`, JSON.stringify(damaged));
    await expect(bench.openSession(session.id)).rejects.toThrow(/not whole/);
    expect(await bench.draw(1)).toEqual(order);
  });

  test('has written down which session is open before it is told that it is', async () => {
    const files = await PageFiles.open();
    const bench = await Workbench.open(() => {}, files);
    await bench.takeImages({ kind: 'set', name: 'Brain_AD', files: set }, { skip: [], accept: [] });
    for (let times = 0; times < 2; times++) {
      const stopped = bench.train(WISH, false);
      await bench.pause();
      await stopped.catch(() => {});
    }
    const { sessions, last } = await bench.kept();
    const other = sessions.find(({ id }) => id !== last)!.id;
    // A storage that takes its time.
    const write = files.writeFile.bind(files);
    vi.spyOn(files, 'writeFile').mockImplementation(async (...file) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await write(...file);
    });
    await bench.openSession(other);
    // As a page that is loaded again finds it.
    expect((await (await Workbench.open(() => {}, files)).kept()).last).toBe(other);
  });
});

test('the weights of a stored model are read through once, and again where their sum is not whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fusionclip-sum-'));
  try {
    const files = await PageFiles.open();
    const blob = new Blob([readFileSync(await writeModel(join(folder, 'mine.safetensors')))]);
    let read = 0;
    const stage = (what: string) => () => {
      if (what === TENSORS) read++;
    };
    const given = [{ path: 'mine.safetensors', blob }];
    await addModel(files, 'mine.safetensors', given, stage, new AbortController().signal);
    const tensors = read;
    const open = () => openModel(files, 'mine', { onEvent: (event) => event.type === 'stage' && stage(event.what)() });
    const { identity } = await open();
    expect([tensors > 0, read, identity.sha256]).toEqual([true, tensors, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    for (const text of ['{"hash"', JSON.stringify({ hash: 'of another', sha256: '0' })]) {
      await files.writeFile(`${OWN}/mine/sum.json`, text);
      expect((await open()).identity).toEqual(identity);
      read -= tensors;
      expect(read).toBe(tensors);
    }
    await open();
    expect(read).toBe(tensors);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
