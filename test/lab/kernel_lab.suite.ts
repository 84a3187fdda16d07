import { assert } from 'chai';
import type { CheckResult, LabJob, OwnKernel, ShaderEdit } from '../../src/lab/job.ts';
import { KernelLab } from '../../src/lab/kernel_lab.ts';
import { OWN_TEMPLATE } from '../../src/lab/own_template.ts';
import { suite, type TestContext, test } from '../harness/registry.ts';

const JOB: LabJob = {
  ...{ kernel: 'softmax', variant: 'only', rows: '', sizes: { rows: 5, width: 7 }, edits: {}, own: null },
};
const OWN: OwnKernel = {
  ...{ source: OWN_TEMPLATE, groups: [2, 1, 1], params: { count: 100, factor: 3 } },
  buffers: { x: { length: 100, fill: 'count' }, y: { length: 100, fill: 'zeros' } },
};

/** What becomes of a job in which a part of a shader's text is another. */
async function edited(t: TestContext, job: LabJob, from: string, to: string): Promise<CheckResult> {
  const lab = new KernelLab(await t.gpu());
  using _lab = lab;
  const [{ name, source }] = lab.look(job).shaders;
  assert.include(source, from);
  const edit: ShaderEdit = { source: source.replace(from, to), constants: {}, groups: null };
  return await lab.check({ ...job, edits: { [name]: edit } });
}

suite('kernel lab', () => {
  test('an edit takes the place of the shader, and its error is that to the reference', async (t) => {
    const same = await edited(t, JOB, 'exp(x - max)', 'exp(x - the largest)');
    assert.isBelow(same.errors![0].absolute, 1e-6);
    assert.equal(same.errors![0].beyond, 0);
    const wrong = await edited(t, JOB, 'let factor = 1.0', 'let factor = 1.5');
    // Half as much again of the largest.
    assert.closeTo(wrong.errors![0].relative, 0.5, 1e-5);
    assert.equal(wrong.errors![0].beyond, 35);
  });

  test('what a kernel leaves out is not taken from an earlier run', async (t) => {
    const { errors } = await edited(t, JOB, 'at < params.rows)', 'at + 1u < params.rows)');
    assert.equal(errors![0].notFinite, 7);
  });

  test('errors of the compiler have their line', async (t) => {
    const { messages, without } = await edited(t, JOB, 'let factor = 1.0', 'let factor = nothing');
    assert.equal(without, 'messages');
    assert.include(messages[0].text, 'nothing');
    assert.isAbove(messages[0].line, 100);
  });

  test('another number of workgroups and other constants', async (t) => {
    const lab = new KernelLab(await t.gpu());
    using _lab = lab;
    const edit: ShaderEdit = { source: null, constants: { WORKGROUP: 2 }, groups: [2, 1, 1] };
    const { errors } = await lab.check({ ...JOB, edits: { softmax: edit } });
    assert.equal(errors![0].notFinite, 7);
  });

  // The tenth line of the template.
  for (const [what, text] of [
    ['a loop', '  for (var i = 0u; i < 9u; i += 0u) { y[0] = 1.0; }'],
    ['two, one in the other', '  loop { while i32(y[1]) < 9 { y[0] = 1.0; } if (y[2] > 1.0) { break; } }'],
    ['one with a barrier', '  loop { workgroupBarrier(); if (params.count == 7u) { break; } }'],
  ] as const) {
    test(`${what} without an end is stopped and said`, async (t) => {
      const lab = new KernelLab(await t.gpu());
      using _lab = lab;
      const source = OWN_TEMPLATE.replace(/ {2}if.*/, text);
      const { messages, without } = await lab.check({ ...JOB, own: { ...OWN, source } });
      assert.equal(without, 'endless');
      assert.equal(messages[0].line, 10);
      assert.match(messages[0].text, /does not (seem to )?end/);
    });
  }

  test("a kernel of one's own", async (t) => {
    const lab = new KernelLab(await t.gpu());
    using _lab = lab;
    const { samples, errors, without } = await lab.check({ ...JOB, own: OWN });
    assert.isNull(errors);
    assert.equal(without, 'own');
    assert.deepEqual(samples[0].first, [0, 3, 6, 9, 12, 15, 18, 21]);
    assert.equal(samples[0].most, 297);
    assert.equal(lab.look({ ...JOB, own: OWN }).bytes, 800);
  });
});
