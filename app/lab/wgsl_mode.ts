import { LanguageSupport, StreamLanguage, type StringStream } from '@codemirror/language';

/** What the tokens of a line depend on. */
interface Place {
  /** How many block comments are open: they nest. */
  comments: number;
  /** Whether the next name is that of a function. */
  naming: boolean;
  /** How many brackets of any kind are open. */
  depth: number;
}

const words = (text: string) => new Set(text.split(' '));

const KEYWORDS = words(
  'alias break case const const_assert continue continuing default diagnostic discard else enable fn for if let loop override requires return struct switch var while',
);
const TYPES =
  /^(?:bool|u32|i32|f32|f16|array|atomic|ptr|sampler|sampler_comparison|vec[234][fhiu]?|mat[234]x[234][fh]?|texture_\w+)$/;
const ATOMS = words('true false');
const SPACES = words('function private workgroup uniform storage read write read_write');
const NUMBER = /^(?:0[xX][\da-fA-F]+(?:\.[\da-fA-F]*)?(?:[pP][+-]?\d+)?|\d*\.?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)[fhiu]?/;

function token(stream: StringStream, place: Place): string | null {
  if (place.comments > 0 || stream.match('/*')) {
    place.comments ||= 1;
    while (!stream.eol() && place.comments > 0) {
      if (stream.match('/*')) place.comments++;
      else if (stream.match('*/')) place.comments--;
      else stream.next();
    }
    return 'comment';
  }
  if (stream.eatSpace()) return null;
  if (stream.match('//')) {
    stream.skipToEnd();
    return 'comment';
  }
  if (stream.match(/^@\w+/)) return 'meta';
  if (stream.match(NUMBER)) return 'number';
  const name = stream.match(/^[A-Za-z_]\w*/) as RegExpMatchArray | null;
  if (name) {
    const [word] = name;
    const { naming } = place;
    place.naming = word === 'fn';
    if (naming) return 'def';
    if (KEYWORDS.has(word) || SPACES.has(word)) return 'keyword';
    if (ATOMS.has(word)) return 'atom';
    if (TYPES.test(word)) return 'type';
    return stream.match(/^\s*\(/, false) ? 'variableName.function' : 'variableName';
  }
  const mark = stream.next() ?? '';
  if ('{(['.includes(mark)) place.depth++;
  else if ('})]'.includes(mark)) place.depth--;
  return null;
}

/** WGSL for CodeMirror: colours, comments, brackets and indentation by them. */
export function wgsl(): LanguageSupport {
  const language = StreamLanguage.define<Place>({
    name: 'wgsl',
    startState: () => ({ comments: 0, naming: false, depth: 0 }),
    token,
    indent: ({ depth }, after, { unit }) => Math.max(0, depth - (/^\s*[})\]]/.test(after) ? 1 : 0)) * unit,
    languageData: {
      commentTokens: { line: '//', block: { open: '/*', close: '*/' } },
      indentOnInput: /^\s*[})\]]$/,
    },
  });
  return new LanguageSupport(language);
}
