import { type OptionTable, toggle } from '../../base/option.ts';
import { checkDataset } from '../../data/layout/check.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { type Command, exactly, flagValues } from '../command.ts';
import { Reporter } from '../reporter.ts';

const FLAGS = {
  json: toggle(false, 'the report as JSON'),
} satisfies OptionTable;

/** Problems that the text shows; the JSON has all. */
const SHOWN = 20;

/** `fusionclip data check` */
export const dataCheck: Command = {
  name: ['data', 'check'],
  summary: 'reads every image and mask of a data set and lists what is wrong',
  usage: 'DIR',
  details: `Exit code ${EXIT_CODES.bad_data} when there is a problem that training would stop at.`,
  flags: [{ title: 'Report', table: FLAGS }],
  async run(call) {
    const { host } = call;
    exactly(1, call, 'fusionclip data check DIR');
    const { json } = flagValues(FLAGS, call);
    const reporter = new Reporter(host);
    const report = await checkDataset(host, call.positional[0], (done, total) => {
      if (host.isTerminal) reporter.listen({ type: 'stage', what: 'images', done, total });
    });
    reporter.clear();
    const code = report.ok ? 0 : EXIT_CODES.bad_data;
    if (json) {
      host.stdout(`${JSON.stringify(report, null, 2)}\n`);
      return code;
    }
    const { valid, test } = report.images;
    const sizes = report.sizes.map(({ width, height, count }) => `${width}×${height} (${count})`);
    host.stdout(`${report.path}: layout ${report.layout}, ${report.kind}-level, prompts say "${report.object}"\n`);
    host.stdout(`valid: ${valid.normal} normal, ${valid.abnormal} abnormal\n`);
    host.stdout(`test:  ${test.normal} normal, ${test.abnormal} abnormal\n`);
    host.stdout(`sizes: ${sizes.slice(0, 6).join(', ')}${sizes.length > 6 ? `, and ${sizes.length - 6} more` : ''}\n`);
    for (const { severity, path, message } of report.problems.slice(0, SHOWN)) {
      host.stdout(`${severity}: ${path}: ${message}\n`);
    }
    const more = report.problems.length - SHOWN;
    if (more > 0) host.stdout(`and ${more} more problems (--json shows all)\n`);
    const errors = report.problems.filter(({ severity }) => severity === 'error').length;
    host.stdout(report.ok ? 'ready for training\n' : `${errors} problem${errors === 1 ? '' : 's'} to be mended\n`);
    return code;
  },
};
