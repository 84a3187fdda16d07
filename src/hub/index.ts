export * from './folder_files.ts';
export * from './pull.ts';
export * from './repository.ts';
export * from './transfer.ts';
export * from './web_files.ts';
