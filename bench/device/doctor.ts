/** `fusionclip doctor --here` from the sources: whether this runtime has an adapter, which, and whether a kernel gives the right numbers. */
import process from 'node:process';
import { diagnose } from '../../src/cli/commands/doctor.ts';
import { createNodeHost } from '../../src/host/node.ts';

const host = createNodeHost();
const { summary, backend, check, adapter } = await diagnose(host);
console.log(`${host.runtime} ${host.version}, ${backend}: ${summary}`);
console.log(`features: ${adapter?.features.join(', ')}`);
console.log(`${check.ok ? 'ok' : 'WRONG'}: ${check.detail}`);
process.exit(check.ok ? 0 : 1);
