import { useEffect, useState } from 'preact/hooks';
import { say } from './announcer.js';
import { Icon } from './icon.js';

/** Puts a text on the clipboard. `what` says what it is: `the Message-ID`. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(setCopied, 2_000, false);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    if (!(await toClipboard(text)))
      return say(`Your browser does not let the page copy ${what}. Select it and copy it yourself.`, true);
    setCopied(true);
    say(`Copied ${what}.`);
  };
  return (
    <button
      type="button"
      class="small copy"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={() => void copy()}
    >
      <Icon name={copied ? 'check' : 'copy'} />
      <span aria-hidden="true">{copied ? 'Copied' : 'Copy'}</span>
    </button>
  );
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return byHand(text);
  }
}

/** Without https there is no clipboard but this. */
function byHand(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'sr-only';
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
