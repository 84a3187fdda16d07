import { runtimeTests } from './runtime_tests.ts';

runtimeTests('deno', '1/2');
