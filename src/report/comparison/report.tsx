/** @jsxImportSource preact */
import type { FileSystem } from '../../base/file_system.ts';
import { joinPath } from '../../base/paths.ts';
import type { Comparison } from '../../study/comparison/comparison.ts';
import { comparisonCsv } from '../../study/comparison/text.ts';
import { htmlFile } from '../html_file.tsx';
import { ComparisonPage, titleOf } from './page.tsx';

/**
 * Writes `results.json`, `results.csv` and `report.html` of a comparison.
 * @param out a folder
 * @returns path of the report
 * @throws FusionclipError `io`
 */
export async function writeComparison(fs: FileSystem, out: string, comparison: Comparison): Promise<string> {
  const file = joinPath(out, 'report.html');
  await fs.writeFile(joinPath(out, 'results.json'), `${JSON.stringify(comparison, null, 2)}\n`);
  await fs.writeFile(joinPath(out, 'results.csv'), comparisonCsv(comparison));
  await fs.writeFile(file, renderComparison(comparison));
  return file;
}

/** A comparison as one HTML file without scripts and without links to elsewhere. */
export function renderComparison(comparison: Comparison): string {
  return htmlFile(
    `${titleOf(comparison)} (fusionclip comparison)`,
    <ComparisonPage comparison={comparison} />,
    comparison,
  );
}
