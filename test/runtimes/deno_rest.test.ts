import { runtimeTests } from './runtime_tests.ts';

runtimeTests('deno', '2/2');
