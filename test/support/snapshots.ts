import { randomUUID } from 'node:crypto';
import type { MailSnapshot } from '../../lib/mail/mail-snapshot.interface.js';
import type { NewMail } from '../../lib/queue/mail-queue.interface.js';

/** A mail as the queue takes it; what a test does not care about is made up. */
export function snapshot(given: Partial<MailSnapshot> = {}): MailSnapshot {
  const id = given.id ?? randomUUID();
  const to = [{ address: 'ada@acme.test' }];
  return {
    v: 1,
    id,
    messageId: `<${id}@acme.test>`,
    acceptedAt: Date.now(),
    notBefore: Date.now(),
    from: { name: 'Acme', address: 'hello@acme.test' },
    to,
    cc: [],
    bcc: [],
    replyTo: [],
    envelope: { from: 'hello@acme.test', to: to.map(({ address }) => address) },
    stream: 'transactional',
    priority: 'normal',
    retry: { maxAge: 86_400_000, delay: 10_000, maxDelay: 3_600_000 },
    attachments: [],
    body: '[]',
    ...given,
  };
}

export function newMail(given: Partial<MailSnapshot> = {}, { delay = 0, ...rest }: Partial<NewMail> = {}): NewMail {
  return { snapshot: snapshot(given), delay, ...rest };
}
