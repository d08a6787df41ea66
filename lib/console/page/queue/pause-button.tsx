import { useState } from 'preact/hooks';
import { change } from '../client/request.js';
import { writable } from '../client/session.js';
import { say, sayProblem } from '../parts/announcer.js';
import { confirm } from '../parts/confirm.js';
import { Icon } from '../parts/icon.js';

/** Holds a stream or a transport, after asking, or lets it go on. */
export function PauseButton({
  kind,
  name,
  paused,
  changed,
}: {
  kind: 'stream' | 'transport';
  name: string;
  paused: boolean;
  changed: () => void;
}) {
  const [busy, setBusy] = useState(false);
  if (!writable()) return null;
  const run = async () => {
    const what = paused ? 'resume' : 'pause';
    if (!paused && !(await confirm(`Pause the ${kind} ${name}?`, CONSEQUENCE[kind], 'Pause', false))) return;
    setBusy(true);
    try {
      await change('POST', `${kind}s/${encodeURIComponent(name)}/${what}`);
      say(paused ? `${name} goes on.` : `${name} is paused.`);
      changed();
    } catch (error) {
      sayProblem(error);
    }
    setBusy(false);
  };
  return (
    <button
      type="button"
      class="small"
      disabled={busy}
      aria-label={`${paused ? 'Resume' : 'Pause'} the ${kind} ${name}`}
      onClick={() => void run()}
    >
      <Icon name={paused ? 'play' : 'pause'} /> {paused ? 'Resume' : 'Pause'}
    </button>
  );
}

const CONSEQUENCE = {
  stream: 'Its mails are taken in, and wait in the queue until you resume it.',
  transport: 'Nothing is handed to it until you resume it. Mails go by another transport of their route, or wait.',
} as const;
