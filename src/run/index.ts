export * from './json_lines.ts';
export * from './lock.ts';
export * from './on_device.ts';
export * from './order.ts';
export * from './progress.ts';
export * from './sealed_file.ts';
export * from './version.ts';
