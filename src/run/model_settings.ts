import { type OptionTable, optionTexts } from '../base/option.ts';
import { FUSION_OPTIONS } from '../fusion/options.ts';
import { isRead, presetTexts } from '../fusion/presets.ts';
import { TRAIN_OPTIONS } from './options.ts';
import { type RunSettings, runSettings } from './run_config.ts';
import { SETTING_SOURCES, type SettingSource, sourceText } from './setting_sources.ts';

/** Settings by name, as texts. */
type Texts = Readonly<Record<string, string>>;

/** What a model says of the settings that suit it. */
export interface ModelDefaults {
  /** What follows from the model itself. */
  readonly own: Readonly<Record<string, string>>;
  /** Whether that is read off the model, or is what the paper uses with this one. */
  readonly from: 'model' | 'paper';
  /** Of the `fusionclip.json` in its folder. */
  readonly recommended: Readonly<Record<string, string>>;
}

/** Settings of a run, and who said them. */
export interface ChosenSettings {
  readonly settings: RunSettings;
  /** By name; what is not there is the program's default. */
  readonly sources: Readonly<Record<string, SettingSource>>;
}

const ALL: OptionTable = { ...TRAIN_OPTIONS, ...FUSION_OPTIONS };

/**
 * The settings of a run: those that were given (`auto` is as if it were not), beneath them those that the method is described
 * with, then those that the model's folder recommends, then the model's own; each as far as the method reads it.
 * @throws FusionclipError `usage`
 */
export function chooseSettings({ own, from, recommended }: ModelDefaults, given: Texts): ChosenSettings {
  const asked = withoutAuto(given);
  const { fusion } = runSettings(asked);
  const preset = presetTexts(fusion.method, fusion.compat);
  const described = { ...preset.settings, ...preset.training };
  const suits = ([name]: [string, string]) =>
    !(name in described) && (!(name in FUSION_OPTIONS) || isRead(fusion.method, name));
  const suited = (texts: Texts) => Object.fromEntries(Object.entries(texts).filter(suits));
  const layers: [SettingSource, Texts][] = [
    [from, suited(own)],
    ['fusionclip.json', suited(recommended)],
    ['method', described],
    ['given', asked],
  ];
  const sources: Record<string, SettingSource> = {};
  for (const [source, texts] of layers) for (const name in texts) sources[name] = source;
  return { settings: runSettings({ ...suited(own), ...suited(recommended), ...asked }), sources };
}

/** Given settings without those that are left to the program. */
export function withoutAuto(given: Texts): Record<string, string> {
  const left = ([name, text]: [string, string]) =>
    text === 'auto' && Object.hasOwn(ALL, name) && ALL[name].parse(text) === null;
  return Object.fromEntries(Object.entries(given).filter((entry) => !left(entry)));
}

/** Which settings are not the defaults, and who said them: one line. */
export function settingsLine({ settings, sources }: ChosenSettings, model: string): string {
  const texts: Texts = {
    ...optionTexts(FUSION_OPTIONS, settings.fusion),
    ...optionTexts(TRAIN_OPTIONS, settings.train),
  };
  const parts = SETTING_SOURCES.flatMap((source) => {
    const names = Object.keys(sources).filter((name) => sources[name] === source && name in texts);
    if (names.length === 0) return [];
    return `${names.map((name) => `${name} ${texts[name]}`).join(', ')} (${sourceText(source, model)})`;
  });
  return `Settings: ${[...parts, parts.length > 0 ? 'all others as --help says' : 'all as --help says'].join('; ')}.`;
}
