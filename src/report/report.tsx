/** @jsxImportSource preact */

import type { FileSystem } from '../base/file_system.ts';
import { requireOwnFile } from '../base/own_file.ts';
import { joinPath } from '../base/paths.ts';
import { inTurns } from '../base/steps.ts';
import { turn } from '../base/turn.ts';
import { patientOfId } from '../data/layout/patients.ts';
import { optionTextsOf } from '../run/run_config.ts';
import { imageCurvesInSteps } from './curves.ts';
import { reportDecisions } from './decisions.tsx';
import { galleryItems } from './gallery_item.ts';
import { htmlFile } from './html_file.tsx';
import { lossSeries } from './loss_series.ts';
import { Page, type ReportData, type SupportPicture } from './page.tsx';
import { type RunRecord, readRun } from './read_run.ts';
import { dataUrl } from './thumbnails.ts';
import { verdictOf } from './verdict.ts';
import { worstFirst } from './worst_first.ts';

/** How a report is made. */
export interface ReportOptions {
  /**
   * Test images in the gallery, at most: the worst first, and where there are more than these, a quarter of the places
   * (at most `MOST_BEST`) for the best. Default 24. A grey image takes some 40 kB, a coloured one up to 250.
   */
  readonly gallery?: number;
  /** Ends the work between two pictures. */
  readonly signal?: AbortSignal;
}

/** Name of the report in a run folder. */
export const REPORT = 'report.html';

/** What the head of a report holds; those of earlier versions have the words after a colon. */
const OWN = /^<!doctype html>[\s\S]*<title>[^<]*(: fusionclip report|\(fusionclip report\))<\/title>/;

const MOST_BEST = 6;

/**
 * Writes the report of a finished run.
 * @param out the file; default: `report.html` in the run folder
 * @returns its path
 * @throws FusionclipError as {@link readRun}, `usage` where the file is there and no report, and `io`; what the signal was fired with
 */
export async function writeReport(
  fs: FileSystem,
  run: string,
  out: string = joinPath(run, REPORT),
  options: ReportOptions = {},
): Promise<string> {
  await requireOwnReport(fs, out);
  await fs.writeFile(out, await renderReport(await readRun(fs, run), options));
  return out;
}

/** Makes sure that a report may be written there. @throws FusionclipError `usage` where the file is there and no report */
export function requireOwnReport(fs: FileSystem, path: string): Promise<void> {
  return requireOwnFile(fs, path, OWN);
}

/**
 * A run as one HTML file without scripts and without links to elsewhere; equal runs give equal bytes.
 * @throws what the signal was fired with
 */
export async function renderReport(run: RunRecord, { gallery = 24, signal }: ReportOptions = {}): Promise<string> {
  const { results, predictions, header } = run;
  const ordered = worstFirst(predictions, results.selected.imageThreshold?.value ?? null);
  const places = ordered.length > gallery ? Math.min(MOST_BEST, Math.floor(gallery / 4)) : 0;
  const { group, seed } = header.train;
  const curves = await inTurns(
    imageCurvesInSteps(predictions, seed, group === null ? null : patientOfId(group)),
    signal,
  );
  const data: ReportData = {
    run,
    curves,
    series: lossSeries(run),
    verdict: verdictOf(run, curves),
    decisions: run.rule ? reportDecisions(run.rule, predictions, run.known) : null,
    worst: await galleryItems(run, ordered.slice(0, gallery - places), signal),
    best: await galleryItems(run, ordered.slice(ordered.length - places).reverse(), signal),
    support: await supportPictures(run, signal),
  };
  await turn(signal);
  return htmlFile(
    `${data.verdict.headline.replace(/\.$/, '')} (fusionclip report)`,
    <Page {...data} />,
    numbersOf(data),
  );
}

async function supportPictures({ shots, pictures }: RunRecord, signal?: AbortSignal): Promise<SupportPicture[] | null> {
  if (!shots) return null;
  const out: SupportPicture[] = [];
  for (const [label, ids] of [[0, shots.normal] as const, [1, shots.abnormal] as const]) {
    for (const id of ids) {
      const image = await pictures.image(id);
      await turn(signal);
      out.push({ id, label, url: image && dataUrl(image) });
    }
  }
  return out;
}

/** What the page shows, without its pictures. */
function numbersOf({ run, curves, series, verdict, decisions }: ReportData): Record<string, unknown> {
  const { results, environment, shots, predictions, header } = run;
  const { model, object, data, kind } = header;
  const settings = optionTextsOf(header);
  const facts = { kind, object, model, data, settings };
  return {
    ...{ verdict, results, curves, series, predictions, shots, environment },
    ...(decisions && { decisions: decisions.realised }),
    ...facts,
  };
}
