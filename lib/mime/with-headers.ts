import { checkHeaders } from '../mail/headers.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { headerField } from './message-header.js';

/**
 * The same message with more header fields, which stand at the top of its bytes: for what a provider reads there over SMTP. One that the
 * message has already, under whatever case, is left as it is. A list of values is a field each.
 *
 * @throws MailMessageError for what is no header; when its `raw()` is called, for a field that no server takes
 */
export function withHeaders(
  message: MailMessage,
  headers: Readonly<Record<string, string | readonly string[]>>,
): MailMessage {
  const own = new Set(Object.keys(message.headers).map((name) => name.toLowerCase()));
  const added = Object.entries(headers)
    .filter(([name]) => !own.has(name.toLowerCase()))
    .flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const));
  if (added.length === 0) return message;
  for (const [name, value] of added) checkHeaders({ [name]: value });
  const raw = async (): Promise<Uint8Array> => {
    const lines = added.map(([name, value]) => headerField(name, value)).join('');
    return Buffer.concat([Buffer.from(lines), await message.raw()]);
  };
  return { ...message, headers: { ...message.headers, ...Object.fromEntries(added) }, raw };
}
