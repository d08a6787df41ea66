import { useState } from 'preact/hooks';
import { session } from '../client/session.js';
import { live } from '../client/live.js';
import { Icon, type IconName } from '../parts/icon.js';
import { href, route } from './route.js';
import { ShortcutsButton } from './shortcuts.js';
import { ThemeButton } from './theme.js';

const SECTIONS: readonly { path: string; name: string; icon: IconName; feature?: 'previews' }[] = [
  { path: 'mails', name: 'Inbox', icon: 'inbox' },
  { path: 'queue', name: 'Queue', icon: 'queue' },
  { path: 'previews', name: 'Previews', icon: 'preview', feature: 'previews' },
  { path: 'charts', name: 'Charts', icon: 'chart' },
  { path: 'suppressions', name: 'Suppressions', icon: 'suppress' },
  { path: 'domains', name: 'Domains', icon: 'domain' },
];

export function Header() {
  const [open, setOpen] = useState(false);
  const opened = session.value;
  const here = route.value.path[0];
  const sections = SECTIONS.filter(({ feature }) => !feature || opened?.features[feature] !== false);
  return (
    <header class="header">
      <div class="brand">
        <Icon name="relay" />
        <span class="brand-name">Mail relay</span>
        {opened && <Place environment={opened.environment} readonly={opened.readonly} />}
      </div>
      <button
        type="button"
        class="plain menu-button"
        aria-expanded={open}
        aria-controls="sections"
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? 'close' : 'menu'} />
        <span>Menu</span>
      </button>
      <nav id="sections" class={open ? 'sections open' : 'sections'} aria-label="Sections">
        <ul role="list">
          {sections.map(({ path, name, icon }) => (
            <li key={path}>
              <a href={href([path])} aria-current={here === path ? 'page' : undefined} onClick={() => setOpen(false)}>
                <Icon name={icon} />
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="tools">
        <RelayChoice />
        <LiveStatus />
        <ShortcutsButton />
        <ThemeButton />
      </div>
    </header>
  );
}

function Place({ environment, readonly }: { environment: string; readonly: boolean }) {
  return (
    <>
      <span class={environment === 'production' ? 'place place-production' : 'place'}>{environment}</span>
      {readonly && <span class="place">read only</span>}
    </>
  );
}

/** Where an application has several relays. Everything is read anew. */
function RelayChoice() {
  const opened = session.value;
  if (!opened || opened.relays.length < 2) return null;
  return (
    <select
      class="relay-choice"
      aria-label="Relay"
      value={opened.relay}
      onChange={({ currentTarget }) => {
        location.hash = `#/${route.peek().path[0]}?relay=${encodeURIComponent(currentTarget.value)}`;
        location.reload();
      }}
    >
      {opened.relays.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

const WORDS = { live: 'Live', connecting: 'Connecting', lost: 'Not live' } as const;
const HELP = {
  live: 'What you see is kept up to date',
  connecting: 'Waiting for the server',
  lost: 'The connection is lost; it is tried again',
} as const;

function LiveStatus() {
  return (
    <span class={`live live-${live.value}`} role="status" title={HELP[live.value]}>
      {WORDS[live.value]}
    </span>
  );
}
