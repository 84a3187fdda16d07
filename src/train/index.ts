export * from './checkpoint.ts';
export * from './provenance.ts';
export * from './shared_trainings.ts';
export * from './step_inputs.ts';
export * from './train_run.ts';
export * from './trainer.ts';
export * from './training.ts';
