import type { FileSystem } from '../base/file_system.ts';
import type { Looks } from '../data/apart/looks.ts';
import type { DecisionRule } from '../decide/decision_rule.ts';
import type { FusionRanges } from '../fusion/index.ts';
import type { Parameter } from '../nn/index.ts';
import { notOurs, type RunConfig } from '../run/run_config.ts';
import { STORED_INFERENCE } from '../run/stored.ts';
import { readRule, scoringHash } from './decision_file.ts';
import type { SeenScores } from './image_threshold.ts';
import type { SeenImages } from './known_images.ts';
import { bankSentence, bankTensors, isBankTensor, readBank, type SupportBank } from './support_bank.ts';
import { floats, openTensorFile, readAll, type StoredTensor, stored, writeTensorFile } from './tensor_file.ts';

/** The file that inference needs: weights, settings, thresholds and what is kept of the normal support images. */
export interface AdapterFile extends SeenScores {
  readonly header: RunConfig;
  /** By name of the parameter. */
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly bank: SupportBank;
  /** For `fuse calib`. */
  readonly ranges: FusionRanges | null;
  /** As in `Calibration`; null in files of before there was one. */
  readonly mapScale: number | null;
  /** Images that the run has looked at; null in files of before it was kept. */
  readonly seen: SeenImages | null;
  /** How the images looked that the run was made on; null of volumes, and in files of before it was kept. @internal */
  readonly looks: Looks | null;
  /** How the weights were chosen, e.g. `valid` or `last`. */
  readonly selectedBy: string;
  /** How scores become decisions: `calibrateRun` adds it; null without. */
  readonly rule: DecisionRule | null;
  /** Whether the file holds a rule of other weights or settings, which is left alone. */
  readonly staleRule: boolean;
}

/** Writes the file that inference needs. */
export async function saveAdapters(
  fs: FileSystem,
  path: string,
  file: Omit<AdapterFile, 'weights' | 'rule' | 'staleRule'>,
  parameters: readonly Parameter[],
): Promise<void> {
  const tensors = await readAll(new Map(parameters.map((p) => [p.name, p.value])), path);
  const { header, bank, ...inference } = file;
  const { kind, images } = bank;
  await writeTensorFile(fs, path, { what: 'adapters', header }, [...tensors, ...bankTensors(bank)], {
    bank: kind,
    // For whoever opens the file with other tools.
    contains: bankSentence(bank, 'This file'),
    inference: JSON.stringify({ ...inference, images }),
  });
}

/** Reads the file that `saveAdapters` wrote. Throws `io`, `bad_model`. */
export async function openAdapters(fs: FileSystem, path: string): Promise<AdapterFile> {
  const { tensors, metadata, header } = await openTensorFile(fs, path, 'adapters');
  const {
    images,
    mapScale = null,
    scores = null,
    testScores = null,
    seen = null,
    looks = null,
    ...inference
  } = stored(STORED_INFERENCE, metadata.get('inference'), path);
  const all = floats(tensors);
  const bank = readBank(metadata.get('bank') as SupportBank['kind'] | undefined, images, tensors, all);
  if (!bank) throw notOurs(path);
  const weights = new Map([...all].filter(([name]) => !isBankTensor(name)));
  const rule = readRule(metadata, path);
  const staleRule = rule !== null && rule.from.weights !== (await scoringHash(header, inference.ranges, tensors));
  const read = { ...inference, mapScale, scores, testScores, seen, looks, header, weights, bank };
  return { ...read, rule: staleRule ? null : rule, staleRule };
}
