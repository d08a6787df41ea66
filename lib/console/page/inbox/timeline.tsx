import { useState } from 'preact/hooks';
import type { MailDetail } from '../client/types.js';
import { Badge, StateBadge } from '../parts/badge.js';
import { many } from '../parts/format.js';
import { Empty } from '../parts/notes.js';
import { SelectField } from '../parts/select-field.js';
import { Time } from '../parts/time.js';
import { type Moment, timelineOf } from './timeline-moments.js';

const STEP = 100;

/** What happened, in the order of time: attempts, and what came back, of all recipients or of one. */
export function Timeline({ mail }: { mail: MailDetail }) {
  const [recipient, setRecipient] = useState('');
  const [shown, setShown] = useState(STEP);
  const moments = timelineOf(mail, recipient);
  const recipients = mail.recipientStates;
  return (
    <div class="timeline">
      {recipients.length > 1 && (
        <>
          <RecipientTable mail={mail} />
          <SelectField
            label="Show what happened to"
            value={recipient}
            options={[['', 'all recipients'], ...recipients.slice(0, 500).map(({ address }) => address)]}
            choose={(address) => {
              setRecipient(address);
              setShown(STEP);
            }}
          />
        </>
      )}
      {moments.length === 0 ? (
        <Empty icon="queue" title="Nothing has happened yet">
          The mail waits in the queue.
        </Empty>
      ) : (
        <ol class="moments" role="list">
          {moments.slice(0, shown).map((moment) => (
            <MomentItem key={moment.key} moment={moment} withRecipient={recipients.length > 1 && recipient === ''} />
          ))}
        </ol>
      )}
      {moments.length > shown && (
        <button type="button" onClick={() => setShown(shown + STEP)}>
          Show {many(Math.min(STEP, moments.length - shown), 'more', 'more')}
        </button>
      )}
    </div>
  );
}

function MomentItem({ moment, withRecipient }: { moment: Moment; withRecipient: boolean }) {
  return (
    <li class={`moment moment-${moment.tone}`}>
      <div class="moment-head">
        <Badge tone={moment.tone}>{moment.what}</Badge>
        {moment.machine && <Badge tone="quiet">machine</Badge>}
        <span class="muted">{moment.by}</span>
        <Time at={moment.at} />
      </div>
      {withRecipient && moment.recipient && <div class="address">{moment.recipient}</div>}
      {moment.words && <div class="server-words">{moment.words}</div>}
      {moment.notes.map((note) => (
        <div key={note} class="muted moment-note">
          {note}
        </div>
      ))}
    </li>
  );
}

function RecipientTable({ mail }: { mail: MailDetail }) {
  const [all, setAll] = useState(false);
  const rows = all ? mail.recipientStates.slice(0, 1_000) : mail.recipientStates.slice(0, 10);
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="Recipients">
      <table>
        <thead>
          <tr>
            <th scope="col">Recipient</th>
            <th scope="col">State</th>
            <th scope="col">The server's words</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ address, state, error }) => (
            <tr key={address}>
              <th scope="row" class="address">
                {address}
              </th>
              <td>
                <StateBadge state={state} />
              </td>
              <td class="server-words">{error?.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && mail.recipientStates.length > rows.length && (
        <button type="button" class="small" onClick={() => setAll(true)}>
          Show all {mail.recipientStates.length}
        </button>
      )}
    </div>
  );
}
