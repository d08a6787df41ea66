import type { MailDetail } from '../client/types.js';
import { StateBadge } from '../parts/badge.js';
import { CopyButton } from '../parts/copy-button.js';
import { bytes, count, many } from '../parts/format.js';
import { Time } from '../parts/time.js';

/** Recipients beyond this are on the timeline. */
const SHOWN = 5;

export function MailFacts({ mail }: { mail: MailDetail }) {
  const recipients = mail.recipientStates.slice(0, SHOWN);
  const more = mail.recipients - recipients.length;
  const facts: [string, string | undefined][] = [
    ['Mail class', mail.mail],
    ['Stream', mail.stream],
    ['Transport', mail.transport],
    ['Tenant', mail.tenant],
    ['Tags', mail.tags.join(', ') || undefined],
    ['Size', mail.size === undefined ? undefined : bytes(mail.size)],
    ['Opened', mail.opened ? `${count(mail.opened)} times` : undefined],
    ['Clicked', mail.clicked ? `${count(mail.clicked)} times` : undefined],
    ['Return path', mail.envelopeFrom],
    ...Object.entries(mail.metadata).map(([name, value]): [string, string] => [`Metadata: ${name}`, value]),
  ];
  return (
    <div class="facts-box">
      <dl class="facts">
        <div>
          <dt>From</dt>
          <dd>{mail.from ?? 'unknown'}</dd>
        </div>
        <div>
          <dt>To</dt>
          <dd>
            <ul class="plain-list" role="list">
              {recipients.map(({ address, state, error }) => (
                <li key={address}>
                  <span class="address">{address}</span> <StateBadge state={state} />
                  {error && <div class="server-words">{error.message}</div>}
                </li>
              ))}
              {more > 0 && <li class="muted">and {many(more, 'more', 'more')}, see the timeline</li>}
            </ul>
          </dd>
        </div>
        <div>
          <dt>Accepted</dt>
          <dd>
            <Time at={mail.at} />
          </dd>
        </div>
      </dl>
      <details class="facts-more">
        <summary>All details</summary>
        <dl class="facts">
          {facts.map(
            ([name, value]) =>
              value !== undefined && (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ),
          )}
          <div>
            <dt>Id</dt>
            <dd>
              <code>{mail.id}</code> <CopyButton text={mail.id} what="the id" />
            </dd>
          </div>
          <div>
            <dt>Message-ID</dt>
            <dd>
              <code>{mail.messageId}</code> <CopyButton text={mail.messageId} what="the Message-ID" />
            </dd>
          </div>
        </dl>
      </details>
    </div>
  );
}
