import { FusionclipError } from '../../base/errors.ts';
import { type DataRules, plainName } from './rules.ts';
import { isAbnormalName, isNoClassName, isNormalName } from './words.ts';

/** What the class folders of a data set are. Names are plain ({@link plainName}). */
export interface Classes {
  readonly normal: ReadonlySet<string>;
  readonly abnormal: ReadonlySet<string>;
  /** Folders that may or may not be a class: the user is asked. */
  readonly asked: ReadonlySet<string>;
  /** Folders that `abnormal` leaves out. */
  readonly unnamed: ReadonlySet<string>;
}

/**
 * Tells which folders are normal and which are abnormal. Normal is what `normal` names, else `good`, else the one folder
 * with a usual name. Abnormal is what `abnormal` names; else, where a folder has a name like `Ungood`, those, and others are
 * asked about; else every other folder whose name could be that of a class.
 * @returns null when nothing is normal by its name
 * @throws FusionclipError `bad_data` when several folders may be the normal one, or both lists name one
 */
export function tellClasses(path: string, names: readonly string[], rules: DataRules): Classes | null {
  const given = (list: readonly string[]) =>
    names.filter((name) => list.some((one) => plainName(one) === plainName(name)));
  const both = given(rules.normal).find((name) => given(rules.abnormal).includes(name));
  if (both) throw new FusionclipError('usage', `--normal and --abnormal both name ${both}; name it once.`);
  let normal = given(rules.normal);
  if (normal.length === 0) normal = names.filter((name) => plainName(name) === 'good');
  if (normal.length === 0) normal = names.filter(isNormalName);
  const spellings = new Map(normal.map((name) => [plainName(name), name]));
  if (rules.normal.length === 0 && spellings.size > 1) {
    const found = [...spellings.values()].join(' and ');
    throw new FusionclipError(
      'bad_data',
      `${path} has more than one folder that may hold the normal images: ${found}; say which with --normal NAME.`,
      { about: 'layout' },
    );
  }
  if (normal.length === 0) return null;
  const others = names.filter((name) => !normal.includes(name));
  const named = given(rules.abnormal).filter((name) => others.includes(name));
  const sure = others.filter(isAbnormalName);
  const asks = named.length === 0;
  const abnormal = asks ? (sure.length > 0 ? sure : others.filter((name) => !isNoClassName(name))) : named;
  const rest = others.filter((name) => !abnormal.includes(name));
  const plain = (list: readonly string[]) => new Set(list.map(plainName));
  return {
    normal: plain(normal),
    abnormal: plain(abnormal),
    asked: plain(asks ? rest : []),
    unnamed: plain(asks ? [] : rest),
  };
}
