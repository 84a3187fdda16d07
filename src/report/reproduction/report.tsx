/** @jsxImportSource preact */
import type { FileSystem } from '../../base/file_system.ts';
import { joinPath } from '../../base/paths.ts';
import type { Reproduction } from '../../study/index.ts';
import { htmlFile } from '../html_file.tsx';
import { type MapStrip, mapStrips } from './map_strips.ts';
import { ReproductionPage } from './page.tsx';

/**
 * Writes `report.html` of a reproduction beside its results; maps are read from its run folders.
 * @param out folder of the study
 * @returns the file's path
 * @throws FusionclipError `io`, `bad_data`
 */
export async function writeReproductionReport(fs: FileSystem, out: string, results: Reproduction): Promise<string> {
  const strips = new Map<string, MapStrip[]>();
  for (const item of results.items.filter(({ kind }) => kind === 'maps')) {
    strips.set(item.name, await mapStrips(fs, out, results, item));
  }
  const file = joinPath(out, 'report.html');
  await fs.writeFile(file, renderReproduction(results, strips));
  return file;
}

/** A reproduction as one HTML file without scripts and without links to elsewhere. @param strips maps by figure */
export function renderReproduction(results: Reproduction, strips: ReadonlyMap<string, readonly MapStrip[]>): string {
  const page = <ReproductionPage results={results} strips={strips} />;
  return htmlFile('FusionCLIP-AD: fusionclip reproduction', page, results);
}
