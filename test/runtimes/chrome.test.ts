import { runtimeTests } from './runtime_tests.ts';

runtimeTests('chrome');
