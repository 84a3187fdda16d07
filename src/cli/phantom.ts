import { choice, integer, list, type OptionTable, text, toggle } from '../base/option.ts';
import { encodePng } from '../data/png.ts';
import { EXIT_CODES } from '../host/exit_codes.ts';
import { contactSheet, PHANTOM_FAMILIES, phantomFamily, writePhantoms } from '../phantom/index.ts';
import { formatIntensityTable, intensityTable, TRIVIAL_BOUND } from '../phantom/phantom_check.ts';
import { VOLUME_FAMILIES } from '../phantom/volume.ts';
import { writePhantomVolumes } from '../phantom/write_volumes.ts';
import { requireNoRun } from '../run/run_folder.ts';
import { type Call, type Command, exactly, flagValues, need, word } from './command.ts';
import { Reporter } from './reporter.ts';
import { interruptSignal } from './session.ts';

const NAMES = Object.keys(PHANTOM_FAMILIES);
const SETS = ['all', ...NAMES];
const SEED: readonly [number, number] = [0, 2 ** 32 - 1];

const WRITE = {
  set: choice(SETS, 'all', 'the kind of picture'),
  out: word('DIR', 'folder in which the folder of each set is made'),
  seed: integer(1, SEED, 'of the pictures'),
  train: integer(200, [0, 1e6], 'healthy pictures in train'),
  valid: integer(60, [2, 1e6], 'pictures in valid, half of them diseased'),
  test: integer(120, [2, 1e6], 'pictures in test, half of them diseased'),
  size: integer(168, [32, 1024], 'pixels to a side'),
  kinds: list(text('', /^[a-z_]+$/, 'kind', ''), [], 'kinds of lesion to draw from; default: all'),
  volume: choice(
    ['none', 'dicom', 'nifti'],
    'none',
    `volumes in place of pictures, as DICOM series or as NIfTI files (${VOLUME_FAMILIES.join(', ')}): --valid and --test count patients`,
  ),
  depth: integer(24, [8, 512], 'slices of a volume'),
  sheet: word('FILE', 'also a contact sheet as PNG: a row of healthy pictures and one for each kind; one set only'),
} satisfies OptionTable;

/** `fusionclip phantom` */
export const phantomWrite: Command = {
  name: ['phantom'],
  summary: 'writes synthetic medical-looking data sets with lesions, masks and captions, arranged as BMAD sets',
  usage: '--out DIR [--set NAME]',
  examples: [
    'fusionclip phantom --set brain --out data',
    'fusionclip phantom --set chest --valid 24 --test 40 --seed 7 --out data --sheet chest.png',
  ],
  details: `Equal arguments give equal bytes. Kinds of lesion:
${NAMES.map((name) => `${name}: ${PHANTOM_FAMILIES[name].kinds.map((kind) => kind.name).join(', ')}`).join('\n')}`,
  flags: [{ title: 'Pictures', table: WRITE }],
  async run(call) {
    const { host } = call;
    exactly(0, call, 'fusionclip phantom --out DIR');
    const folder = need(flagValues(WRITE, call).out, 'out', 'name the folder to write to');
    await requireNoRun(host, folder);
    const reporter = new Reporter(host);
    const { signal, undo } = interruptSignal(host, reporter, 'Interrupted; the set that was not whole is removed.');
    const progressOf = (what: string) => (done: number, total: number) => {
      signal.throwIfAborted();
      if (host.isTerminal) reporter.listen({ type: 'stage', what, done, total });
    };
    try {
      await writeSets(call, folder, progressOf, () => reporter.clear());
    } finally {
      reporter.clear();
      undo();
    }
    return 0;
  },
};

/** Writes the sets that a command line names into a folder, with a line for each. @param clear takes the progress line away */
async function writeSets(
  call: Call,
  folder: string,
  progressOf: (what: string) => (done: number, total: number) => void,
  clear: () => void,
): Promise<void> {
  const { host } = call;
  const { set, out: _, kinds, sheet, volume, depth, ...numbers } = flagValues(WRITE, call);
  for (const name of set === 'all' ? (volume === 'none' ? NAMES : VOLUME_FAMILIES) : [set]) {
    const options = { set: name, out: folder, ...numbers, ...(kinds.length > 0 ? { kinds } : {}) };
    if (volume !== 'none') {
      const path = await writePhantomVolumes(host, { ...options, depth, format: volume }, progressOf(name));
      clear();
      const { valid, test, size, seed } = numbers;
      host.stdout(`${path}: ${valid} + ${test} patients, ${size}×${size}×${depth}, ${volume}, seed ${seed}\n`);
      continue;
    }
    const path = await writePhantoms(host, options, progressOf(name));
    clear();
    const { train, valid, test, size, seed } = numbers;
    const masks = phantomFamily(name).masks ? 'with masks' : 'image-level';
    host.stdout(`${path}: ${train} + ${valid} + ${test} pictures, ${size}×${size}, ${masks}, seed ${seed}\n`);
    if (sheet !== null && set !== 'all') {
      await host.writeFile(sheet, encodePng(contactSheet(name, seed, Math.min(size, 256), 8)));
    }
  }
}

const CHECK = {
  set: choice(SETS, 'all', 'the kind of picture'),
  seeds: list(integer(1, SEED, ''), [1, 2, 3], 'of the pictures'),
  count: integer(200, [2, 1e5], 'healthy pictures, and as many diseased ones'),
  size: integer(112, [32, 1024], 'pixels to a side'),
  json: toggle(false, 'the table as JSON'),
} satisfies OptionTable;

/** `fusionclip phantom check` */
export const phantomCheck: Command = {
  name: ['phantom', 'check'],
  summary: 'how well brightness alone tells diseased phantoms from healthy ones: image AUROC of trivial baselines',
  usage: '',
  examples: ['fusionclip phantom check', 'fusionclip phantom check --json'],
  details: `Exit code ${EXIT_CODES.bad_data} when a baseline reaches more than ${TRIVIAL_BOUND} in either direction.`,
  flags: [{ title: 'Check', table: CHECK }],
  async run(call) {
    const { host } = call;
    exactly(0, call, 'fusionclip phantom check');
    const { set, seeds, count, size, json } = flagValues(CHECK, call);
    const rows = intensityTable(seeds, count, size, set === 'all' ? NAMES : [set]);
    host.stdout(`${json ? JSON.stringify(rows, null, 2) : formatIntensityTable(rows)}\n`);
    return rows.every(({ worst }) => worst <= TRIVIAL_BOUND) ? 0 : EXIT_CODES.bad_data;
  },
};
