import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The suites of the tree, to find out whether a mutation names one that is there. */
export class Suites {
  readonly #root: string;
  readonly #texts: ReadonlyMap<string, string>;

  /** @param root the repository */
  constructor(root: string) {
    this.#root = root;
    const names = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
    const paths = names.filter((name) => name.endsWith('.suite.ts')).map((name) => `test/${name}`);
    this.#texts = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
  }

  /** What is wrong with a mutation's suite (see `Mutation.suite`), or null: `direct.ts` would run all suites for it. */
  problem(suite: string): string | null {
    const [path, ...cases] = suite.split(' > ');
    if (path.endsWith('.test.ts')) return existsSync(join(this.#root, path)) ? null : `there is no vitest file ${path}`;
    const texts = [...this.#texts].filter(([name]) => name.includes(path)).map(([, text]) => text);
    if (texts.length === 0) return `no suite's path contains ${path}`;
    const missing = cases.find((word) => !texts.some((text) => text.includes(word)));
    return missing === undefined ? null : `no case of ${path} is called ${missing}`;
  }
}
