/** The start of the kernel lab. */
import { render } from 'preact';
import { Lab } from './lab.tsx';

const app = document.getElementById('app')!;
app.textContent = '';
render(<Lab />, app);
