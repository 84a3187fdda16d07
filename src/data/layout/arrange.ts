import { FusionclipError } from '../../base/errors.ts';
import { joinPath } from '../../base/paths.ts';
import { type Classes, tellClasses } from './classes.ts';
import type { LayoutName, Split } from './dataset.ts';
import type { LeftOutReason } from './left_out.ts';
import type { Place } from './place.ts';
import { type DataRules, plainName } from './rules.ts';
import { isNormalName, splitOfName } from './words.ts';

/** A class folder that is used; `deal`: its images are divided. */
export interface UsedClass {
  readonly folder: string;
  readonly label: 0 | 1;
  readonly split: Split | 'deal';
}

/** What the folders of a data set mean. */
export interface Arrangement {
  readonly layout: LayoutName;
  readonly classes: readonly UsedClass[];
  /** Folders that may or may not be classes, relative to the data set. */
  readonly asked: readonly string[];
  /** The used class that files of a place belong to, or null. */
  classOf(place: Place): UsedClass | null;
  /** Why images of a place are not used, or null when they are. */
  whyNot(place: Place): LeftOutReason | null;
  isNormal(name: string): boolean;
}

/** A folder, relative to the data set, and what its path says. */
export interface PlacedFolder {
  readonly folder: string;
  readonly place: Place;
}

/**
 * Decides between the arrangements that are drawn at `scanDataset`.
 * @throws FusionclipError `bad_data` when it is none of them
 */
export function arrange(path: string, folders: readonly PlacedFolder[], rules: DataRules): Arrangement {
  const plain = folders.filter(({ place }) => place.masks === null);
  const splitFolder = (split: Place['split']) =>
    plain.find(({ place }) => place.split === split && place.name === null)?.folder ?? '';
  const has = (split: Place['split']) => plain.some(({ place }) => place.split === split);
  const namesIn = (split: Place['split']) => [
    ...new Set(
      plain.filter(({ place }) => place.split === split && place.name !== null).map(({ place }) => place.name!),
    ),
  ];
  const wrong = (folder = '', names?: readonly string[]) =>
    wrongLayout(path, folder, names ?? folders.map((one) => one.folder).filter((one) => !one.includes('/')), folders);

  if (!has('test') && has('valid')) throw wrong();
  const splits: readonly Place['split'][] = !has('test')
    ? [null]
    : has('valid')
      ? ['valid', 'test']
      : ['train', 'test'];
  for (const split of splits) requireOneFolder(path, split, plain);
  const classes = tellClasses(path, [...new Set(splits.flatMap(namesIn))], rules);
  if (!classes) {
    const split = splits[splits.length - 1];
    throw split === null ? wrong() : wrong(splitFolder(split), namesIn(split));
  }
  const { normal, abnormal } = classes;
  const holds = (split: Place['split'], which: ReadonlySet<string>) =>
    namesIn(split).some((name) => which.has(plainName(name)));

  /** Why a split will not do that has not both classes where another one has. */
  const lacking = (split: Place['split'], label: 0 | 1) => {
    const which = label === 0 ? normal : abnormal;
    const folder = splitFolder(split);
    const other = splits.flatMap(namesIn).find((name) => which.has(plainName(name)));
    if (folder === '' || other === undefined || namesIn(split).length === 0) return null;
    const found = `${joinPath(path, folder)} has no ${label === 0 ? 'normal' : 'abnormal'} images, only ${namesIn(split).join(', ')}`;
    const renamed =
      label === 0 && namesIn(split).length > 1 ? ', or say with --normal NAME which of these they are' : '';
    const text = `${found}, and both kinds are needed there; put some into ${joinPath(path, folder, other)}${renamed}.`;
    return new FusionclipError('bad_data', text, { about: 'layout' });
  };

  const [first] = splits;
  const last = splits[splits.length - 1];
  for (const split of first === 'train' ? [last] : splits) {
    if (!holds(split, normal)) throw lacking(split, 0) ?? wrong(splitFolder(split), namesIn(split));
  }
  if (!holds(last, abnormal) && askedIn(namesIn(last), classes).length === 0)
    throw lacking(last, 1) ?? wrong(splitFolder(last), namesIn(last));

  const trains = first === 'train' && holds('train', normal);
  const layout: LayoutName =
    first === null
      ? 'folder'
      : first === 'valid'
        ? 'bmad'
        : trains && holds('train', abnormal)
          ? 'train-test'
          : 'mvtec';
  const place = (split: Place['split'], label: 0 | 1): Split | 'deal' | null => {
    if (split === null) return first === null ? 'deal' : null;
    if (layout === 'bmad') return split === 'train' ? null : split;
    if (layout === 'train-test') return split === 'train' ? 'valid' : 'test';
    if (layout === 'folder') return null;
    if (split === 'train') return label === 0 ? 'valid' : null;
    return label === 0 && trains ? 'test' : 'deal';
  };
  const labelOf = (name: string): 0 | 1 | null => {
    if (normal.has(plainName(name))) return 0;
    return abnormal.has(plainName(name)) ? 1 : null;
  };
  const used = new Map<string, UsedClass>();
  const asked = new Set<string>();
  for (const { place: own } of plain) {
    if (own.name === null) continue;
    const label = labelOf(own.name);
    const split = place(own.split, label ?? 1);
    if (split === null) continue;
    if (label !== null) used.set(own.folder, { folder: own.folder, label, split });
    else if (classes.asked.has(plainName(own.name))) asked.add(own.folder);
  }
  // The normal class of a split comes first.
  const all = [...used.values()].sort((a, b) => rank(a.split) - rank(b.split) || a.label - b.label);
  return {
    layout,
    classes: all,
    asked: [...asked],
    classOf: (own) => (own.name === null ? null : (used.get(own.folder) ?? null)),
    whyNot: (own) => {
      if (own.name !== null && used.has(own.folder)) return null;
      if (own.split === 'train') return 'train';
      if (own.name === null) return 'outside';
      if (place(own.split, 1) === null) return 'outside';
      return classes.asked.has(plainName(own.name))
        ? 'asked'
        : classes.unnamed.has(plainName(own.name))
          ? 'unnamed'
          : 'outside';
    },
    isNormal: (name) => normal.has(plainName(name)),
  };
}

/** Two names for one split are two sets, or a set and its copy. */
function requireOneFolder(path: string, split: Place['split'], folders: readonly PlacedFolder[]): void {
  if (split === null) return;
  const own = folders.filter(({ place }) => place.split === split).map(({ place }) => place.folder.split('/')[0]);
  const names = [...new Set(own)];
  if (names.length < 2) return;
  const leave = plainName(names[0]) === plainName(names[1]) ? 'take one away' : `leave one out with --skip ${names[1]}`;
  const text = `${path} has more than one folder for ${split}: ${names.join(' and ')}; put their images together, or ${leave}.`;
  throw new FusionclipError('bad_data', text, { about: 'layout' });
}

function rank(split: UsedClass['split']): number {
  return split === 'valid' ? 0 : split === 'test' ? 1 : 2;
}

function askedIn(names: readonly string[], { asked }: Classes): string[] {
  return names.filter((name) => asked.has(plainName(name)));
}

function wrongLayout(
  path: string,
  folder: string,
  names: readonly string[],
  folders: readonly PlacedFolder[],
): FusionclipError {
  const where = joinPath(path, folder);
  const shown = names.slice(0, 8).join(', ') + (names.length > 8 ? `, and ${names.length - 8} more` : '');
  const setBelow = (depth: number) =>
    folders
      .map(({ folder: one }) => one.split('/'))
      .find((parts) => {
        const last = parts[depth] ?? '';
        return parts.length === depth + 1 && (splitOfName(last) === 'test' || isNormalName(last));
      });
  const inner = folder === '' ? (setBelow(1) ?? setBelow(2))?.slice(0, -1).join('/') : undefined;
  const advice =
    inner !== undefined
      ? splitOfName(inner) === null
        ? `; did you mean ${joinPath(path, inner)}?`
        : `; add the other split, or give ${joinPath(path, inner)}, whose images are dealt out then.`
      : folders.some(({ place }) => place.masks !== null) && folders.every(({ place }) => place.name === null)
        ? '; masks alone do not say which images are normal: put those without a lesion into a folder good and the others into Ungood, and leave the masks where they are.'
        : names.length > 1
          ? '; where the normal images have another name, say so with --normal NAME.'
          : '; put the normal images into a folder good and the others into a second one.';
  return new FusionclipError(
    'bad_data',
    `${where} is not a data set: expected valid/ and test/ with good/ and Ungood/ in each, or test/good/ and others, or ` +
      `good/ and at least one other folder; found ${names.length === 0 ? 'no folder' : shown}${advice}`,
    { about: 'layout' },
  );
}
