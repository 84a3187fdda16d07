/** @jsxImportSource preact */
import { renderToStaticMarkup } from 'preact-render-to-string';
import type { FileSystem } from '../data/file_system.ts';
import { joinPath } from '../data/paths.ts';
import { imageCurves } from './curves.ts';
import { exhibits } from './gallery.tsx';
import { Page, type ReportData } from './page.tsx';
import { type RunRecord, readRun } from './read_run.ts';
import { STYLE } from './style.ts';
import { dataUrl } from './thumbnails.ts';
import { verdictOf } from './verdict.ts';
import { worstFirst } from './worst_first.ts';

/** How a report is made. */
export interface ReportOptions {
  /** Test images in the gallery, worst first. Default 24; each takes some 100 kB. */
  readonly gallery?: number;
}

/** Name of the report in a run folder. */
export const REPORT = 'report.html';

/** Nothing is fetched and nothing is run: styles stand in the file, pictures are data. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/**
 * Writes the report of a finished run.
 * @param out the file; default: `report.html` in the run folder
 * @returns its path
 * @throws FusionclipError as {@link readRun}, and `io`
 */
export async function writeReport(
  fs: FileSystem,
  run: string,
  out: string = joinPath(run, REPORT),
  options: ReportOptions = {},
): Promise<string> {
  await fs.writeFile(out, await renderReport(await readRun(fs, run), options));
  return out;
}

/** A run as one HTML file without scripts and without links; equal runs give equal bytes. */
export async function renderReport(run: RunRecord, { gallery = 24 }: ReportOptions = {}): Promise<string> {
  const { results, predictions, shots, pictures, header } = run;
  const threshold = results.selected.imageThreshold?.value ?? null;
  const curves = imageCurves(predictions, header.train.seed);
  const support: ReportData['support'][number][] = [];
  for (const [label, ids] of [
    [0, shots.normal],
    [1, shots.abnormal],
  ] as const) {
    for (const id of ids) {
      const image = await pictures.image(id);
      support.push({ id, label, url: image && dataUrl(image) });
    }
  }
  const data: ReportData = {
    run,
    curves,
    verdict: verdictOf(run, curves),
    gallery: await exhibits(run, worstFirst(predictions, threshold).slice(0, gallery)),
    support,
  };
  const body = renderToStaticMarkup(
    <>
      <Page {...data} />
      {/* A template is parsed and never shown or run: the data of the report for machines. */}
      <template id="data">{JSON.stringify(machineData(run, data))}</template>
    </>,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(`${results.data}: fusionclip report`)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** What the page shows, without its pictures. */
function machineData(run: RunRecord, { verdict, curves }: ReportData): Record<string, unknown> {
  const { results, environment, shots, steps, selection, predictions, header } = run;
  const { model, object, data } = header;
  return { verdict, results, curves, predictions, shots, steps, selection, environment, model, object, data };
}

function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
