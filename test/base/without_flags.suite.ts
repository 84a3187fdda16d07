import { assert } from 'chai';
import { pageMessage } from '../../app/worker/advice.ts';
import type { FusionclipError } from '../../src/base/errors.ts';
import { withoutFlags } from '../../src/base/without_flags.ts';
import { checkDataset, openInspected } from '../../src/data/layout/check.ts';
import { inventoryLines } from '../../src/data/layout/inventory.ts';
import { encodePng } from '../../src/data/png.ts';
import { plainSet } from '../data/datasets.ts';
import { suite, test } from '../harness/registry.ts';

suite('messages without flags', () => {
  test('the cause stays, and what needs no flag', () => {
    const cases = {
      'x.png has values from 0 to 15 alone; say how values are read with --range 0,15 or another LOW,HIGH.':
        'x.png has values from 0 to 15 alone.',
      'a: 3 images lie outside of the class folders; put them into one, or leave out with --skip a':
        'a: 3 images lie outside of the class folders; put them into one',
      'b has more than one folder: good and healthy; say which with --normal NAME.':
        'b has more than one folder: good and healthy.',
      'prompts say "Brain" (the name of the folder; --prompt.object TEXT says it better), e.g. "a photo".':
        'prompts say "Brain" (the name of the folder), e.g. "a photo".',
      'c: no image; put images there, or train without it (--shots.abnormal 0).':
        'c: no image; put images there, or train without it.',
      'd is empty. There are 3 more like it: see fusionclip data check data/d.':
        'd is empty. There are 3 more like it.',
      'x was not written by fusionclip train; give a run folder of it.':
        'x was not written by fusionclip train; give a run folder of it.',
      'y comes from fusionclip data, or is cut short; copy it again.':
        'y comes from fusionclip data, or is cut short; copy it again.',
      'Nothing to do; it ends here.': 'Nothing to do; it ends here.',
    };
    for (const [text, expected] of Object.entries(cases)) assert.equal(withoutFlags(text), expected);
  });

  test('a page says what it can do about a refused set, and none of its lines names a flag', async () => {
    const black = encodePng({ width: 12, height: 10, channels: 1, data: new Uint8Array(120).map((_, i) => i % 9) });
    const refused = async (path: string, more: Record<string, Uint8Array>) => {
      const fs = plainSet(4, true);
      for (const [name, bytes] of Object.entries(more)) fs.files.set(`/mine/${name}`, new Uint8Array(bytes));
      for (const line of inventoryLines(await checkDataset(fs, path))) assert.notMatch(withoutFlags(line), /--[a-z]/);
      return openInspected(fs, path).then(
        () => assert.fail('it was taken'),
        (error: FusionclipError) => pageMessage(error),
      );
    };
    assert.match(await refused('/mine', { 'good/4.png': black }), /0 to 8 alone.*\. Save such images with grey levels/);
    assert.match(await refused('/mine', { 'thumbnails/1.png': black }), /is it a class\?.* Leave the folder out/);
    assert.match(await refused('/mine', { 'cover.png': black }), /outside of the class folders.* Move them/);
    assert.match(await refused('/mine', { 'cut/9.webp': black }), /not read.* Convert them to PNG/);
  });
});
