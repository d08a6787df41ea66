import type { MailRow } from '../client/types.js';
import { StateBadge } from '../parts/badge.js';
import { count } from '../parts/format.js';
import { Icon } from '../parts/icon.js';
import { Time } from '../parts/time.js';

/** In pixels; `.mail-row` in pages.css is made for it. */
export const ROW_HEIGHT = 76;

export function MailRowLink({
  row,
  link,
  current,
  focused,
}: {
  row: MailRow;
  link: string;
  current: boolean;
  focused: () => void;
}) {
  const more = row.recipients - row.to.length;
  return (
    <a class="mail-row" href={link} data-mail={row.id} aria-current={current ? 'true' : undefined} onFocus={focused}>
      <span class="mail-row-top">
        <span class="mail-row-to">
          {row.to.join(', ') || 'nobody'}
          {more > 0 && <span class="muted"> and {count(more)} more</span>}
        </span>
        <Time at={row.at} />
      </span>
      <span class="mail-row-subject">{row.subject || <em>no subject</em>}</span>
      <span class="mail-row-foot">
        <StateBadge state={row.state} />
        {row.mail && <span class="mail-row-mail">{row.mail}</span>}
        {row.tags.slice(0, 3).map((tag) => (
          <span key={tag} class="tag">
            {tag}
          </span>
        ))}
        <span class="mail-row-marks">
          {Boolean(row.opened) && <span>opened</span>}
          {Boolean(row.clicked) && <span>clicked</span>}
          {Boolean(row.attachments) && (
            <span title={`Attachments: ${row.attachments}`}>
              <Icon name="attachment" />
              <span class="sr-only">attachments: </span>
              {row.attachments}
            </span>
          )}
        </span>
      </span>
    </a>
  );
}
