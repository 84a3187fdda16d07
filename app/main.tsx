/** The page's start. */
import { render } from 'preact';
import { App } from './components/app.tsx';

// A file that is dropped beside its field would take the place of the page, and with it of all that was computed.
for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault());

render(<App />, document.getElementById('app')!);
