export * from './curves.ts';
export * from './loss_series.ts';
export * from './model_card.tsx';
export * from './pictures.ts';
export * from './read_run.ts';
export * from './report.tsx';
export * from './verdict.ts';
export * from './worst_first.ts';
