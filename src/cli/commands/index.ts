import type { Command } from '../command.ts';
import { phantomCheck, phantomWrite } from '../phantom.ts';
import { calibrate } from './calibrate.ts';
import { ci } from './ci.ts';
import { compare } from './compare.ts';
import { cost } from './cost.ts';
import { dataCheck } from './data.ts';
import { dataAudit } from './data_audit.ts';
import { demo } from './demo.ts';
import { dataFetch, dataStore } from './dicomweb.ts';
import { doctor } from './doctor.ts';
import { embed } from './embed.ts';
import { evaluate } from './eval.ts';
import { merge } from './merge.ts';
import { modelGenerate, modelInspect } from './model.ts';
import { modelPull } from './model_pull.ts';
import { planArchiveCommand } from './plan_archive.ts';
import { planGridCommand } from './plan_grid.ts';
import { planJobs } from './plan_jobs.ts';
import { predict } from './predict.ts';
import { pretraining } from './pretrain.ts';
import { queueCommand, queueStatusCommand } from './queue.ts';
import { report } from './report.ts';
import { reproduceCommand } from './reproduce.ts';
import { studyEmbeddedCommand } from './study.ts';
import { studyGapCommand } from './study_gap.ts';
import { sweepCommand } from './sweep.ts';
import { train } from './train.ts';
import { trainWorker } from './train_worker.ts';
import { tune } from './tune.ts';
import { work } from './work.ts';
import { worker } from './worker.ts';

/** All commands, in the order of the help text. */
export const COMMANDS: readonly Command[] = [
  train,
  evaluate,
  calibrate,
  predict,
  report,
  sweepCommand,
  compare,
  ci,
  embed,
  cost,
  dataCheck,
  dataAudit,
  dataFetch,
  dataStore,
  doctor,
  tune,
  demo,
  modelGenerate,
  modelInspect,
  modelPull,
  phantomCheck,
  phantomWrite,
  pretraining,
  reproduceCommand,
  studyEmbeddedCommand,
  planArchiveCommand,
  planGridCommand,
  planJobs,
  work,
  trainWorker,
  queueCommand,
  queueStatusCommand,
  worker,
  merge,
  studyGapCommand,
];
