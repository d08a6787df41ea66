import type { ContentWarning } from '../client/types.js';
import { Badge } from '../parts/badge.js';
import type { Tone } from '../parts/tone.js';
import { Empty } from '../parts/notes.js';

const TONES: Record<ContentWarning['severity'], Tone> = { error: 'bad', warn: 'fair', info: 'busy' };
const WORDS: Record<ContentWarning['severity'], string> = { error: 'error', warn: 'warning', info: 'hint' };

/** What common mail readers will make worse; the server gives the worst first. */
export function WarningsPanel({ warnings }: { warnings: readonly ContentWarning[] }) {
  if (warnings.length === 0) {
    return (
      <Empty icon="check" title="Nothing to warn of">
        Text part, alternative texts, subject, size and styles are as they should be.
      </Empty>
    );
  }
  return (
    <ul class="cards" role="list">
      {warnings.map(({ code, severity, message, help }, index) => (
        <li key={`${index} ${code}`} class="card">
          <p class="card-title">
            <Badge tone={TONES[severity]}>{WORDS[severity]}</Badge> {message}
          </p>
          {help !== undefined && <Help text={help} />}
        </li>
      ))}
    </ul>
  );
}

/** Words, or where to read more. */
function Help({ text }: { text: string }) {
  if (!text.startsWith('https://')) return <p class="muted">{text}</p>;
  return (
    <p class="muted break">
      <a href={text} target="_blank" rel="noopener noreferrer">
        {text.replace('https://', '')}
      </a>
    </p>
  );
}
