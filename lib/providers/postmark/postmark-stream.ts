import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { PostmarkAccount } from './postmark-options.interface.js';
import { postmarkExtras } from './postmark-extras.interface.js';

/** Which of Postmark's message streams a message goes through; undefined is Postmark's default. @throws MailMessageError */
export type ChooseStream = (message: MailMessage) => string | undefined;

/** What the message asks for itself, else what the transport has for the message's stream. @throws RelayConfigurationError */
export function streamChoice(streams: PostmarkAccount['messageStream']): ChooseStream {
  const ids = typeof streams === 'object' && streams !== null ? Object.values(streams) : [streams];
  if (!ids.every((id) => id === undefined || (typeof id === 'string' && STREAM_ID.test(id))))
    throw new RelayConfigurationError(
      'postmark.messageStream',
      "must be the ID of a message stream such as 'outbound', or an object of them by the relay's streams",
    );
  const byStream = new Map(typeof streams === 'object' ? Object.entries(streams) : []);
  const usual = typeof streams === 'string' ? streams : undefined;
  return (message) => postmarkExtras(message).messageStream ?? byStream.get(message.stream) ?? usual;
}

const STREAM_ID = /^[a-z0-9_-]{1,64}$/i;
