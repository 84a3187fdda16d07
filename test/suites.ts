/** Every suite, in the order of paths; test/runtimes/suites.test.ts fails when one is missing here. */
import './clip/tokenizer.suite.ts';
