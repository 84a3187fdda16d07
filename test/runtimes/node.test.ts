import { runtimeTests } from './runtime_tests.ts';

runtimeTests('node');
