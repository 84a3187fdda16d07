export * from './curves.ts';
export { worstFirst } from './gallery.tsx';
export * from './read_run.ts';
export * from './report.tsx';
export * from './verdict.ts';
