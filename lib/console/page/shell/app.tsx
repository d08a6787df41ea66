import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { startLive } from '../client/live.js';
import { openSession, session, sessionProblem } from '../client/session.js';
import { InboxPage } from '../inbox/inbox-page.js';
import { Announcer } from '../parts/announcer.js';
import { ConfirmDialog } from '../parts/confirm.js';
import { Empty, ErrorNote, Skeleton } from '../parts/notes.js';
import { later } from './later.js';
import { Header } from './nav.js';
import { href, route } from './route.js';
import { ShortcutsDialog, useCommonKeys } from './shortcuts.js';

/** Each section, and what the window is called there. All but the first are loaded when they are asked for. */
const SECTIONS: Record<string, { title: string; page: ComponentType }> = {
  mails: { title: 'Inbox', page: InboxPage },
  queue: { title: 'Queue', page: later(async () => (await import('../queue/queue-page.js')).QueuePage) },
  previews: { title: 'Previews', page: later(async () => (await import('../previews/previews-page.js')).PreviewsPage) },
  charts: { title: 'Charts', page: later(async () => (await import('../charts/charts-page.js')).ChartsPage) },
  suppressions: {
    title: 'Suppressions',
    page: later(async () => (await import('../suppressions/suppressions-page.js')).SuppressionsPage),
  },
  domains: { title: 'Domains', page: later(async () => (await import('../domains/domains-page.js')).DomainsPage) },
};

export function App() {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    void openSession().then(startLive);
  }, []);
  useCommonKeys();
  const name = route.value.path[0]!;
  const section = SECTIONS[name];
  useTitle(section?.title ?? 'Not found', main);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The fragment is the page's place: it must stay.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <Header />
      <main id="main" ref={main} tabIndex={-1} aria-label={section?.title ?? 'Not found'}>
        <Content name={name} />
      </main>
      <Announcer />
      <ConfirmDialog />
      <ShortcutsDialog />
    </>
  );
}

function Content({ name }: { name: string }) {
  if (sessionProblem.value) {
    return (
      <div class="page">
        <ErrorNote problem={sessionProblem.value} retry={() => void openSession()} />
      </div>
    );
  }
  if (!session.value) return <Skeleton rows={8} tall />;
  const Page = SECTIONS[name]?.page;
  if (Page) return <Page key={name} />;
  return (
    <>
      <h1 class="sr-only">Not found</h1>
      <Empty icon="search" title="There is no such page">
        <a href={href(['mails'])}>Go to the inbox</a>
      </Empty>
    </>
  );
}

/** Names the window, and puts a screen reader at the top of what is new. */
function useTitle(title: string, main: { current: HTMLElement | null }): void {
  const first = useRef(true);
  useEffect(() => {
    document.title = `${title} · Mail relay`;
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [title]);
}
