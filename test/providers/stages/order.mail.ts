import { createHash } from 'node:crypto';
import { type AddressInput, Attach, Inline, Mail } from '../../../lib/index.js';
import { type MessageSeen, sortedParts } from './arrived-mail.js';

/** What not every transport carries. */
export interface OrderParts {
  readonly to: readonly AddressInput[];
  readonly cc: readonly AddressInput[];
  readonly bcc: readonly AddressInput[];
  readonly replyTo: readonly AddressInput[];
  readonly headers: Record<string, string>;
  readonly tags: readonly string[];
  readonly metadata: Record<string, string>;
  readonly inline: boolean;
}

/** Everything that a mail can have. */
export const WHOLE: OrderParts = {
  to: ['"Lovelace, Ada" <ada@x.test>', { name: 'Бобби «Б» 🎈', address: 'bob@x.test' }],
  cc: [{ name: 'Cy "the Third", Esq. \\o/', email: 'cy@x.test' }],
  bcc: [{ name: 'Dee Hidden', address: 'dee@secret.test' }],
  replyTo: ['"Support, Level 2" <help@acme.test>', 'sales@acme.test', { name: 'Größe', address: 'size@acme.test' }],
  headers: { 'X-Campaign': 'Frühling 🌱 & "more", to come', 'X-Order-Ref': 'A-42' },
  tags: ['order', 'new customer'],
  metadata: { plan: 'pro', city: 'Zürich, 東京' },
  inline: true,
};

/** The one mail that goes through all transports. */
@Mail<OrderMail>({
  template: 'order',
  subject: 'Order №{{number}} for {{name}} 🎉: “thank you”, and a subject that is longer than one line of a header is',
  from: { name: 'Acme, Größe & Co 🚀', address: 'hello@acme.test' },
  replyTo: ({ parts }) => parts.replyTo,
  headers: ({ parts }) => parts.headers,
  tags: ({ parts }) => parts.tags,
  metadata: ({ parts }) => parts.metadata,
})
export class OrderMail {
  readonly name = 'Ada & "Co"';
  readonly number = 42;
  @Attach() readonly terms = TERMS;

  constructor(readonly parts: OrderParts) {}

  @Attach({ filename: 'Rechnung "März" №7; 請求書 📎.pdf' })
  invoice() {
    return INVOICE;
  }

  @Inline('logo@acme.test', { contentType: 'image/png' })
  get logo() {
    return this.parts.inline ? LOGO : undefined;
  }
}

export const ORDER_TEMPLATES = {
  'order.hbs': `<h1>Grüße, {{name}} 👋</h1>\n{{#if parts.inline}}<img src="cid:logo@acme.test">{{/if}}\n<p>${'ä '.repeat(900)}</p>\n.\n`,
  'order.txt.hbs': `Grüße, {{name}} 👋\n\n.\n.. a line with dots\nFrom here on = with spaces at its end  \n${'o'.repeat(1200)}\nBye\n`,
};

/** What must arrive of a mail with these parts. */
export function expected({ to, cc, bcc, replyTo, headers, inline }: OrderParts, messageId: string): MessageSeen {
  return {
    recipients: [to, cc, bcc].flatMap((list) => list.map((one) => address(one).address)).toSorted(),
    from: { name: 'Acme, Größe & Co 🚀', address: 'hello@acme.test' },
    to: to.map(address),
    cc: cc.map(address),
    replyTo: replyTo.map(address),
    subject: 'Order №42 for Ada & "Co" 🎉: “thank you”, and a subject that is longer than one line of a header is',
    text: `Grüße, Ada & "Co" 👋\n\n.\n.. a line with dots\nFrom here on = with spaces at its end  \n${'o'.repeat(1200)}\nBye`,
    html: `<h1>Grüße, Ada &amp; &quot;Co&quot; 👋</h1>\n${inline ? '<img src="cid:logo@acme.test">' : ''}\n<p>${'ä '.repeat(900)}</p>\n.`,
    attachments: sortedParts([
      { name: TERMS.filename, type: 'text/plain', content: base64(TERMS.content) },
      { name: 'Rechnung "März" №7; 請求書 📎.pdf', type: 'application/pdf', content: base64(INVOICE) },
      ...(inline ? [{ cid: 'logo@acme.test', type: 'image/png', content: base64(LOGO) }] : []),
    ]),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    messageId,
  };
}

/** Every byte there is, and none of them where a line would end. */
const INVOICE = Buffer.concat(Array.from({ length: 64 }, (_, n) => createHash('sha512').update(`${n}`).digest()));
const LOGO = Uint8Array.from({ length: 256 }, (_, n) => n);
/** Line ends of all kinds, which no transport may mend. */
const TERMS = { filename: '利用規約.txt', content: Buffer.from('One\r\nTwo\nThree\r.\r\n.\r\nÜber  \n') };

function base64(content: Uint8Array): string {
  return Buffer.from(content).toString('base64');
}

function address(input: AddressInput): { name?: string; address: string } {
  if (typeof input === 'string') {
    const [, name, bare] = /^"(.*)" <(.*)>$/.exec(input) ?? [];
    return name === undefined ? { address: input } : { name, address: bare! };
  }
  const found = 'address' in input ? input.address : input.email;
  return input.name ? { name: input.name, address: found } : { address: found };
}
