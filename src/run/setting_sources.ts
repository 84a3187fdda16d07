/** Who may have said the value of a setting, where it is not the program's default; one that stands first has the last word. */
export const SETTING_SOURCES = ['given', 'method', 'fusionclip.json', 'model', 'paper'] as const;

/** Who said the value of a setting. */
export type SettingSource = (typeof SETTING_SOURCES)[number];

const WORDS: Readonly<Record<SettingSource, (model: string) => string>> = {
  given: () => 'given',
  method: () => 'of the method',
  'fusionclip.json': (model) => `recommended by the fusionclip.json of ${model}`,
  model: (model) => `of ${model} itself`,
  paper: () => "the paper's with this model",
};

/** Who said a setting, for people. @param model its name */
export function sourceText(source: SettingSource, model: string): string {
  return WORDS[source](model);
}
