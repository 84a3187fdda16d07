import { type JUnitCase, junitXml } from '../../src/base/junit.ts';

/** `ok`, `pass` or `FAIL`, perhaps an error over its tolerance, and a name, perhaps with a time. */
const LINE = /^(ok|pass|FAIL)\s+(?:\d+\.\d+\s+)?(.*?)(?:\s+(\d+) ms)?$/;

/** How a program that ran to its end says so. */
const END = /^\d+ passed, \d+ failed$/;

/**
 * JUnit XML of what `npm run suites` and `npm run golden` print: a line a case, below a failure its reason, indented. A program that
 * dies before it counts its cases has one that fails.
 */
export class JUnitLines {
  readonly #suite: string;
  readonly #cases: { name: string; seconds: number; failure: string | null }[] = [];
  #rest = '';
  #ended = false;

  constructor(suite: string) {
    this.#suite = suite;
  }

  /** Takes a piece of output. */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#take(line);
  }

  /** The file. */
  xml(): string {
    this.push('\n');
    const cut = this.#ended ? [] : [{ name: 'all cases', failure: 'the program ended before all cases had run' }];
    return junitXml(this.#suite, [...this.#cases, ...cut] satisfies JUnitCase[]);
  }

  #take(line: string): void {
    if (END.test(line)) this.#ended = true;
    const last = this.#cases[this.#cases.length - 1];
    const found = LINE.exec(line);
    if (found) {
      const [, word, name, ms] = found;
      this.#cases.push({ name, seconds: Number(ms ?? 0) / 1000, failure: word === 'FAIL' ? line : null });
    } else if (/^\s/.test(line) && last?.failure) last.failure += `\n${line.trim()}`;
  }
}
