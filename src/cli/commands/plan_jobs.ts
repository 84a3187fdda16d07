import { FusionclipError } from '../../base/errors.ts';
import { choice, integer, type OptionTable, text } from '../../base/option.ts';
import { joinPath } from '../../base/paths.ts';
import { kubernetesManifest, quoted, slurmScript } from '../../shards/emit.ts';
import { Plan } from '../../shards/plan.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';

const name = (fallback: string, help: string) => text(fallback, /^[\w./:@-]+$/, 'NAME', help);

const FLAGS = {
  emit: choice(['slurm', 'kubernetes'], 'slurm', 'an array for sbatch, or an Indexed Job for kubectl'),
  tasks: integer(64, [1, 1e5], 'tasks that the shards are dealt to; one is never without a shard'),
  parallel: integer(8, [1, 1e5], 'tasks at the same time'),
  gpus: integer(1, [0, 1], 'GPUs of a task, which uses one at most: more --tasks use more; 0: the software driver'),
  cpus: integer(4, [1, 1024], 'cores of a task'),
  memory: integer(8, [1, 4096], 'GiB of memory of a task'),
  minutes: integer(240, [1, 1e5], 'that a task may take; what it has done by then stays'),
  retries: integer(5, [0, 100], 'of a task whose failure may pass'),
  image: name('fusionclip:latest', 'for kubernetes: the container image (docker/gpu.Dockerfile)'),
  'claim.plan': name('fusionclip-plan', 'for kubernetes: the volume claim of the plan'),
  'claim.data': name('fusionclip-data', 'for kubernetes: the volume claim of the inputs, which are at /data'),
  'claim.models': name('fusionclip-models', 'for kubernetes: the volume claim of models and their cache, at /models'),
  model: word('PATH', 'where CLIP lies for the workers; default: as planned'),
} satisfies OptionTable;

/** `fusionclip plan --emit` */
export const planJobs: Command = {
  name: ['plan'],
  summary: 'writes the script or manifest that does a plan on SLURM or Kubernetes',
  usage: 'PLAN --emit slurm|kubernetes',
  examples: [
    'fusionclip plan /plans/scans --emit slurm --tasks 64',
    'fusionclip plan /plans/scans --emit kubernetes --gpus 1 --image registry/fusionclip:1',
  ],
  details: `Writes PLAN/jobs/job.sh or PLAN/jobs/job.yaml. PLAN is its path as the workers see it, and must be on storage that all
of them share.`,
  flags: [{ title: 'Jobs', table: FLAGS }],
  async run(call) {
    exactly(1, call, 'fusionclip plan PLAN --emit slurm|kubernetes');
    const { host, positional } = call;
    const { emit, ...request } = flagValues(FLAGS, call);
    const isSlurm = emit === 'slurm';
    const alien = Object.keys(call.flags).find((name) => name === 'image' || name.startsWith('claim.'));
    if (isSlurm && alien) {
      throw new FusionclipError('usage', `--${alien} is for --emit kubernetes, and slurm has none; leave it out.`);
    }
    const plan = await Plan.open(host, positional[0]);
    const path = host.absolutePath ? await host.absolutePath(plan.path) : plan.path;
    const { 'claim.plan': planClaim, 'claim.data': data, 'claim.models': models, ...rest } = request;
    const all = { ...rest, plan: path, claims: { plan: planClaim, data, models } };
    const made = isSlurm ? slurmScript(plan.facts, all) : kubernetesManifest(plan.facts, all);
    const file = joinPath(plan.path, 'jobs', isSlurm ? 'job.sh' : 'job.yaml');
    await host.writeFile(file, made);
    host.stdout(`${isSlurm ? 'sbatch' : 'kubectl apply -f'} ${quoted(file)}\n`);
    return 0;
  },
};
