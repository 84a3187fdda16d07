/** A flag of the command line, or a call of it. */
const OF_THE_COMMAND_LINE =
  /(^|[\s('"])--[a-z]|\bfusionclip (train|eval|predict|data|model|report|doctor|tune|cost|demo|embed)\b/;

/** Parts of a sentence that the program's messages are made of: the cause comes first, what to do about it behind `;`. */
const PART = /; /;

/**
 * A message without what only a command line could do: parts behind `;` and in brackets that name flags or commands. The
 * cause stays. For whoever shows messages where there is no command line, and says there what to do.
 */
export function withoutFlags(text: string): string {
  return text.split('\n').map(ofLine).join('\n');
}

function ofLine(line: string): string {
  const inBrackets = line.replace(/\s?\(([^()]*)\)/g, (whole, inside: string) => {
    const kept = inside.split(PART).filter((part) => !OF_THE_COMMAND_LINE.test(part));
    if (kept.length === inside.split(PART).length) return whole;
    return kept.length === 0 ? '' : ` (${kept.join('; ')})`;
  });
  return inBrackets
    .split(/(?<=[.?!])\s+(?=\p{Lu})/u)
    .map((sentence, at) => {
      const parts = sentence.split(PART);
      const kept = parts.flatMap((part, i) => {
        if (!OF_THE_COMMAND_LINE.test(part)) return [part];
        // Of several ways out, those that need no flag; of a cause what stands before its advice.
        const ways = part.split(/, or |, |: (?=see )/).filter((way) => !OF_THE_COMMAND_LINE.test(way));
        const [first] = ways;
        if (first !== undefined && (i === 0 || first === part.slice(0, first.length))) {
          // Where the cause itself names a command its end alone would say nothing.
          return at > 0 || i > 0 || first === part.slice(0, first.length) ? [ways.join(', ')] : [part];
        }
        return at === 0 && i === 0 ? [part] : [];
      });
      const joined = kept.join('; ');
      return sentence.endsWith('.') && joined !== '' && !/[.!?]$/.test(joined) ? `${joined}.` : joined;
    })
    .filter((sentence) => sentence !== '')
    .join(' ');
}
