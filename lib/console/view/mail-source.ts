import { MailError } from '../../errors/mail.error.js';
import type { FoundMail } from '../../queue/mail-queue.interface.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import type { RelayAccess } from '../relay-access.js';

/** Whether a mail's content can be shown. */
export type ContentState = 'available' | 'gone' | 'sealed';

export async function contentStateOf(
  { runtime }: RelayAccess,
  id: string,
  found: FoundMail | null,
): Promise<ContentState> {
  if (found || (await runtime.contents.has(id))) return 'available';
  return 'gone';
}

/**
 * A mail as it went out, or as it would go out now.
 *
 * @throws ConsoleRejectedError 404; MailError for a mail that cannot be rendered or decrypted
 */
export async function sourceOf({ runtime, queue, configuration }: RelayAccess, id: string): Promise<Uint8Array> {
  const kept = await runtime.contents.get(id);
  if (kept) return kept;
  const found = await queue.find(id);
  if (found) return (await runtime.rendered(found)).raw();
  const off = configuration.history === false || configuration.history.content === false;
  throw new ConsoleRejectedError(
    404,
    off
      ? "The content of sent mails is not kept: RelayModule.forRoot({ history: { content: '7d' } }) keeps it"
      : 'The content of this mail is not kept any more, or was too large',
  );
}

/** A mail in the queue, or that it is there and its key is not here. */
export async function foundOf({ queue }: RelayAccess, id: string): Promise<FoundMail | 'sealed' | null> {
  return queue.find(id).catch((error: unknown) => {
    if (isSealed(error)) return 'sealed' as const;
    throw error;
  });
}

export function isSealed(error: unknown): boolean {
  return error instanceof MailError && error.reason === 'encryption';
}
