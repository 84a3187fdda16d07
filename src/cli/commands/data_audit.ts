import { textColumns } from '../../base/columns.ts';
import { counted } from '../../base/counted.ts';
import { FusionclipError } from '../../base/errors.ts';
import { number, type OptionTable, toggle } from '../../base/option.ts';
import { baseName } from '../../base/paths.ts';
import { visible } from '../../base/visible.ts';
import { type AuditReport, auditDataset, findDatasets } from '../../data/audit/audit.ts';
import { DATA_OPTIONS } from '../../data/layout/rules.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { TRAIN_OPTIONS } from '../../run/options.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';
import { Reporter } from '../reporter.ts';

const FLAGS = {
  near: number(0.02, [0, 1], 'largest distance (1 − correlation) of images that count as nearly identical'),
  source: word('REGEX', 'finds the patient or volume in a file name (first group, or the match)'),
  lists: word('DIR', "folder with few-shot lists K-shot.txt (MVFA's form); default: the data set's own"),
  'split.seed': TRAIN_OPTIONS['split.seed'],
  ...DATA_OPTIONS,
  strict: toggle(false, `exit code ${EXIT_CODES.leak} when something leaks`),
  json: toggle(false, 'everything that was found, as JSON'),
} satisfies OptionTable;

/** Examples under a table; the JSON has all. */
const SHOWN = 5;

/** `fusionclip data audit` */
export const dataAudit: Command = {
  name: ['data', 'audit'],
  summary:
    'looks for test images that the support set knows: equal or similar images, shared patients, lists not nested',
  usage: 'DIR',
  examples: ['fusionclip data audit data/Brain', 'fusionclip data audit data/Brain --strict --json'],
  details: `DIR is a data set, or a folder of several (BMAD). The support side is valid/ and train/. A patient or volume is a
file name without its last number, if a digit is left: 01388 of 01388_60.png, DME-1017237 of DME-1017237-4.jpeg.`,
  flags: [{ title: 'Audit', table: FLAGS }],
  async run(call) {
    const { host } = call;
    exactly(1, call, 'fusionclip data audit DIR');
    const { near, source, lists, strict, json, ...rules } = flagValues(FLAGS, call);
    const rule = source === null ? null : pattern(source);
    const reporter = new Reporter(host);
    const reports: AuditReport[] = [];
    for (const path of await findDatasets(host, call.positional[0])) {
      const onProgress = (what: string, done: number, total: number) => {
        if (host.isTerminal) reporter.listen({ type: 'stage', what: `${baseName(path)}, ${what}`, done, total });
      };
      reports.push(await auditDataset(host, path, { near, source: rule, lists, rules, onProgress }));
      reporter.clear();
      if (!json) host.stdout(auditText(reports[reports.length - 1]));
    }
    if (json) host.stdout(`${JSON.stringify(reports, null, 2)}\n`);
    return strict && reports.some(({ leaks }) => leaks) ? EXIT_CODES.leak : 0;
  },
};

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new FusionclipError('usage', `--source takes a regular expression, not "${text}".`, { cause });
  }
}

/** One line of the table, and what it counts. */
interface Finding {
  readonly what: string;
  readonly items: readonly string[];
}

/** The report as a table of counts, and examples below it. */
function auditText(report: AuditReport): string {
  const { path, images, leaks } = report;
  const rows = findings(report);
  const lines = [
    `${path}: ${counted(images.train, 'image')} in train, ${images.valid} in valid, ${images.test} in test`,
  ];
  const counts = rows.map(({ what, items }) => [`  ${what}`, String(items.length)]);
  lines.push(textColumns(counts, 'lr', [0, 6]));
  for (const { what, items } of rows) {
    if (items.length === 0) continue;
    lines.push(`${what}:`, ...items.slice(0, SHOWN).map((item) => `  ${visible(item)}`));
    if (items.length > SHOWN) lines.push(`  and ${items.length - SHOWN} more (--json shows all)`);
  }
  lines.push(leaks ? 'LEAKS: the support side knows something of test' : 'no leak found');
  return `${lines.join('\n')}\n`;
}

function findings({ identical, near, shared, lists, notNested, problems }: AuditReport): Finding[] {
  const equal = (across: boolean) =>
    identical.filter((one) => one.across === across).map(({ files }) => files.join(' = '));
  const images = (count: number) => `${count} image${count === 1 ? '' : 's'}`;
  const named = new Set<string>();
  const said = ({ path, message }: AuditReport['problems'][number]) => `${path}: ${message}`;
  const broken = (...kinds: string[]) => {
    for (const kind of kinds) named.add(kind);
    return problems.filter(({ kind }) => kinds.includes(kind)).map(said);
  };
  const rows = [
    { what: 'identical files in support and test', items: equal(true) },
    { what: 'identical files on one side', items: equal(false) },
    {
      what: 'near-identical images, support and test',
      items: near.map(({ support, test, distance }) => `${distance.toFixed(4)}  ${support} ~ ${test}`),
    },
    {
      what: 'patients or volumes in support and test',
      items: shared.map((one) => `${one.source}: ${images(one.support.length)} and ${images(one.test.length)}`),
    },
    { what: 'masks missing', items: broken('missing_mask') },
    { what: 'masks of another size', items: broken('size_mismatch') },
    {
      what: 'masks empty, inverted, or of a normal image',
      items: broken('empty_mask', 'empty_masks', 'lesion_in_good', 'inverted_masks'),
    },
    {
      what: 'files that cannot be read',
      items: broken('broken_image', 'broken_mask', 'empty_class', 'unread', 'unnamed_picture'),
    },
    {
      what: 'folders and files to be decided about',
      items: broken('unclear_folder', 'outside', 'too_few', 'ambiguous_mask'),
    },
  ];
  const others = problems.filter(({ kind }) => !named.has(kind)).map(said);
  if (others.length > 0) rows.push({ what: 'other findings, as of data check', items: others });
  if (lists.length === 0) return rows;
  return [
    ...rows,
    {
      what: 'lists whose patients are in test',
      items: lists
        .filter((list) => list.shared.length > 0)
        .map((list) => `${list.file}: ${list.shared.length} of ${list.sources}`),
    },
    {
      what: 'lists not part of the next larger',
      items: notNested.map(
        ({ smaller, larger, label, missing }) => `${smaller} ⊄ ${larger}, ${label}: ${missing.join(', ')}`,
      ),
    },
    {
      what: 'lists with unknown images',
      items: lists
        .filter(({ unknown }) => unknown.length > 0)
        .map(({ file, unknown }) => `${file}: ${unknown.join(', ')}`),
    },
  ];
}
