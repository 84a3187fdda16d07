import { expect } from 'chai';
import { collectVolumes } from '../../src/volume/collect.ts';
import { suite, test } from '../harness/registry.ts';
import { folder, sliceFile } from './series_maker.ts';

suite('slices in their order', () => {
  const opened = async () => {
    const fs = folder(Array.from({ length: 6 }, (_, z) => sliceFile(z)));
    const [{ volume }] = (await collectVolumes(fs, 's')).volumes;
    const reads = async (k: number) => {
      const before = fs.reads.length;
      await volume.slice(k);
      return fs.reads.slice(before).map((path) => path.slice(-1));
    };
    return { fs, volume, reads };
  };

  test('the next files are read meanwhile, each once; out of their order none is', async () => {
    const { volume, reads } = await opened();
    expect(await reads(0)).to.deep.equal(['0', '1', '2', '3']);
    expect(await reads(0)).to.deep.equal([]);
    expect(await reads(1)).to.deep.equal(['4']);
    expect(await reads(2)).to.deep.equal(['5']);
    expect(await reads(5)).to.deep.equal(['5']);
    expect(await reads(2)).to.deep.equal(['2']);
    expect(await reads(3)).to.deep.equal(['3', '4', '5']);
    const slice = await volume.slice(4);
    expect(slice.kind === 'grey' && slice.values[0]).to.equal(4);
  });

  test('a file that is gone is an error of its own slice alone, and not once it is back', async () => {
    const { fs, volume, reads } = await opened();
    const lost = await fs.readFile('s/IM002');
    await fs.remove('s/IM002');
    await volume.slice(0);
    await volume.slice(1);
    expect(await volume.slice(2).catch(({ code }) => code)).to.equal('io');
    await fs.writeFile('s/IM002', lost);
    expect(await reads(2)).to.deep.equal(['2']);
  });
});
