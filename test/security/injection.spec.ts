import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailMessageError, type MailService } from '../../lib/index.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';
import { startRelay, type RelayApplication } from '../support/relay-application.js';

/** Whatever stands in a field, the server hears the commands and gets the header that the relay means, and no others. */
let server: FaultySmtpServer;
let relay: RelayApplication;
let mail: MailService;
beforeAll(async () => {
  server = await FaultySmtpServer.start();
  relay = await startRelay({ transport: `smtp://127.0.0.1:${server.port}?tls=never`, worker: false });
  mail = relay.mail;
});
afterAll(async () => {
  await relay.close();
  await server.close();
});

const HOSTILE = [
  'x\r\nBcc: evil@evil.test',
  'x\nBcc: evil@evil.test',
  'x\rBcc: evil@evil.test',
  'x\r\n\r\nInjected body',
  'x\r\n.\r\nMAIL FROM:<evil@evil.test>\r\nRCPT TO:<evil@evil.test>',
  'x>\r\nRCPT TO:<evil@evil.test',
  'x\u0000y',
  'x\u2028Bcc: evil@evil.test',
  'x\u0085Bcc: evil@evil.test',
];

const FIELDS: Record<string, (value: string) => object> = {
  to: (value) => ({ to: value }),
  'to.address': (value) => ({ to: { address: `a${value}@x.test` } }),
  'to.name': (value) => ({ to: { name: value, address: 'a@x.test' } }),
  cc: (value) => ({ cc: value }),
  'bcc.name': (value) => ({ bcc: { name: value, address: 'b@x.test' } }),
  from: (value) => ({ from: value }),
  'from.name': (value) => ({ from: { name: value, address: 'a@x.test' } }),
  replyTo: (value) => ({ replyTo: { name: value, address: 'a@x.test' } }),
  subject: (value) => ({ subject: value }),
  'header value': (value) => ({ headers: { 'X-Tag': value } }),
  'header name': (value) => ({ headers: { [`X-${value}`]: 'y' } }),
  'envelope.from': (value) => ({ envelope: { from: `a${value}@x.test` } }),
  'attachment name': (value) => ({ attachments: [{ filename: value, content: 'x' }] }),
  'attachment type': (value) => ({
    attachments: [{ filename: 'a', contentType: `text/plain; n=${value}`, content: 'x' }],
  }),
  'attachment cid': (value) => ({ attachments: [{ cid: value, content: 'x' }] }),
  tag: (value) => ({ tags: [value] }),
  'metadata value': (value) => ({ metadata: { key: value } }),
  'metadata name': (value) => ({ metadata: { [value]: 'y' } }),
  locale: (value) => ({ locale: value }),
  text: (value) => ({ text: value }),
  html: (value) => ({ html: value }),
};

describe.each(Object.keys(FIELDS))('through %s', (field) => {
  it.each(HOSTILE)('%j is refused, or goes nowhere', async (value) => {
    const before = { mails: server.mails.length, commands: server.commands.length };
    const message = { to: 'a@x.test', subject: 'Hi', text: 'Hello', ...FIELDS[field]!(value) } as never;
    const failure = await mail.sendNow(message).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) expect(failure).toBeInstanceOf(MailMessageError);
    const commands = server.commands.slice(before.commands);
    expect(commands.filter((command) => command.includes('evil'))).toEqual([]);
    const arrived = server.mails.slice(before.mails);
    expect(arrived.length).toBe(failure === undefined ? 1 : 0);
    for (const { raw, to } of arrived) {
      const text = raw.toString('latin1');
      const header = text.slice(0, text.indexOf('\r\n\r\n'));
      expect(header).not.toMatch(/^bcc:/im);
      expect(header).not.toMatch(/Injected body/);
      expect(to.filter((address) => address.includes('evil'))).toEqual([]);
      // Nothing on the wire ends a line but CRLF.
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
    }
  });
});
