export * from './environment.ts';
export * from './events.ts';
export * from './model_identity.ts';
export * from './options.ts';
export * from './run_config.ts';
export * from './run_folder.ts';
export * from './run_state.ts';
export * from './stored.ts';
