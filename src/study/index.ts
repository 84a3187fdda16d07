export * from './embedded.ts';
export * from './grid.ts';
export * from './naming.ts';
export * from './phantom_sets.ts';
export * from './reproduction/index.ts';
export * from './study_run.ts';
export * from './summary.ts';
export * from './table.ts';
