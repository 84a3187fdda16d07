/** @jsxImportSource preact */
import type { VNode } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { STYLE } from './style.ts';

/** Nothing is fetched and nothing is run: styles stand in the file, pictures are data. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/**
 * A page as one HTML file without scripts and without links to elsewhere.
 * @param numbers what the page shows, for programs: JSON in `template#data`
 */
export function htmlFile(title: string, page: VNode, numbers: unknown): string {
  const body = renderToStaticMarkup(
    <>
      {page}
      {/* A template is parsed and never shown or run. */}
      <template id="data">{JSON.stringify(numbers)}</template>
    </>,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
