import { useState } from 'preact/hooks';
import { writable } from '../client/session.js';
import type { MailDetail } from '../client/types.js';
import { changeMails } from './change-mails.js';

export function MailActions({ mail, done }: { mail: MailDetail; done: () => void }) {
  const [busy, setBusy] = useState(false);
  if (!writable() || (!mail.retryable && !mail.cancellable)) return null;
  const run = async (what: 'retry' | 'cancel') => {
    setBusy(true);
    if (await changeMails(what, [mail.id])) done();
    setBusy(false);
  };
  return (
    <div class="actions">
      {mail.retryable && (
        <button type="button" class="primary" disabled={busy} onClick={() => void run('retry')}>
          Send again
        </button>
      )}
      {mail.cancellable && (
        <button type="button" disabled={busy} onClick={() => void run('cancel')}>
          Cancel
        </button>
      )}
    </div>
  );
}
