import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const action = parse(read('ci/action/action.yml'));
const { version } = JSON.parse(read('package.json')) as { version: string };
const WORKFLOWS = [
  ...readdirSync(join(ROOT, '.github/workflows')).map((name) => `.github/workflows/${name}`),
  'ci/workflow.example.yml',
];

/** The first versions of GitHub's own actions that run on Node 24; its runners have no older one. */
const ON_NODE_24: Readonly<Record<string, number>> = {
  checkout: 5,
  'setup-node': 5,
  cache: 5,
  'upload-artifact': 6,
};

/** All steps of the action and of the workflows. */
function allSteps(): Step[] {
  const jobs = WORKFLOWS.flatMap((path) => Object.values(parse(read(path)).jobs as Record<string, { steps: Step[] }>));
  return [...action.runs.steps, ...jobs.flatMap(({ steps }) => steps)];
}

describe('the action and the workflows', () => {
  test('scripts are sound, and nothing of elsewhere is pasted into them', () => {
    const scripts = allSteps().flatMap(({ run }) => run ?? []);
    expect(scripts.length).toBeGreaterThan(8);
    for (const script of scripts) {
      // An expression in a script would run what a branch or a title is called.
      expect(script).not.toContain('${{');
      expect(spawnSync('bash', ['-n', '-c', script], { encoding: 'utf8' }).stderr).toBe('');
    }
  });

  test('actions are of versions that runners still start', () => {
    const used = allSteps().flatMap(({ uses }) => /^actions\/([\w-]+)\S*@v(\d+)$/.exec(uses ?? '') ?? []);
    expect(used.length).toBeGreaterThan(8);
    for (let i = 0; i < used.length; i += 3) {
      expect(Number(used[i + 2]), used[i]).toBeGreaterThanOrEqual(ON_NODE_24[used[i + 1]] ?? Infinity);
    }
  });

  test('the recipe for GitLab is read as it stands, and a merge request sees the last run of the main branch', () => {
    const [recipe] = /```yaml\ndetector:[\s\S]*?```/.exec(read('docs/ci.md')) ?? [''];
    const { detector } = parse(recipe.replaceAll(/```(yaml)?/g, ''));
    for (const line of detector.script)
      expect(spawnSync('sh', ['-n', '-c', line], { encoding: 'utf8' }).stderr).toBe('');
    const last = detector.cache.find(({ paths }: { paths: string[] }) => paths.includes('last'));
    expect(last).toMatchObject({ unprotect: true });
  });

  test('an input that a step uses is one that the action has, and the other way round', () => {
    const used = new Set([...read('ci/action/action.yml').matchAll(/inputs\.(\w+)/g)].map(([, name]) => name));
    expect([...used].sort()).toEqual(Object.keys(action.inputs).sort());
  });

  test('the action and the documents name the version that they belong to', () => {
    expect(action.inputs.package.default).toBe(`fusionclip@${version}`);
    for (const path of ['docs/ci.md', 'ci/workflow.example.yml']) {
      const named = [...read(path).matchAll(/(?:fusionclip|ci\/action)@v?(\d\S*)/g)].map(([, one]) => one);
      expect(named.length).toBeGreaterThan(0);
      expect(new Set(named)).toEqual(new Set([version]));
    }
  });

  test('a workflow may do nothing that it does not say, and a release has no token', () => {
    for (const path of WORKFLOWS) expect(parse(read(path)).permissions).toMatchObject({ contents: 'read' });
    const release = parse(read('.github/workflows/release.yml'));
    expect(release.jobs.publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    expect(read('.github/workflows/release.yml')).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN|secrets\./);
    expect(read('.github/workflows/release.yml')).toContain('npm publish --provenance');
  });
});
