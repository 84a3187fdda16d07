import { step } from './step.mjs';

console.log(JSON.stringify(await step(navigator.gpu)));
