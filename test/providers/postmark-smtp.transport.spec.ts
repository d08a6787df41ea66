import { describe, expect, it, onTestFinished } from 'vitest';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { POSTMARK_SCHEMES } from '../../lib/providers/postmark/postmark-schemes.js';
import { PostmarkSmtpTransport } from '../../lib/providers/postmark/postmark-smtp.transport.js';
import { transportFromUrl } from '../../lib/transport/transport-url.js';
import { registerSchemes } from '../support/register-schemes.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { sendContext } from '../support/smtp/test-message.js';
import { localhost } from '../support/tls/localhost.js';
import { fullMessage } from '../transport/full-message.js';
import { failureOf, shown } from './http-provider.js';

registerSchemes(POSTMARK_SCHEMES);

const TOKEN = '6f2d5c1a-token-hunter2';

async function postmark(options: object = {}) {
  const server = await startSmtpServer({ auth: { user: TOKEN, pass: TOKEN } });
  const transport = new PostmarkSmtpTransport({
    token: TOKEN,
    host: server.host,
    port: server.port,
    tlsOptions: { ca: localhost.cert },
    ...options,
  });
  onTestFinished(async () => {
    await transport.close();
    await server.close();
  });
  return { server, transport };
}

describe('a mail through the SMTP server of Postmark', () => {
  it('says in headers what the API has fields for', async () => {
    const { server, transport } = await postmark({ messageStream: { broadcast: 'broadcasts' } });
    const message = fullMessage({
      stream: 'broadcast',
      tags: ['grüße'],
      metadata: { plan: 'pro', 'order-id': '7' },
      provider: { postmark: { trackOpens: true, trackLinks: 'None' } },
    });
    await transport.send(message, sendContext());
    const mail = await server.next();
    const { headers, messageId } = await mail.parsed();
    expect(Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-')))).toEqual({
      'x-tag': 'welcome',
      'x-pm-keepid': 'true',
      'x-pm-message-stream': 'broadcasts',
      // grüße
      'x-pm-tag': '=?UTF-8?B?Z3LDvMOfZQ==?=',
      'x-pm-trackopens': 'true',
      'x-pm-tracklinks': 'None',
      'x-pm-metadata-plan': 'pro',
      'x-pm-metadata-order-id': '7',
    });
    expect(messageId).toBe(message.messageId);
    expect(mail).toMatchObject({ user: TOKEN, secure: true });
    expect(mail.envelope.to).toEqual([...message.envelope.to]);
    // The rest is the message, byte by byte.
    expect(mail.raw.toString('latin1')).toContain(
      Buffer.from(await message.raw())
        .toString('latin1')
        .trimEnd(),
    );
  });

  it('leaves a header alone that the mail has already', async () => {
    const { server, transport } = await postmark({ messageStream: 'outbound' });
    await transport.send(fullMessage({ headers: { 'x-pm-message-stream': 'own' } }), sendContext());
    const { headerLines } = await (await server.next()).parsed();
    expect(headerLines.filter(({ key }) => key === 'x-pm-message-stream').map(({ line }) => line)).toEqual([
      'x-pm-message-stream: own',
    ]);
  });

  it('lets no metadata break out of its header', async () => {
    const { server, transport } = await postmark();
    for (const name of ['a: b', 'a\r\nBcc', 'ä']) {
      const error = await failureOf(transport.send(fullMessage({ metadata: { [name]: 'x' } }), sendContext()));
      expect(error).toBeInstanceOf(MailMessageError);
    }
    expect(server.mails).toHaveLength(0);
  });

  it('is refused with a wrong token, and not by the mail’s fault', async () => {
    const { transport } = await postmark({ token: 'wrong-hunter2' });
    const error = await failureOf(transport.send(fullMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', reason: 'credentials', ambiguous: false });
    expect(shown(error, transport)).not.toContain('hunter2');
  });
});

describe('the options', () => {
  it('name Postmark’s own server by default, and print without the token', () => {
    expect(String(new PostmarkSmtpTransport({ token: TOKEN }))).toBe('postmark+smtp://smtp.postmarkapp.com:587');
    expect(() => new PostmarkSmtpTransport({ token: '' })).toThrow(RelayConfigurationError);
    expect(() => new PostmarkSmtpTransport({ token: TOKEN, nonsense: 1 } as never)).toThrow('smtp.nonsense');
  });

  it('can be said as a URL', async () => {
    const { server } = await postmark();
    const url = `postmark+smtp://${TOKEN}@${server.host}:${server.port}?messageStream=outbound&tlsOptions.rejectUnauthorized=false`;
    const transport = transportFromUrl(url, 'transport');
    await transport.send(fullMessage(), sendContext());
    expect((await (await server.next()).parsed()).headers.get('x-pm-message-stream')).toBe('outbound');
    await transport.close!();
    expect(String(transportFromUrl(`postmark+smtp://${TOKEN}@default`, 'transport'))).toBe(
      'postmark+smtp://smtp.postmarkapp.com:587',
    );
    expect(() => transportFromUrl('postmark+smtp://default', 'transport')).toThrow(/token/);
  });
});
