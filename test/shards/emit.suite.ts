import { assert } from 'chai';
import { EXIT_CODES } from '../../src/host/exit_codes.ts';
import { FINAL_CODES } from '../../src/shards/again.ts';
import { FINAL_EXITS, type JobRequest, kubernetesManifest, slurmScript } from '../../src/shards/emit.ts';
import type { PlanFacts } from '../../src/shards/plan.ts';
import { suite, test } from '../harness/registry.ts';

const FACTS = { shards: 10, inputs: 5000 } as PlanFacts;
const REQUEST: JobRequest = {
  ...{ plan: "/plans/it's mine", tasks: 64, parallel: 4, gpus: 1, cpus: 2, memory: 8, minutes: 90, retries: 3 },
  ...{ image: 'a/b:1', claims: { plan: 'p', data: 'd', models: 'm' }, model: null },
};

suite('jobs of a cluster', () => {
  test('give up on the exit codes that never will do, and on no others', () => {
    assert.deepEqual(
      FINAL_EXITS,
      FINAL_CODES.map((code) => EXIT_CODES[code]).sort((a, b) => a - b),
    );
    const { spec } = JSON.parse(kubernetesManifest(FACTS, REQUEST));
    assert.deepEqual(spec.podFailurePolicy.rules[1].onExitCodes.values, FINAL_EXITS);
    assert.include(slurmScript(FACTS, REQUEST), '2|4|5|6|7|10|11) exit $code');
  });

  test('deal all shards to tasks, and no task is without one', () => {
    const script = slurmScript(FACTS, REQUEST);
    assert.include(script, '#SBATCH --array=1-10%4\n');
    assert.include(script, '#SBATCH --time=1:30:00\n');
    assert.include(script, `work '/plans/it'\\''s mine' --shard "$SLURM_ARRAY_TASK_ID/10"`);
    const { spec, metadata } = JSON.parse(kubernetesManifest(FACTS, REQUEST));
    assert.include(spec, { completionMode: 'Indexed', completions: 10, parallelism: 4, backoffLimitPerIndex: 3 });
    assert.equal(metadata.name, 'fusionclip-it-s-mine');
    assert.include(spec.template.spec.containers[0].command[2], '$((JOB_COMPLETION_INDEX + 1))/10');
    const software = slurmScript(FACTS, { ...REQUEST, gpus: 0 });
    assert.notInclude(software, 'gpu');
    assert.include(software, 'export LP_NUM_THREADS=2\n');
  });

  test('refuse a path that would break out of a line', () => {
    for (const plan of ['/a"b', '/a\\b', '/a%b', '/a\nb']) {
      for (const made of [slurmScript, kubernetesManifest]) {
        assert.throws(() => made(FACTS, { ...REQUEST, plan }), /fits in no job/, plan);
      }
    }
  });
});
