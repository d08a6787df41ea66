import './styles/base.css';
import './styles/parts.css';
import './styles/shell.css';
import './styles/pages.css';
import { render } from 'preact';
import { App } from './shell/app.js';
import { followRoute } from './shell/route.js';
import { applyTheme } from './shell/theme.js';

applyTheme();
followRoute();
render(<App />, document.getElementById('app')!);
