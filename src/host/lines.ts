import type { Readable } from 'node:stream';

/** The lines of a stream, to its end; a last one without a line end counts. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const part of stream) {
      const lines = (rest + decoder.decode(part as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch {} // whoever wrote it is gone
  if (rest !== '') yield rest;
}
