import { textColumns } from '../../base/columns.ts';
import { type JUnitCase, junitXml } from '../../base/junit.ts';
import { visible } from '../../base/visible.ts';
import type { MetricCheck, RunCheck } from './check_run.ts';

/** Images in a comment, at most: a comment holds 65,536 characters. */
const SHOWN = 20;

/** How the comment of a check begins, so that a later one can take its place. */
export function commentMark({ data, method }: Pick<RunCheck, 'data' | 'method'>): string {
  return `<!-- fusionclip ci: ${visible(`${data}, ${method}`).replace(/--+/g, '-')} -->`;
}

/** The check as Markdown, for a comment or a summary. */
export function checkMarkdown(check: RunCheck): string {
  const { data, method, model, shots, images, last, metrics, decisions, settings, notes } = check;
  const failures = metrics.filter(({ failure }) => failure !== null);
  const lines = [
    commentMark(check),
    `### fusionclip: ${cell(method)} on ${cell(data)} ${check.passed ? 'passed' : 'FAILED'}`,
    '',
    ...(failures.length > 0 ? [...failures.map(({ failure }) => `* **${failure}**`), ''] : []),
    `${cell(model)}, ${shots.normal} normal and ${shots.abnormal} abnormal support images; ${images.normal} normal and ${images.abnormal} abnormal test images.`,
    '',
    `| metric | now |${last ? ' last run | change |' : ''} asked for |`,
    `| --- | ---: |${last ? ' ---: | ---: |' : ''} --- |`,
    ...metrics.map((one) => {
      const before = last ? ` ${value(one.last)} | ${changeText(one)} |` : '';
      return `| ${one.title} | ${value(one.now)} |${before} ${askedText(one)} |`;
    }),
  ];
  if (decisions.length > 0) {
    const right = decisions.filter((one) => one.right).length;
    const list = decisions.slice(0, SHOWN).map(({ id, label, right: isRight }) => {
      const what = label === 1 ? 'abnormal' : 'normal';
      return `* ${cell(id)} (${what}): ${isRight ? 'right now' : 'wrong now'}`;
    });
    const more = decisions.length > SHOWN ? [`* and ${decisions.length - SHOWN} more`] : [];
    const summary = `${decisions.length} test images are decided differently: ${right} right now, ${decisions.length - right} wrong now`;
    lines.push('', `<details><summary>${summary}</summary>`, '', ...list, ...more, '', '</details>');
  }
  if (settings.length > 0) {
    const all = settings.map(({ name, now, last: old }) => `\`${name}\` ${cell(old)} → ${cell(now)}`);
    lines.push('', `Settings that changed: ${all.join(', ')}.`);
  }
  for (const note of notes) lines.push('', `> ${cell(note)}`);
  return `${lines.join('\n')}\n`;
}

/** The check as a table for a terminal or a log. */
export function checkText({ metrics, last, decisions, notes, passed }: RunCheck): string {
  const rows = metrics.map((one) => [
    one.title,
    value(one.now),
    ...(last ? [value(one.last), changeText(one)] : []),
    askedText(one),
    one.failure === null ? '' : 'FAILED',
  ]);
  const head = ['', 'now', ...(last ? ['last run', 'change'] : []), 'asked for', ''];
  const changed = last ? [`${decisions.length} test images are decided differently`] : [];
  return `${[textColumns([head, ...rows]), ...changed, ...notes, passed ? 'passed' : 'FAILED'].join('\n')}\n`;
}

/** The check as JUnit XML: a case for the run itself, and one for each thing that was asked. @param seconds it took */
export function checkJUnit({ metrics, data, method }: RunCheck, seconds: number): string {
  const cases: JUnitCase[] = [{ name: `${method} trains and is evaluated on ${data}`, failure: null, seconds }];
  for (const { title, min, drop, failure } of metrics) {
    if (min === null && drop === null) continue;
    const parts = [
      ...(min === null ? [] : [`at least ${min}`]),
      ...(drop === null ? [] : [`falls by at most ${drop}`]),
    ];
    cases.push({ name: `${title}: ${parts.join(', ')}`, failure });
  }
  return junitXml('fusionclip ci', cases);
}

function value(one: number | null): string {
  return one === null ? '–' : one.toFixed(4);
}

function signed(one: number): string {
  const text = one.toFixed(4);
  return Number(text) === 0 ? '0.0000' : one > 0 ? `+${text}` : text;
}

function changeText({ change, interval }: MetricCheck): string {
  if (change === null) return '–';
  return interval ? `${signed(change)} (${signed(interval.low)} to ${signed(interval.high)})` : signed(change);
}

function askedText({ min, drop }: MetricCheck): string {
  return [min === null ? '' : `≥ ${min}`, drop === null ? '' : `falls ≤ ${drop}`].filter(Boolean).join(', ');
}

/** A text of elsewhere in a Markdown table: it shows as it is, and starts nothing there. */
function cell(text: string): string {
  return visible(text)
    .replace(/[\\`*_{}[\]()#+!|~]/g, (one) => `\\${one}`)
    .replace(/[&<>@]/g, (one) => `&#${one.charCodeAt(0)};`);
}
