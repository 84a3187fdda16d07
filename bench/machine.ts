import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';

/** Number and model of the processors, e.g. `2 × Intel(R) Xeon(R) CPU`. */
export function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}`;
}

/** Who made the processors, for the name of a file: kernels of software adapters rank otherwise on those of another maker. */
export function maker(): string {
  return /intel|amd|apple|arm/i.exec(cpus()[0]?.model ?? '')?.[0].toLowerCase() ?? 'cpu';
}

/** Writes a report as JSON, whole or not at all. */
export function store(path: string, report: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, `${JSON.stringify(report, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}
