import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { driverOfAdapter, machineAdapters } from '../../src/launch/adapters.ts';
import { hiding } from '../../src/launch/hide.ts';

const BIN = fileURLToPath(new URL('../../bin/fusionclip.mjs', import.meta.url));

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'fusionclip-machine-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function put(file: string, text = ''): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

/** A render node and its place on the bus. */
function card(node: string, pci: string, vendor: string): void {
  put(`sys/devices/pci0000:00/${pci}/vendor`, `${vendor}\n`);
  put(`dev/dri/${node}`);
  mkdirSync(join(root, 'sys/class/drm', node), { recursive: true });
  symlinkSync(`../../../devices/pci0000:00/${pci}`, join(root, 'sys/class/drm', node, 'device'));
}

const names = () => machineAdapters(root).map(({ name }) => name);

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the adapters of a machine', () => {
  test('are its GPUs by their place on the bus, each shown alone, then software drivers', () => {
    for (const name of ['nvidia', 'intel', 'intel_hasvk', 'radeon', 'lvp'])
      put(`usr/share/vulkan/icd.d/${name}_icd.json`);
    card('renderD130', '0000:00:02.0', '0x8086');
    card('renderD129', '0000:82:00.0', '0x10de'); // that of minor 1, under NVIDIA's own driver
    put('dev/nvidiactl');
    put('dev/nvidia0');
    put('dev/nvidia1');
    put('proc/driver/nvidia/gpus/0000:C1:00.0/information', 'Model: \t\t NVIDIA H200\nDevice Minor: \t 0\n');
    put('proc/driver/nvidia/gpus/0000:82:00.0/information', 'Model: \t\t NVIDIA H200\nDevice Minor: \t 1\n');
    expect(names().slice(0, 4)).toEqual([
      'Intel GPU at 0000:00:02.0',
      'NVIDIA H200 at 0000:82:00.0',
      'NVIDIA H200 at 0000:c1:00.0',
      'lavapipe (software)',
    ]);
    const icd = (name: string) => join(root, `usr/share/vulkan/icd.d/${name}_icd.json`);
    const intel = driverOfAdapter('0', root);
    expect(intel.env).toMatchObject({ VK_DRIVER_FILES: `${icd('intel_hasvk')}:${icd('intel')}` });
    expect(intel.front).toBeUndefined();
    expect(driverOfAdapter('3', root)).toMatchObject({ name: 'lavapipe', env: { VK_DRIVER_FILES: icd('lvp') } });
    const [one, other] = ['dev/nvidia1', 'dev/nvidia0'].map((name) => join(root, name));
    let first: ReturnType<typeof driverOfAdapter>;
    try {
      first = driverOfAdapter('1', root);
    } catch (error) {
      // A sandbox may refuse it, as containers do.
      expect((error as Error).message).toContain('cannot be hidden here');
      return;
    }
    expect(first.env).toMatchObject({ VK_DRIVER_FILES: icd('nvidia') });
    expect(first.front).not.toContain(one);
    expect(first.front?.at(-2)).toBe(other);
    expect(driverOfAdapter('2', root).front?.slice(-3, -1)).toEqual([one, join(root, 'dev/dri/renderD129')]);
  });

  test('hidden devices cannot be opened, and only by the program that they are hidden from', () => {
    const nodes = ['a b', 'c'].map((name) => join(root, name));
    const made = nodes.every((node) => spawnSync('mknod', [node, 'c', '1', '3']).status === 0);
    if (!made) return; // not root
    const open = (front: readonly string[], node: string) => {
      const [program, ...args] = [...front, 'head', '-c1', node];
      return spawnSync(program, args).status;
    };
    expect([open([], nodes[0]), open([], nodes[1])]).toEqual([0, 0]);
    const front = hiding([nodes[0]]);
    expect([open(front, nodes[0]), open(front, nodes[1])]).toEqual([1, 0]);
    expect(open([], nodes[0])).toBe(0);
    expect(() => hiding([join(root, 'missing')])).toThrow('cannot be hidden here (mount: ');
  });

  test('that cannot be chosen are named with the reason', () => {
    card('renderD131', '0000:03:00.0', '0x1002');
    rmSync(join(root, 'usr/share/vulkan/icd.d/radeon_icd.json'));
    expect(() => driverOfAdapter('1', root)).toThrow('AMD GPU at 0000:03:00.0 has no Vulkan driver');
    for (const number of ['99', '-1', '1.5', '', 'one']) {
      expect(() => driverOfAdapter(number, root)).toThrow(`no adapter "${number}": there are 0 Intel GPU`);
    }
  });

  test('are chosen on the command line, and Chrome says that it does so itself', async () => {
    const doctor = (...args: string[]) => promisify(execFile)(process.execPath, [BIN, 'doctor', '--json', ...args]);
    const number = machineAdapters().findIndex(({ name }) => name.startsWith('SwiftShader'));
    const { stdout } = await doctor('--adapter', String(number), '--runtime', 'deno');
    expect(JSON.parse(stdout).adapter.class).toBe('swiftshader');
    await expect(doctor('--adapter', '0', '--runtime', 'chrome')).rejects.toThrow('Chrome chooses for itself');
    await expect(doctor('--threads', '2', '--driver', 'swiftshader')).rejects.toThrow('--threads is for lavapipe');
  });
});
