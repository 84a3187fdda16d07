import * as everything from 'fusionclip';
import { Gpu } from 'fusionclip/gpu';
import { createNodeHost } from 'fusionclip/node';

const gpu: Gpu = await Gpu.create(await createNodeHost().gpu());
const bytes: number = gpu.pool.liveBytes;
// @ts-expect-error: the types are not `any`
const wrong: string = gpu.pool.liveBytes;

export { bytes, everything, wrong };
