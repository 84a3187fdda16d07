import { expect } from 'chai';
import { overlaid } from '../../src/base/overlaid.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { ReadAhead } from '../../src/volume/read_ahead.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { folder, sliceFile } from './series_maker.ts';

suite('slices in their order', () => {
  const opened = async () => {
    const fs = folder(Array.from({ length: 12 }, (_, z) => sliceFile(z)));
    const [{ volume }] = (await collectVolumes(fs, 's')).volumes;
    const reads = async (k: number) => {
      const before = fs.reads.length;
      await volume.slice(k);
      return fs.reads.slice(before).map((path) => Number(path.slice(-3)));
    };
    return { fs, volume, reads };
  };

  test('the next files are read meanwhile, each once; out of their order none is', async () => {
    const { volume, reads } = await opened();
    expect(await reads(0)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await reads(0)).to.deep.equal([]);
    expect(await reads(1)).to.deep.equal([9]);
    expect(await reads(2)).to.deep.equal([10]);
    expect(await reads(11)).to.deep.equal([11]);
    expect(await reads(2)).to.deep.equal([2]);
    expect(await reads(3)).to.deep.equal([3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const slice = await volume.slice(4);
    expect(slice.kind === 'grey' && slice.values[0]).to.equal(4);
  });

  test('a slice has the same values each time, by turns and at once, and they are not those that lie in its file', async () => {
    const files = [0, 1].map((z) => {
      return sliceFile(z, { grey: { signed: false, stored: 12 }, more: [[0x00281052, 'DS', '-1024']] });
    });
    const [{ volume }] = (await collectVolumes(folder(files), 's')).volumes;
    const first = async (k: number) => {
      const slice = await volume.slice(k);
      return slice.kind === 'grey' && slice.values[0];
    };
    expect(await Promise.all([0, 0, 1, 1, 0].map(first))).to.deep.equal([-1024, -1024, -1023, -1023, -1024]);
    for (const k of [0, 0, 1, 0]) expect(await first(k)).to.equal(k - 1024);
  });

  test('a file that is gone is an error of its own slice alone, and not once it is back', async () => {
    const { fs, volume, reads } = await opened();
    const lost = await fs.readFile('s/IM002');
    await fs.remove('s/IM002');
    await volume.slice(0);
    await volume.slice(1);
    expect(await volume.slice(2).catch(({ code }) => code)).to.equal('io');
    await fs.writeFile('s/IM002', lost);
    expect(await reads(2)).to.deep.equal([2]);
  });

  test('what was handed out is not held', async () => {
    const fs = folder([sliceFile(0), sliceFile(1)]);
    const files = new ReadAhead(fs, ['s/IM000', 's/IM001']);
    for (const k of [0, 1, 1]) await files.read(k, true);
    expect(fs.reads.map((path) => Number(path.slice(-1)))).to.deep.equal([0, 1, 1]);
  });

  test('of large files fewer are read meanwhile, and at least one', async () => {
    const asked = async (megabytes: number) => {
      let count = 0;
      const readFile = async () => {
        count++;
        return { length: megabytes * 2 ** 20 } as Uint8Array<ArrayBuffer>;
      };
      const files = new ReadAhead(overlaid(new MemoryFileSystem(), { readFile }), ['a', 'b', 'c', 'd', 'e', 'f']);
      await files.read(0, true);
      return count - 1;
    };
    expect([await asked(8), await asked(15), await asked(2000)]).to.deep.equal([4, 2, 1]);
  });
});
