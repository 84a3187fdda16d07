import { integer, type OptionTable } from '../../base/option.ts';
import { writeReport } from '../../report/index.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';

const FLAGS = {
  out: word('FILE', 'default: report.html in the run folder'),
  gallery: integer(24, [0, 500], 'test images that are shown: the worst, and a few of the best'),
} satisfies OptionTable;

/** `fusionclip report` */
export const report: Command = {
  name: ['report'],
  summary: 'a finished run as one HTML file: verdict, curves, maps, settings; no script, no network',
  usage: 'RUN',
  examples: ['fusionclip report runs/brain', 'fusionclip report runs/brain --gallery 60 --out brain.html'],
  details: 'train and demo write it by themselves.',
  flags: [{ title: 'Report', table: FLAGS }],
  async run(call) {
    const { host } = call;
    exactly(1, call, 'fusionclip report RUN');
    const { out, gallery } = flagValues(FLAGS, call);
    const path = await writeReport(host, call.positional[0], out ?? undefined, { gallery });
    const size = (await host.stat(path))?.bytes ?? 0;
    host.stdout(`${path}: ${(size / 2 ** 20).toFixed(1)} MiB\n`);
    return 0;
  },
};
