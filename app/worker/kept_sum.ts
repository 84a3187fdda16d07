import { isObject } from '../../src/base/json.ts';
import { joinPath } from '../../src/base/paths.ts';
import type { SumKeeper } from '../../src/detect/backbone.ts';
import type { PageFiles } from './files.ts';

/** Beside the files of a model: what reading all its weights has shown. */
const SUM = 'sum.json';

/**
 * Keeps the sum of a stored model's weights: nothing but this page can change its files, so a large one is read once, and
 * not for every training and every image.
 * @param folder of the model
 */
export function keptSum(files: PageFiles, folder: string): SumKeeper {
  const path = joinPath(folder, SUM);
  return {
    async get(hash) {
      if (!(await files.stat(path))) return null;
      try {
        const kept: unknown = JSON.parse(new TextDecoder().decode(await files.readFile(path)));
        if (!isObject(kept) || kept.hash !== hash || typeof kept.sha256 !== 'string') return null;
        return { sha256: kept.sha256, damage: typeof kept.damage === 'string' ? kept.damage : null };
      } catch {
        // Cut short; the weights are read again.
        return null;
      }
    },
    // Where it cannot be kept, the weights are read again.
    put: (hash, { sha256, damage }) => files.writeFile(path, JSON.stringify({ hash, sha256, damage })).catch(() => {}),
  };
}
