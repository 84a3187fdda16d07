import { createNodeHost } from 'fusionclip/node';
import { step } from './step.mjs';

const host = createNodeHost();
host.stdout(`${JSON.stringify(await step(await host.gpu()))}\n`);
await host.exit(0);
