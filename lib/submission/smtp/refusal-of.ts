import { MailError } from '../../errors/mail.error.js';
import { MailMessageError } from '../../errors/mail-message.error.js';
import { QueueUnavailableError } from '../../errors/queue-unavailable.error.js';
import { UnsupportedFeatureError } from '../../errors/unsupported-feature.error.js';
import { headerOf } from './relay-headers.js';
import { SmtpRefusalError } from './smtp-refusal.error.js';

/** What a client is told of an error of the relay's. Whatever is not the message's own fault is temporary: the client keeps the message. */
export function refusalOf(error: unknown): SmtpRefusalError {
  if (error instanceof SmtpRefusalError) return error;
  if (error instanceof QueueUnavailableError)
    return new SmtpRefusalError(451, '4.3.0', 'The queue cannot be reached; try again later');
  if (error instanceof MailMessageError) return ofMessage(error);
  if (error instanceof UnsupportedFeatureError) return new SmtpRefusalError(554, '5.3.3', error.message);
  if (error instanceof MailError && error.permanent && error.scope !== 'transport')
    return new SmtpRefusalError(554, '5.0.0', error.message);
  return new SmtpRefusalError(451, '4.3.0', 'Something went wrong here; try again later');
}

/** Whether an error is trouble of this server's own, which belongs into its log. */
export function isOwnFault(error: unknown): boolean {
  return !(error instanceof SmtpRefusalError || error instanceof MailError) || error instanceof QueueUnavailableError;
}

function ofMessage({ field, message, reason }: MailMessageError): SmtpRefusalError {
  if (reason === 'too-large') return new SmtpRefusalError(552, '5.3.4', message);
  if (field.startsWith('envelope.from')) return new SmtpRefusalError(553, '5.1.7', message);
  if (field.startsWith('envelope.to')) return new SmtpRefusalError(553, '5.1.3', message);
  const header = headerOf(field);
  return new SmtpRefusalError(550, '5.6.0', header ? `${header}: ${message.slice(field.length + 2)}` : message);
}
