import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { commandHelp, helpWidth, overview } from '../../src/cli/help.ts';
import type { Host } from '../../src/host/host.ts';
import { headerJson, runSettings } from '../../src/run/run_config.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { madeRun } from '../report/made_run.ts';

const commandOf = (name: string): Command => COMMANDS.find((one) => one.name.join(' ') === name)!;

/** The flags that a help text lists. */
function listed(text: string): string[] {
  return [...text.matchAll(/^ {2}--([\w.]+)/gm)].map(([, name]) => name);
}

async function helpOf(name: string, positional: string[], flags: Record<string, string>): Promise<string> {
  const { header } = madeRun({ settings: { fuse: 'calib', 'map.blur': '3' } });
  const fs = new MemoryFileSystem([['/run/config.json', new TextEncoder().encode(JSON.stringify(headerJson(header)))]]);
  const command = commandOf(name);
  return commandHelp(command, await command.defaults?.({ host: fs as unknown as Host, positional, flags }));
}

describe('help', () => {
  test('has two examples of every command, and every line fits', () => {
    for (const command of COMMANDS) {
      const text = commandHelp(command);
      const asTyped = text.replaceAll(/ \\\n +/g, ' ');
      for (const line of command.examples) expect(asTyped).toContain(`\n  ${line}\n`);
      expect(text).not.toContain('[object Object');
      for (const line of text.split('\n')) expect(line.length).toBeLessThan(101);
    }
  });

  test('fits a terminal of 80 columns, and a narrower one but for what has no place to break', () => {
    const long = (width: number) =>
      [overview(COMMANDS, width), ...COMMANDS.map((command) => commandHelp(command, null, width))]
        .flatMap((text) => text.split('\n'))
        .filter((line) => line.length > width);
    const isWhole = (line: string) =>
      /^ {2,4}\S/.test(line) || line.startsWith('fusionclip ') || !line.trim().includes(' ');
    expect(long(80)).toEqual([]);
    expect(long(40).filter((line) => !isWhole(line))).toEqual([]);
    expect([20, 80, 300, null].map(helpWidth)).toEqual([40, 80, 100, 100]);
  });

  test('of eval and predict lists what can be given anew, with the values of the run', async () => {
    for (const [name, positional, flags] of [
      ['eval', ['/run'], {}],
      ['predict', ['x.png'], { run: '/run' }],
    ] as const) {
      const text = await helpOf(name, [...positional], flags);
      expect(text).toContain('In brackets: the values of /run.');
      expect(text).toMatch(/--fuse [\s\S]{0,300}?\[calib\]/);
      expect(text).toMatch(/--map\.blur [\s\S]{0,200}?\[3\]/);
      expect(listed(text)).toEqual(expect.arrayContaining(['method', 'score.image', 'memory.cls', 'map.upsample']));
      for (const fixed of ['size', 'layers', 'prompt.nctx', 'loss.alpha', 'temperature']) {
        expect(listed(text)).not.toContain(fixed);
      }
    }
  });

  test('of train with a method shows what that reads, with its values', async () => {
    const text = await helpOf('train', [], { method: 'winclip' });
    const { fusion } = runSettings({ method: 'winclip' });
    expect(text).toContain(`[${fusion.temperature}]`);
    for (const idle of ['epochs', 'prompt.nctx', 'loss.alpha', 'memory.cls']) expect(listed(text)).not.toContain(idle);
    expect(listed(text)).toEqual(expect.arrayContaining(['shots', 'size', 'map.blur', 'data']));
    expect(listed(await helpOf('train', [], {}))).toContain('epochs');
  });
});
