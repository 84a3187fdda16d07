import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import { baseName } from '../base/paths.ts';
import type { PlanFacts } from './plan.ts';

/** How the shards of a plan become jobs of a cluster. */
export interface JobRequest {
  /** Path of the plan, as every worker sees it. */
  readonly plan: string;
  /** Tasks that the shards are dealt to. */
  readonly tasks: number;
  /** Tasks at the same time. */
  readonly parallel: number;
  /** GPUs of a task, 1 or 0: a software driver, on as many threads as the task has cores. */
  readonly gpus: number;
  readonly cpus: number;
  readonly memory: number;
  /** Minutes that a task may take. */
  readonly minutes: number;
  /** Times that a task is tried again. */
  readonly retries: number;
  /** For Kubernetes: the container image. */
  readonly image: string;
  /** For Kubernetes: claims of volumes for the plan, the inputs, and models with the cache. */
  readonly claims: { readonly plan: string; readonly data: string; readonly models: string };
  /** Where models lie for the workers; null: as planned. */
  readonly model: string | null;
}

/** Exit codes of `fusionclip work` that another try does not mend: see `FINAL_CODES`. */
export const FINAL_EXITS = [2, 4, 5, 6, 7, 10, 11];

/**
 * A script for `sbatch`: an array with a task for each part of the shards. A task whose failure may pass is put back in the queue, as
 * often as `retries` says; one that was cut off by the time limit goes on behind the parts that are there.
 */
export function slurmScript(facts: PlanFacts, request: JobRequest): string {
  const { plan, parallel, gpus, cpus, memory, minutes, retries, model } = request;
  const tasks = tasksOf(facts, request);
  const hours = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:00`;
  const place = model === null ? '' : ` --model ${quoted(model)}`;
  return `#!/bin/bash
# ${counted(facts.inputs, 'input')} in ${counted(facts.shards, 'shard')}. sbatch this; then fusionclip merge ${quoted(plan)}
#SBATCH --job-name=${jobName(plan)}
#SBATCH --array=1-${tasks}%${Math.min(parallel, tasks)}
#SBATCH --cpus-per-task=${cpus}
#SBATCH --mem=${memory}G
#SBATCH --time=${hours}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output="${plan}/jobs/%A_%a.log"
${gpus > 0 ? `#SBATCH --gres=gpu:${gpus}\n` : ''}
${gpus > 0 ? '' : `export LP_NUM_THREADS=${cpus}\n`}fusionclip=\${FUSIONCLIP:-npx fusionclip}
$fusionclip work ${quoted(plan)} --shard "$SLURM_ARRAY_TASK_ID/${tasks}"${place}
code=$?
case $code in
  0) exit 0 ;;
  ${FINAL_EXITS.join('|')}) exit $code ;; # wrong flags, data or model: PLAN/failed says what
esac
# A lost device, a full disk, the network: try again, later each time.
tries=\${SLURM_RESTART_COUNT:-0}
if [ "$tries" -lt ${retries} ]; then
  sleep $((\${FUSIONCLIP_BACKOFF:-10} * (1 << tries)))
  job=\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}
  scontrol requeue "$job" && exit 0
fi
exit $code
`;
}

/**
 * A manifest for `kubectl apply`: an Indexed Job with a back-off for each index. Kubernetes tries an index again unless its exit
 * code says that it never will do.
 */
export function kubernetesManifest(facts: PlanFacts, request: JobRequest): string {
  const { plan, parallel, gpus, cpus, memory, minutes, retries, image, claims, model } = request;
  const tasks = tasksOf(facts, request);
  const place = model === null ? '' : ` --model ${quoted(model)}`;
  const command = `exec fusionclip work ${quoted(plan)} --shard "$((JOB_COMPLETION_INDEX + 1))/${tasks}"${place}`;
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: jobName(plan), labels: { app: 'fusionclip' } },
    spec: {
      completionMode: 'Indexed',
      completions: tasks,
      parallelism: Math.min(parallel, tasks),
      backoffLimitPerIndex: retries,
      maxFailedIndexes: tasks,
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          {
            action: 'FailIndex',
            onExitCodes: { containerName: 'work', operator: 'In', values: FINAL_EXITS },
          },
        ],
      },
      template: {
        metadata: { labels: { app: 'fusionclip' } },
        spec: {
          restartPolicy: 'Never',
          activeDeadlineSeconds: minutes * 60,
          containers: [
            {
              name: 'work',
              image,
              command: ['/bin/sh', '-c', command],
              env: [
                { name: 'HF_HOME', value: '/models' },
                ...(gpus > 0 ? [] : [{ name: 'LP_NUM_THREADS', value: String(cpus) }]),
              ],
              resources: {
                requests: { cpu: String(cpus), memory: `${memory}Gi` },
                limits: { memory: `${memory}Gi`, ...(gpus > 0 && { 'nvidia.com/gpu': String(gpus) }) },
              },
              volumeMounts: [
                { name: 'plan', mountPath: plan },
                { name: 'data', mountPath: '/data', readOnly: true },
                { name: 'models', mountPath: '/models' },
              ],
            },
          ],
          volumes: (['plan', 'data', 'models'] as const).map((name) => ({
            name,
            persistentVolumeClaim: { claimName: claims[name] },
          })),
        },
      },
    },
  };
  // YAML is a superset of JSON.
  return `${JSON.stringify(job, null, 2)}\n`;
}

/** No task without a shard. */
function tasksOf({ shards }: PlanFacts, { tasks }: JobRequest): number {
  return Math.max(1, Math.min(tasks, shards));
}

function jobName(plan: string): string {
  const plain = baseName(plan)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return `fusionclip-${plain}`.slice(0, 50).replace(/-+$/, '');
}

/** A path as a word of a shell. @throws FusionclipError `usage` for what would break out of a line of a script */
export function quoted(path: string): string {
  if (/^[\w./:@+-]+$/.test(path)) return path;
  if (/[\n\r%"\\]/.test(path))
    throw new FusionclipError('usage', 'A path with a line end, %, " or \\ fits in no job; give another.');
  return `'${path.replaceAll("'", "'\\''")}'`;
}
