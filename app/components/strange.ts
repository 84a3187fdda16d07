import type { State } from '../state.ts';

/** What does not fit between the adapters at hand and the images and models of the page, a sentence each. */
export function strange({ adapters, dataset, models }: Pick<State, 'adapters' | 'dataset' | 'models'>): string[] {
  if (!adapters) return [];
  const out: string[] = [];
  const { object, model } = adapters;
  if (dataset && dataset.object !== '' && plain(dataset.object) !== plain(object)) {
    out.push(
      `They have learned “${object}”, and the images at hand are “${dataset.object}”: on another kind of image scores and thresholds mean little.`,
    );
  }
  if (!models.some(({ name }) => name === model)) {
    out.push(`They belong to the model ${model}, which this page has not: add it in the field “Model”.`);
  }
  return out;
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}
