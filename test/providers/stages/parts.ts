import type { TransportCapabilities } from '../../../lib/index.js';
import type { ArrivedMail, MessageSeen } from './arrived-mail.js';
import { expected, type OrderParts, WHOLE } from './order.mail.js';
import type { Stage } from './stage.js';

/** What of a whole mail a transport says that it cannot carry. */
export function lacking({ cc, tags, metadata, headers, attachments }: TransportCapabilities = {}): string[] {
  const lacks = {
    cc: cc === false,
    tags: tags === false || (typeof tags === 'number' && tags < WHOLE.tags.length),
    metadata: metadata === false,
    headers: headers === false,
    attachments: attachments === false,
  };
  return Object.keys(lacks).filter((feature) => lacks[feature as keyof typeof lacks]);
}

/** The rest of it. */
export function carried(
  { lacks = [] }: Stage,
  { cc, tags, metadata, headers }: TransportCapabilities = {},
): OrderParts {
  return {
    to: WHOLE.to,
    cc: cc === false ? [] : WHOLE.cc,
    bcc: lacks.includes('bcc') ? [] : WHOLE.bcc,
    replyTo: lacks.includes('replyTo') ? [] : WHOLE.replyTo,
    headers: headers === false ? {} : WHOLE.headers,
    tags: tags === false ? [] : WHOLE.tags.slice(0, tags),
    metadata: metadata === false ? {} : WHOLE.metadata,
    inline: !lacks.includes('inline'),
  };
}

/** What must have come of a mail with these parts. */
export function expectedAt({ arrives }: Stage, parts: OrderParts, messageId: string): MessageSeen[] {
  const sent = expected(parts, messageId);
  return arrives ? arrives(sent) : [sent];
}

/** The message alone. */
export function messageOf({ own: _own, seen: _seen, wire: _wire, ...message }: ArrivedMail): MessageSeen {
  return message;
}
