import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { mutationBases } from './mutation_bases.ts';
import { fateOf, mutated } from './mutations.ts';

/** Mutations in all; scripts/mutated_inputs.ts makes a million. */
const COUNT = 10_000;

suite('DICOM and NIfTI: mutated inputs', () => {
  test(
    'each of 10,000 is read or refused in words',
    async (t) => {
      const frames = JSON.parse(new TextDecoder().decode(await t.fixture('dicom/codec_frames.json')));
      const bases = mutationBases(frames);
      for (const { name, kind, bytes } of bases) expect(await fateOf(bytes, kind), name).to.equal('read');
      let refused = 0;
      for (let seed = 0; seed < COUNT; seed++) {
        const { kind, bytes, name } = bases[seed % bases.length];
        try {
          if ((await fateOf(mutated(bytes, seed), kind)) === 'refused') refused++;
        } catch (error) {
          throw new Error(`${name}, seed ${seed}: ${error}`, { cause: error });
        }
      }
      // A mutation may hit what nobody looks at; most of them do matter.
      expect(refused).to.be.within(COUNT / 5, COUNT);
    },
    ['deno'],
  );
});
