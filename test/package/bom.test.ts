import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { billOf, modulesIn, objections, originOf } from '../../scripts/bom.mjs';
import { billErrors } from './cyclonedx.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('the bill of materials', () => {
  test('names each package whose code a bundle holds, with version and licence, and none that was dropped', () => {
    const held = join(ROOT, 'node_modules/fflate/esm/browser.js');
    const made = join(ROOT, 'src/dicom/codecs/charls_js.gen.ts');
    const outputs = [
      {
        modules: {
          [held]: { renderedLength: 9 },
          [made]: { renderedLength: 9 },
          [join(ROOT, 'src/index.ts')]: { renderedLength: 9 },
        },
      },
      { modules: { [join(ROOT, 'node_modules/d3-dsv/src/index.js')]: { renderedLength: 0 } } },
      {},
    ];
    const { bom, licenses } = billOf(new Map([['lib', modulesIn(outputs)]]), ROOT);
    const { components, bomFormat, serialNumber } = JSON.parse(bom);
    expect(billErrors(JSON.parse(bom))).toEqual([]);
    const libraries = components.filter(({ type }: { type: string }) => type === 'library');
    expect(libraries.map(({ group, name }: Record<string, string>) => [group, name])).toEqual([
      ['@cornerstonejs', 'codec-charls'],
      [undefined, 'CharLS'],
      [undefined, 'emscripten'],
      [undefined, 'fflate'],
    ]);
    const { version, license } = JSON.parse(readFileSync(join(ROOT, 'node_modules/fflate/package.json'), 'utf8'));
    expect(libraries[3]).toMatchObject({
      version,
      purl: `pkg:npm/fflate@${version}`,
      licenses: [{ license: { id: license } }],
    });
    expect(libraries[3].hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
    expect([bomFormat, licenses.includes('Permission is hereby granted')]).toEqual(['CycloneDX', true]);
    expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test.each([
    ['openjpeg', 'OpenJPEG', 'BSD-2-Clause', 'Professor Benoit Macq'],
    ['charls', 'CharLS', 'BSD-3-Clause', 'Neither the name of the copyright holder'],
  ])(
    'what %s was compiled from is named by the version that it tells, with its terms',
    async (codec, name, id, terms) => {
      const made = join(ROOT, `src/dicom/codecs/${codec}_js.gen.ts`);
      const { bom, licenses } = billOf(new Map([['lib', [made]]]), ROOT);
      const { default: create } = await import(`@cornerstonejs/codec-${codec}`);
      const version = (await create()).getVersion();
      const component = JSON.parse(bom).components.find((one: { name: string }) => one.name === name);
      expect(component).toMatchObject({ version, licenses: [{ license: { id } }] });
      expect(component.purl).toMatch(/^pkg:github\/.+@/);
      expect(licenses).toContain(terms);
      expect(licenses).toContain('Chris Hafey');
    },
  );

  test('a licence that is not on the list, or has no text, or a package that NOTICE does not name, is refused', () => {
    const text = 'MIT';
    expect(objections({ name: 'some', license: 'MIT', text }, 'some (MIT)')).toEqual([]);
    expect(objections({ name: 'some', license: 'MIT' }, 'some (MIT)')).toEqual([
      'some is bundled without the text of its licence',
    ]);
    expect(objections({ name: 'some', license: 'GPL-3.0-only', text }, 'some')).toEqual([
      'some has the licence GPL-3.0-only, which is not on the list',
    ]);
    expect(objections({ name: 'other', license: 'ISC', text }, 'some')).toEqual([
      'other is bundled and NOTICE does not name it',
    ]);
  });

  test('a nested package is told from the one that it lies in', () => {
    const inside = join(ROOT, 'node_modules/a/node_modules/@b/c/d.js?commonjs');
    expect(originOf(inside, ROOT)).toEqual({ folder: join(ROOT, 'node_modules/a/node_modules/@b/c') });
    expect(originOf(join(ROOT, 'src/index.ts'), ROOT)).toBeNull();
  });
});
