import type { MailErrorDetails } from '../../errors/mail.error.js';
import type { HttpAnswer } from '../../transport/http/http-answer.js';
import { refused, unreadable } from '../../transport/http/http-failures.js';

/**
 * What an answer means. Of the refusals SendStreak documents 401 only; the others mean what their status means.
 *
 * @returns the id of what was made, where there is one: none is documented
 * @throws HttpError
 */
export function sendStreakResult(answer: HttpAnswer): string | undefined {
  const { status, json, text, complete } = answer;
  const said = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const page = /^\s*</.test(text);
  if (status < 300) {
    // It need not say anything; but what it says must make sense.
    if (page || !complete || (json === undefined && /^\s*[[{]/.test(text))) throw unreadable(answer);
    const id = said['id'] ?? said['messageId'];
    return typeof id === 'string' ? id : undefined;
  }
  const words = [said['message'], said['error'], text].find((word) => typeof word === 'string') as string;
  throw page ? unreadable(answer) : refused(answer, words, STATUSES[status]);
}

const STATUSES: Readonly<Record<number, MailErrorDetails>> = {
  /** The template is not there; whose fault that is is known to who named it. */
  404: { scope: 'transport', permanent: false, reason: 'template' },
};
