import { useEffect, useRef } from 'preact/hooks';
import type { QueuedMail, QueueState } from '../client/types.js';
import { Time } from '../parts/time.js';
import { href } from '../shell/route.js';
import { useKeys } from '../shell/shortcuts.js';

/** When the mail's turn is, or since when it is dead. */
const WHEN: Record<QueueState, string> = {
  waiting: 'Since',
  scheduled: 'Due',
  deferred: 'Next attempt',
  sending: 'Since',
  dead: 'Since',
};

export function QueuedTable({
  mails,
  state,
  chosen,
  choose,
  choosable,
}: {
  mails: readonly QueuedMail[];
  state: QueueState;
  chosen: ReadonlySet<string>;
  choose: (ids: ReadonlySet<string>) => void;
  choosable: boolean;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  const all = useRef<HTMLInputElement>(null);
  const here = mails.filter(({ id }) => chosen.has(id)).length;
  useEffect(() => {
    if (all.current) all.current.indeterminate = here > 0 && here < mails.length;
  }, [here, mails.length]);
  const step = (by: number) => (event: KeyboardEvent) => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>('a') ?? [])];
    const row = document.activeElement?.closest('tr');
    const at = links.findIndex((link) => link.closest('tr') === row);
    if (event.key.startsWith('Arrow') && at < 0) return;
    event.preventDefault();
    links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
  };
  useKeys({ j: step(1), k: step(-1), ArrowDown: step(1), ArrowUp: step(-1) });
  const flip = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="Mails">
      <table class="stack" role="table">
        <thead role="rowgroup">
          <tr role="row">
            {choosable && (
              <th scope="col" role="columnheader" class="tight">
                <input
                  ref={all}
                  type="checkbox"
                  aria-label="Choose all mails of this page"
                  checked={here === mails.length}
                  onChange={({ currentTarget }) =>
                    choose(new Set(currentTarget.checked ? mails.map(({ id }) => id) : []))
                  }
                />
              </th>
            )}
            <th scope="col" role="columnheader">
              Mail
            </th>
            <th scope="col" role="columnheader">
              {state === 'dead' ? "The server's words" : 'Why'}
            </th>
            <th scope="col" role="columnheader">
              {WHEN[state]}
            </th>
          </tr>
        </thead>
        <tbody ref={body} role="rowgroup">
          {mails.map((mail) => {
            const to = mail.to.join(', ');
            return (
              <tr key={mail.id} role="row" class={chosen.has(mail.id) ? 'chosen' : ''}>
                {choosable && (
                  <td role="cell" class="tight">
                    <input
                      type="checkbox"
                      aria-label={`Choose ${mail.subject ?? 'the mail'} to ${to}`}
                      checked={chosen.has(mail.id)}
                      onChange={() => flip(mail.id)}
                    />
                  </td>
                )}
                <td role="cell">
                  <a href={href(['mails', mail.id], { tab: 'timeline' })}>{mail.subject || 'no subject'}</a>
                  <div class="muted address">
                    {to}
                    {mail.recipients > mail.to.length && ` and ${mail.recipients - mail.to.length} more`}
                  </div>
                  <div class="muted">{[mail.stream, mail.transport].filter(Boolean).join(', ')}</div>
                </td>
                <td role="cell" class="server-words">
                  {mail.why}
                </td>
                <td role="cell" class="nowrap" data-label={WHEN[state]}>
                  <Time at={mail.due ?? mail.changedAt} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
