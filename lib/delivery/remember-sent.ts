import { Logger } from '@nestjs/common';
import type { ComposedMail } from '../compose/mail-composer.js';
import { aboutOf, type OutcomeStore, type RecipientOutcome } from './outcome-store.interface.js';

/** Of a mail that was in no queue, so that what comes back of it finds its mail. It is sent, whether that can be written down or not. */
export async function rememberSent(
  store: OutcomeStore,
  { snapshot, body }: ComposedMail,
  recipients: readonly RecipientOutcome[],
): Promise<void> {
  const { id, messageId, mail } = snapshot;
  const change = { messageId, ...(mail !== undefined && { mail }), about: aboutOf(snapshot, body), recipients };
  try {
    await store.save(id, change);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    new Logger('MailRelay').warn(`Opens and clicks of the mail ${id} will not be known: ${why}`);
  }
}
