/** The page's start. */
import { render } from 'preact';
import { App } from './components/app.tsx';

// A file that is dropped beside its field would take the place of the page, and with it of all that was computed.
for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault());

const app = document.getElementById('app')!;
app.textContent = '';
render(<App />, app);

// For the time without the server; what is opened from disk needs none.
if (import.meta.env.PROD && location.protocol.startsWith('http') && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('./service_worker.js').catch(() => {});
}
