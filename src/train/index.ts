export type { Link } from '../base/link.ts';
export type { GivenOptions, TrainOptions } from '../run/options.ts';
export type { PartGradients, StepOwner } from './gradient_parts.ts';
export { type MemberPlaces, type PartWorker, serveTraining } from './member.ts';
export { type KeptTraining, SharedTrainings, type TrainedEpoch } from './shared_trainings.ts';
export { StepInputs } from './step_inputs.ts';
export { Team } from './team.ts';
export {
  type ResumePlaces,
  resumeRun,
  type TrainContext,
  type TrainOutcome,
  type TrainRequest,
  trainRun,
} from './train_run.ts';
export { Trainer, type TrainerChoices, type TrainerHooks } from './trainer.ts';
