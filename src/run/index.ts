export * from './json_lines.ts';
export * from './order.ts';
export * from './progress.ts';
export * from './version.ts';
