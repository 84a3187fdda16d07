/** Ends of lines of a message. */
const [CR, LF, DASH, SPACE, TAB] = [13, 10, 45, 32, 9];

/** A part of a message. */
export interface Part {
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The value of a parameter of a header, with or without quotes; null where it has none. */
export function parameterOf(header: string, name: string): string | null {
  const match = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(header);
  return match && (match[1]?.replace(/\\(.)/g, '$1') ?? match[2]);
}

/**
 * The parts of a message (RFC 2046), views of its bytes. What stands before the first and behind the last is left out.
 * Null where it has no end: the connection was cut.
 */
export function partsOf(message: Uint8Array<ArrayBuffer>, boundary: string): Part[] | null {
  const mark = new TextEncoder().encode(`--${boundary}`);
  const parts: Part[] = [];
  let line = nextMark(message, mark, 0);
  while (line) {
    if (line.last) return parts;
    const head = headEnd(message, line.next);
    if (head === null) return null;
    const headers = headersOf(message.subarray(line.next, head));
    // Pixels may look like a mark: a stated length goes before.
    const length = Number(headers.get('content-length') ?? Number.NaN);
    const stated = Number.isInteger(length) ? nextMark(message, mark, head + length) : null;
    const end = stated?.at === head + length ? stated : nextMark(message, mark, head);
    if (!end) return null;
    parts.push({ headers, bytes: message.subarray(head, end.at) });
    line = end;
  }
  return null;
}

/** One part as a message. Its boundary is made of random digits, so that the part does not hold it. */
export function messageOf(
  type: string,
  bytes: Uint8Array,
): { readonly type: string; readonly body: Uint8Array<ArrayBuffer> } {
  const boundary = crypto.randomUUID();
  const text = new TextEncoder();
  const start = text.encode(`--${boundary}\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`);
  const end = text.encode(`\r\n--${boundary}--\r\n`);
  const body = new Uint8Array(start.length + bytes.length + end.length);
  body.set(start);
  body.set(bytes, start.length);
  body.set(end, start.length + bytes.length);
  return { type: `multipart/related; type="${type}"; boundary=${boundary}`, body };
}

interface Mark {
  /** Where the part before it ends. */
  readonly at: number;
  /** Behind its line. */
  readonly next: number;
  readonly last: boolean;
}

/** The next line from `from` on that is the mark, alone or with two dashes behind it. */
function nextMark(message: Uint8Array, mark: Uint8Array, from: number): Mark | null {
  for (let at = message.indexOf(DASH, from); at >= 0; at = message.indexOf(DASH, at + 1)) {
    const startsLine = at === 0 || message[at - 1] === LF;
    if (!startsLine || !mark.every((byte, i) => message[at + i] === byte)) continue;
    let next = at + mark.length;
    const last = message[next] === DASH && message[next + 1] === DASH;
    if (last) next += 2;
    while (message[next] === SPACE || message[next] === TAB) next++;
    const ends = last && next >= message.length;
    if (!ends && !(message[next] === LF || (message[next] === CR && message[next + 1] === LF))) continue;
    const lineEnd = at === 0 ? 0 : message[at - 2] === CR ? 2 : 1;
    return { at: Math.max(from, at - lineEnd), next: next + (message[next] === CR ? 2 : 1), last };
  }
  return null;
}

/** Behind the empty line that ends the headers; null where there is none. */
function headEnd(message: Uint8Array, from: number): number | null {
  for (let at = from; at >= 0 && at < message.length; ) {
    if (message[at] === LF) return at + 1;
    if (message[at] === CR && message[at + 1] === LF) return at + 2;
    const end = message.indexOf(LF, at);
    if (end < 0) return null;
    at = end + 1;
  }
  return null;
}

function headersOf(bytes: Uint8Array): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of new TextDecoder().decode(bytes).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}
