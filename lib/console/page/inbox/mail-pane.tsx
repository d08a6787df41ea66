import { useEffect, useRef } from 'preact/hooks';
import { useLive } from '../client/live.js';
import { get } from '../client/request.js';
import type { MailContentView, MailDetail } from '../client/types.js';
import { useResource } from '../client/use-resource.js';
import { useSoon } from '../client/use-soon.js';
import { contentPanel, contentTabs, firstTab } from '../content/content-panel.js';
import { ErrorNote, Note, Skeleton } from '../parts/notes.js';
import { Tabs } from '../parts/tabs.js';
import { Icon } from '../parts/icon.js';
import { go, hasMoved, href, refine, route } from '../shell/route.js';
import { MailActions } from './mail-actions.js';
import { MailFacts } from './mail-facts.js';
import { Timeline } from './timeline.js';

/** One mail: what was sent, and what became of it. */
export function MailPane({ id }: { id: string }) {
  const mail = useResource(`mail ${id}`, (signal) => get<MailDetail>(`mails/${encodeURIComponent(id)}`, {}, signal));
  const kept = mail.data?.content === 'available';
  const content = useResource(`content ${id} ${kept}`, async (signal) =>
    kept ? get<MailContentView>(`mails/${encodeURIComponent(id)}/content`, {}, signal) : undefined,
  );
  useFreshness(id, mail.reload);
  const title = useRef<HTMLHeadingElement>(null);
  const there = mail.data !== undefined;
  useEffect(() => {
    if (hasMoved()) title.current?.focus({ preventScroll: true });
  }, [there]);
  const { query } = route.value;
  const back = (
    <a
      class="back"
      href={href(['mails'], { ...query, tab: undefined })}
      onClick={(event) => {
        event.preventDefault();
        go(['mails'], { ...query, tab: undefined });
      }}
    >
      <Icon name="back" /> All mails
    </a>
  );
  if (!mail.data) {
    return (
      <div class="pane">
        {back}
        {mail.problem ? <ErrorNote problem={mail.problem} retry={mail.reload} /> : <Skeleton rows={5} tall />}
      </div>
    );
  }
  const tabs = [
    ...(kept ? contentTabs(content.data).slice(0, 1) : []),
    { key: 'timeline', label: 'Timeline', count: mail.data.attempts.length + mail.data.events.length },
    ...(kept ? contentTabs(content.data).slice(1) : []),
  ];
  const wanted = query['tab'] ?? firstTab(content.data);
  const chosen = tabs.find(({ key }) => key === wanted)?.key ?? tabs[0]!.key;
  return (
    <article class="pane" aria-labelledby="mail-title">
      <div class="pane-head">
        {back}
        <h2 id="mail-title" ref={title} tabIndex={-1}>
          {mail.data.subject || <em>no subject</em>}
        </h2>
        <MailActions mail={mail.data} done={mail.reload} />
      </div>
      {mail.problem && <ErrorNote problem={mail.problem} retry={mail.reload} />}
      <MailFacts mail={mail.data} />
      {!kept && <Note>{WITHOUT[mail.data.content as keyof typeof WITHOUT]}</Note>}
      <Tabs label="Parts of the mail" tabs={tabs} chosen={chosen} choose={(tab) => refine({ tab })}>
        {chosen === 'timeline' ? (
          <Timeline mail={mail.data} />
        ) : content.data ? (
          contentPanel(chosen, {
            content: content.data,
            path: `mails/${encodeURIComponent(id)}`,
            query: {},
            source: true,
          })
        ) : content.problem ? (
          <ErrorNote problem={content.problem} retry={content.reload} />
        ) : (
          <Skeleton rows={6} />
        )}
      </Tabs>
    </article>
  );
}

const WITHOUT = {
  gone: 'The content of this mail is not kept. What became of it is.',
  sealed: 'The content of this mail is sealed: the console does not show it.',
} as const;

/** Reads the mail again when the server tells of it, once a second at most. */
function useFreshness(id: string, reload: () => void): void {
  const soon = useSoon(reload, 1_000);
  useLive('mails', (told) => {
    if (!told || told.some((row) => row.id === id)) soon();
  });
}
