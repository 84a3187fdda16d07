import { type GenericSchema, getDotPath, type InferOutput, safeParse } from 'valibot';

/**
 * What a text of JSON holds, when it has the shape of `schema`.
 *
 * Objects whose keys a file chooses freely (tensors, tokens) are taken with {@link isObject} instead of `record`, which
 * drops an entry called `constructor`.
 * @throws SyntaxError when it is no JSON, else as {@link checkJson}
 */
export function parseJson<S extends GenericSchema>(schema: S, text: string): InferOutput<S> {
  return checkJson(schema, JSON.parse(text));
}

/**
 * A value in the shape of `schema`.
 * @throws Error that goes on after a file's name, e.g. `has a list at text_config.heads, not a number`
 */
export function checkJson<S extends GenericSchema>(schema: S, value: unknown): InferOutput<S> {
  const { success, output, issues } = safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (success) {
    // To valibot a list is an object, and where no key has to be there a good one.
    if (Array.isArray(value) && /object$/.test(schema.type)) throw new Error('has a list at its top, not an object');
    return output;
  }
  const [issue] = issues;
  const place = getDotPath(issue) ?? 'its top';
  if (issue.received === 'undefined') throw new Error(`has no ${place}`);
  // A schema may give words of its own as message, e.g. `a commit`.
  const own = !issue.message.startsWith('Invalid ');
  const wish = own || !issue.expected ? issue.message : inWords(issue.expected);
  throw new Error(`has ${inWords(issue.received)} at ${place}, not ${wish}`);
}

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const WORDS: Readonly<Record<string, string>> = {
  Array: 'a list',
  Object: 'an object',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
};

function inWords(type: string): string {
  return Object.hasOwn(WORDS, type) ? WORDS[type] : type;
}
