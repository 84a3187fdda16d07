/**
 * What is inside the built files: `dist/bom.cdx.json`, a bill of materials (CycloneDX 1.6) with name, version and licence of each package
 * that the bundler has taken code from, and `dist/licenses.txt`, their licences in full. A licence that is not on the list, or a package
 * that NOTICE does not name, is an error. Equal sources give equal bytes.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { licenseText } from './license_texts.mjs';

/** Licences whose terms a copy of their text, as in licenses.txt, fulfils. */
export const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** What the codecs' builds hold beside the code of their own package, by the versions that they tell; that of Emscripten's runtime none tells. */
const COMPILED = {
  emscripten: {
    name: 'emscripten',
    license: 'MIT',
    url: 'https://github.com/emscripten-core/emscripten',
    holders: ['2010-2014 Emscripten authors, see AUTHORS file.'],
  },
  openjpeg: {
    name: 'OpenJPEG',
    version: '2.5.4',
    license: 'BSD-2-Clause',
    url: 'https://github.com/uclouvain/openjpeg',
    holders: [
      '2002-2014, Universite catholique de Louvain (UCL), Belgium',
      '2002-2014, Professor Benoit Macq',
      '2003-2014, Antonin Descampe',
      '2003-2009, Francois-Olivier Devaux',
      '2005, Herve Drolon, FreeImage Team',
      '2002-2003, Yannick Verschueren',
      '2001-2003, David Janssens',
      "2011-2012, Centre National d'Etudes Spatiales (CNES), France",
      "2012, CS Systemes d'Information, France",
    ],
  },
  charls: {
    name: 'CharLS',
    version: '2.4.4',
    license: 'BSD-3-Clause',
    url: 'https://github.com/team-charls/charls',
    holders: ['2007, Jan de Vaan \\ Victor Derks'],
  },
};
const CODEC_HOLDERS = ['Chris Hafey'];

/** Modules that are made from a package, or copied from a project, by a script of this repository; and what else is in them. */
const MADE = [
  [
    /^src\/dicom\/codecs\/openjpeg_/,
    { npm: '@cornerstonejs/codec-openjpeg', holders: CODEC_HOLDERS, holds: [COMPILED.openjpeg, COMPILED.emscripten] },
  ],
  [
    /^src\/dicom\/codecs\/charls_/,
    { npm: '@cornerstonejs/codec-charls', holders: CODEC_HOLDERS, holds: [COMPILED.charls, COMPILED.emscripten] },
  ],
  [
    /^src\/clip\/vocabulary\.gen\.ts$/,
    {
      name: 'CLIP',
      version: 'main',
      license: 'MIT',
      url: 'https://github.com/openai/CLIP',
      holders: ['2021 OpenAI'],
    },
  ],
];

/**
 * The folder of the package that a module of the bundler comes from, what it was made from, or null for this project's own.
 * @param id as the bundler names it: a path, perhaps with a query
 */
export function originOf(id, root) {
  const path = id.replace(/\?.*$/s, '');
  const at = path.lastIndexOf(`${sep}node_modules${sep}`);
  if (at >= 0) {
    const [first, second] = path.slice(at + 14).split(sep);
    return { folder: path.slice(0, at + 14) + (first.startsWith('@') ? join(first, second) : first) };
  }
  const own = relative(root, path).split(sep).join('/');
  const made = MADE.find(([pattern]) => pattern.test(own))?.[1];
  if (!made) return null;
  if (!made.npm) return made;
  const { npm, holders, holds } = made;
  return { folder: join(root, 'node_modules', npm), holders, holds };
}

/** Ids of the modules of which the bundles hold code; the others were dropped. */
export function modulesIn(outputs) {
  const ids = new Set();
  for (const { modules = {} } of outputs) {
    for (const [id, { renderedLength = 0 }] of Object.entries(modules)) if (renderedLength > 0) ids.add(id);
  }
  return ids;
}

/** One component from a package's folder. */
function packageIn(folder, lock, root) {
  const { name, version, license, homepage = null } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const integrity = lock.packages?.[relative(root, folder).split(sep).join('/')]?.integrity;
  const files = readdirSync(folder).filter((each) => /^(licen[cs]e|copying|notice)/i.test(each));
  const text = files.sort().map((each) => readFileSync(join(folder, each), 'utf8').trim());
  return { name, version, license, integrity, text: text.join('\n\n'), url: homepage };
}

/** One component, with the text of its licence. */
function componentOf({ folder, holders = [], ...made }, lock, root) {
  const one = folder ? packageIn(folder, lock, root) : made;
  return {
    ...one,
    isPackage: folder !== undefined,
    text: one.text || (holders.length > 0 ? licenseText(one.license, holders) : ''),
  };
}

/** Reasons why a component may not be in a bundle; none is well. @param notice the text of NOTICE */
export function objections({ name, license, text }, notice) {
  const found = [];
  if (!text) found.push(`${name} is bundled without the text of its licence`);
  if (!ALLOWED.includes(license)) found.push(`${name} has the licence ${license ?? 'none'}, which is not on the list`);
  const family = /^(d3-\w+|internmap)/.test(name) ? 'd3 modules' : name;
  if (!notice.includes(family)) found.push(`${name} is bundled and NOTICE does not name it`);
  return found;
}

/** The bill and the licences. @param modules by target, the ids of the modules in its bundles */
export function billOf(modules, root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const notice = readFileSync(join(root, 'NOTICE'), 'utf8');
  const found = new Map();
  for (const [target, ids] of modules) {
    for (const id of ids) {
      const origin = originOf(id, root);
      if (!origin) continue;
      for (const one of [origin, ...(origin.holds ?? [])]) {
        const key = one.folder ?? one.name;
        const component = found.get(key) ?? { ...componentOf(one, lock, root), targets: new Set() };
        component.targets.add(target);
        found.set(key, component);
      }
    }
  }
  const components = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const wrong = components.flatMap((each) => objections(each, notice));
  if (wrong.length > 0) throw new Error(wrong.join('; '));
  const licenses = components.map(({ name, version, license, text }) => {
    const head = `${[name, version].filter(Boolean).join(' ')} (${license})`;
    return `${head}\n${'='.repeat(head.length)}\n\n${text}\n`;
  });
  return { bom: `${JSON.stringify(cyclone(components, root), null, 2)}\n`, licenses: licenses.join('\n\n') };
}

function cyclone(components, root) {
  const { name, version, description, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const ref = `pkg:npm/${name}@${version}`;
  const libraries = components.map((each) => library(each));
  const models = modelsIn(root);
  const all = [...libraries, ...models];
  const content = {
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'library',
        'bom-ref': ref,
        name,
        version,
        description,
        licenses: [{ license: { id: license } }],
        purl: ref,
      },
    },
    components: all,
    dependencies: [{ ref, dependsOn: all.map((each) => each['bom-ref']) }],
  };
  // No clock and no dice: the number is that of the content.
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  const head = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
  };
  return { ...head, serialNumber: `urn:uuid:${uuid}`, version: 1, ...content };
}

function library({ name, version, license, integrity, url, isPackage, targets }) {
  const place = isPackage ? `npm/${name.replace('@', '%40')}` : `github/${url.split('/').slice(-2).join('/')}`;
  const purl = `pkg:${place}${version ? `@${version}` : ''}`;
  const [group, own] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const hash = integrity?.startsWith('sha512-') && Buffer.from(integrity.slice(7), 'base64').toString('hex');
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group && { group }),
    name: own,
    version,
    scope: 'required',
    ...(hash && { hashes: [{ alg: 'SHA-512', content: hash }] }),
    licenses: [{ license: { id: license } }],
    purl,
    ...(url && { externalReferences: [{ type: 'vcs', url }] }),
    properties: [...targets].sort().map((value) => ({ name: 'fusionclip:bundle', value })),
  };
}

/** The models that the package carries, by the hash of their weights. */
function modelsIn(root) {
  const folder = join(root, 'models');
  return (existsSync(folder) ? readdirSync(folder).sort() : []).flatMap((name) => {
    const file = join(folder, name, 'model.safetensors');
    if (!existsSync(file)) return [];
    const content = createHash('sha256').update(readFileSync(file)).digest('hex');
    return [
      {
        type: 'machine-learning-model',
        'bom-ref': `model:${name}`,
        name,
        version: content.slice(0, 12),
        description: `see models/${name}/MODEL_CARD.md`,
        hashes: [{ alg: 'SHA-256', content }],
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    ];
  });
}
