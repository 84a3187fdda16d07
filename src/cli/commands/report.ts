import { choice, integer, type OptionTable, optional } from '../../base/option.ts';
import { requireOwnFile } from '../../base/own_file.ts';
import { joinPath } from '../../base/paths.ts';
import { CHECKLIST, CHECKLISTS, type ChecklistName, fillChecklist, readRun, writeReport } from '../../report/index.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';
import { Reporter } from '../reporter.ts';
import { interruptSignal } from '../session.ts';

const NAMES = Object.keys(CHECKLISTS) as ChecklistName[];

const FLAGS = {
  out: word('FILE', 'default: report.html in the run folder, or checklist-NAME.md'),
  checklist: {
    ...optional(
      choice(NAMES, 'claim', ''),
      'in place of the report: CLAIM (2024) or TRIPOD+AI, filled with what the program knows',
    ),
    form: NAMES.join('|'),
  },
  gallery: integer(24, [0, 500], 'test images that are shown: the worst, and a few of the best'),
} satisfies OptionTable;

/** `fusionclip report` */
export const report: Command = {
  name: ['report'],
  summary: 'a finished run as one HTML file: verdict, curves, maps, settings; no script, no network',
  usage: 'RUN',
  examples: [
    'fusionclip report runs/brain --gallery 60 --out brain.html',
    'fusionclip report runs/brain --checklist claim',
  ],
  details: `train and demo write it by themselves. A checklist is Markdown: for each item what is known of the run, and
TODO where the author has to write.`,
  flags: [{ title: 'Report', table: FLAGS }],
  async run(call) {
    const { host } = call;
    exactly(1, call, 'fusionclip report RUN');
    const { out, gallery, checklist } = flagValues(FLAGS, call);
    if (checklist !== null) {
      const [run] = call.positional;
      const file = out ?? joinPath(run, `checklist-${checklist}.md`);
      if (out !== null) await requireOwnFile(host, file, CHECKLIST);
      const { text, all, part, none } = fillChecklist(checklist, await readRun(host, run));
      await host.writeFile(file, text);
      host.stdout(`${file}: ${all} items are filled, ${part} in part, ${none} are left for the author\n`);
      return 0;
    }
    const { signal, undo } = interruptSignal(host, new Reporter(host), 'Interrupted; no report was written.');
    try {
      const path = await writeReport(host, call.positional[0], out ?? undefined, { gallery, signal });
      const size = (await host.stat(path))?.bytes ?? 0;
      host.stdout(`${path}: ${(size / 2 ** 20).toFixed(1)} MiB\n`);
      return 0;
    } finally {
      undo();
    }
  },
};
