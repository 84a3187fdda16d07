/**
 * `npm run scale:kubernetes`: holds the manifests of `fusionclip plan --emit kubernetes`, with and without a GPU, to the schemas of
 * Kubernetes itself, with PyPI's `kubernetes-validate`, which holds them and is installed in a folder of its own for this run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { kubernetesManifest } from '../src/shards/emit.ts';
import type { PlanFacts } from '../src/shards/plan.ts';

/** The first that knows a back-off for each index in its stable API, and those after it. */
const VERSIONS = ['1.33', '1.34', '1.35', '1.36', '1.37'];
const FACTS = { plan: 'archive', inputs: 5000, shards: 10 } as unknown as PlanFacts;
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-kubernetes-'));
const at = (name: string) => join(folder, name);

function run(command: string, ...args: string[]): { readonly ok: boolean; readonly text: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return { ok: status === 0, text: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim() };
}

/** @throws Error with the command's own words */
function must(command: string, ...args: string[]): string {
  const { ok, text } = run(command, ...args);
  if (!ok) throw new Error(`${command} ${args.join(' ')} failed: ${text}`);
  return text;
}

function manifest(gpus: number): string {
  const file = at(`gpus${gpus}.yaml`);
  const size = { tasks: 64, parallel: 4, gpus, cpus: 2, memory: 8, minutes: 90, retries: 3 };
  const claims = { plan: 'plan', data: 'data', models: 'models' };
  const request = { plan: '/plans/scans', ...size, image: 'registry/fusionclip:1', claims, model: null };
  writeFileSync(file, kubernetesManifest(FACTS, request));
  return file;
}

try {
  must('python3', '-m', 'venv', at('venv'));
  must(at('venv/bin/pip'), 'install', '--quiet', '--disable-pip-version-check', 'kubernetes-validate');
  const validate = at('venv/bin/kubernetes-validate');
  const files = [manifest(1), manifest(0)];
  for (const version of VERSIONS) {
    const { ok, text } = run(validate, '-k', version, '--strict', ...files);
    console.log(`Kubernetes ${version}: ${ok ? 'both manifests are valid' : `FAILED: ${text}`}`);
    if (!ok) process.exitCode = 1;
  }
  // What a wrong manifest gets: a check that passes everything shows nothing.
  const wrong = at('wrong.yaml');
  writeFileSync(wrong, JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', spec: { backoffLimitPerIndexes: 3 } }));
  const refused = !run(validate, '-k', VERSIONS[0], '--strict', wrong).ok;
  console.log(`a manifest with a word that is none: ${refused ? 'refused' : 'FAILED: passes'}`);
  if (!refused) process.exitCode = 1;
} catch (error) {
  console.log(`FAILED: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
