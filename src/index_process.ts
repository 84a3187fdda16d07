/** What `fusionclip` is in Node and in Deno: the same names, with the `open` that finds drivers and reads the disk. */
export * from './index.ts';
export { open } from './open/process.ts';
