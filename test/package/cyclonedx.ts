import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';

const LIBRARY = dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'));

function schema(name: string): object {
  return JSON.parse(readFileSync(join(LIBRARY, 'res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8'));
}

/** What CycloneDX's own schema of version 1.6 has against a bill; empty where it is valid. */
export function billErrors(bill: unknown): string[] {
  // Texts with a format (addresses, times) are held to the schema's patterns alone.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  const isValid = ajv.compile(schema('bom-1.6'));
  return isValid(bill) ? [] : isValid.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
}
