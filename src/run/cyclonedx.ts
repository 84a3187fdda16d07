import { sha256 } from '../base/sha256.ts';
import { VERSION } from '../base/version.ts';

/** Name of a bill of materials beside what it is of. */
export const BILL = 'bom.cdx.json';

/** A part of a bill, or what it is of. */
export interface BillComponent {
  readonly type: string;
  readonly 'bom-ref': string;
  readonly [more: string]: unknown;
}

/**
 * A bill of materials (CycloneDX 1.6) of something that this program has made of others. It holds no clock, no dice and no place, so
 * the same parts give the same bytes.
 */
export async function billOf(made: BillComponent, parts: readonly BillComponent[]): Promise<object> {
  const purl = `pkg:npm/fusionclip@${VERSION}`;
  const program = { type: 'application', 'bom-ref': purl, name: 'fusionclip', version: VERSION, purl };
  const content = {
    metadata: { lifecycles: [{ phase: 'build' }], tools: { components: [program] }, component: made },
    components: parts,
    dependencies: [{ ref: made['bom-ref'], dependsOn: parts.map((each) => each['bom-ref']) }],
  };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: await serialOf(content),
    version: 1,
    ...content,
  };
}

/** A SHA-256 as a bill has it. */
export function billHash(content: string): object {
  return { alg: 'SHA-256', content };
}

/** A fact under a name of this program. */
export function billProperty(name: string, value: string): object {
  return { name: `fusionclip:${name}`, value };
}

/** A UUID of the content. */
async function serialOf(content: object): Promise<string> {
  const sum = await sha256(new TextEncoder().encode(JSON.stringify(content)));
  const parts = [
    sum.slice(0, 8),
    sum.slice(8, 12),
    `5${sum.slice(13, 16)}`,
    `8${sum.slice(17, 20)}`,
    sum.slice(20, 32),
  ];
  return `urn:uuid:${parts.join('-')}`;
}
