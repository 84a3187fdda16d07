import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Annotation, EditorState, Prec, type Text } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'preact/hooks';
import type { LabMessage } from '../../src/lab/job.ts';
import { wgsl } from './wgsl_mode.ts';

/** Marks a change of the text that nobody typed. */
const given = Annotation.define<true>();

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent)', fontWeight: '600' },
  { tag: [tags.typeName, tags.meta], color: 'var(--good)' },
  { tag: [tags.number, tags.atom, tags.bool], color: 'var(--hot)' },
  { tag: tags.comment, color: 'var(--muted)' },
  { tag: tags.definition(tags.variableName), fontWeight: '600' },
]);

const LOOK = EditorView.theme({
  '&': { backgroundColor: 'var(--card)', color: 'var(--text)', fontSize: '13px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    maxHeight: 'min(62vh, 620px)',
    overflow: 'auto',
    fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace',
    lineHeight: '1.5',
  },
  '.cm-gutters': { backgroundColor: 'var(--raised)', color: 'var(--muted)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in oklab, var(--raised), transparent 40%)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in oklab, var(--accent), transparent 72%)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--tint) !important', outline: '1px solid var(--accent)' },
  '.cm-panels, .cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-textfield': { backgroundColor: 'var(--card)', color: 'var(--text)' },
  '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--card)', color: 'var(--text)' },
  // In place of pictures, which the policy of the page forbids.
  '.cm-lint-marker': { width: '0.9em', height: '1.3em' },
  '.cm-lint-marker-error, .cm-lint-marker-warning, .cm-lint-marker-info': { content: 'normal', color: 'var(--muted)' },
  '.cm-lint-marker-error': { color: 'var(--hot)' },
  '.cm-lint-marker::before': { content: '"●"' },
  '.cm-lintRange': { backgroundImage: 'none', textDecoration: 'underline wavy 1px' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecorationColor: 'var(--hot)' },
  '.cm-lintRange-warning, .cm-lintRange-info': { backgroundImage: 'none', textDecorationColor: 'var(--muted)' },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap', maxWidth: 'min(560px, 80vw)' },
});

/** What the editor is given. */
export interface EditorProps {
  /** Name of the shader, for screen readers. */
  readonly name: string;
  readonly text: string;
  /** Those of this shader. */
  readonly messages: readonly LabMessage[];
  /** Where the cursor is to go, a new object each time. */
  readonly at: { readonly line: number } | null;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
}

/**
 * CodeMirror with WGSL. It stands in a shadow tree, where it can bring its styles as style sheets of scripts, which the policy of the
 * page does not forbid. Tab leaves the editor; Ctrl or Cmd with ] and [ changes the indentation.
 */
export function Editor({ name, text, messages, at, onChange, onRun }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const heard = useRef({ onChange, onRun });
  heard.current = { onChange, onRun };

  // A shader of another name is another document with its own history.
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' });
    const run = () => {
      heard.current.onRun();
      return true;
    };
    view.current = new EditorView({
      ...{ root, parent: root },
      state: EditorState.create({
        doc: text,
        extensions: [
          ...[lineNumbers(), lintGutter(), history(), drawSelection(), indentOnInput(), bracketMatching()],
          ...[highlightActiveLine(), highlightSelectionMatches(), search({ top: true }), wgsl(), LOOK],
          syntaxHighlighting(COLOURS),
          Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
          keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': `WGSL of ${name}`, tabindex: '0' }),
          EditorView.updateListener.of(({ docChanged, state, transactions }) => {
            if (!docChanged || transactions.some((one) => one.annotation(given))) return;
            heard.current.onChange(state.doc.toString());
          }),
        ],
      }),
    });
    return () => view.current?.destroy();
  }, [name]);

  useEffect(() => {
    const { state } = view.current!;
    if (state.doc.toString() === text) return;
    const changes = { from: 0, to: state.doc.length, insert: text };
    view.current!.dispatch({ changes, annotations: given.of(true) });
  }, [text]);

  // A new view has no marks yet.
  useEffect(() => {
    const { state } = view.current!;
    const placed = messages.filter(({ line }) => line > 0 && line <= state.doc.lines);
    view.current!.dispatch(
      setDiagnostics(
        state,
        placed.map((one) => diagnosticOf(one, state.doc)),
      ),
    );
  }, [messages, name]);

  useEffect(() => {
    const { state } = view.current!;
    if (!at || at.line > state.doc.lines) return;
    view.current!.dispatch({ selection: { anchor: state.doc.line(at.line).from }, scrollIntoView: true });
    view.current!.focus();
  }, [at]);

  return <div class="editor" ref={host} />;
}

function diagnosticOf({ line, column, length, kind, text }: LabMessage, doc: Text): Diagnostic {
  const whole = doc.line(line);
  const from = Math.min(whole.from + Math.max(0, column - 1), whole.to);
  // Without a length it is the rest of the line.
  const to = length > 0 ? Math.min(from + length, whole.to) : whole.to;
  return { from: from === to ? whole.from : from, to, severity: kind, message: text };
}
