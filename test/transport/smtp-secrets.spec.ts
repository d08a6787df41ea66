import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { SmtpTransport } from '../../lib/transport/smtp/smtp.transport.js';
import type { SmtpAuth, SmtpTransportOptions } from '../../lib/transport/smtp/smtp-transport-options.interface.js';
import { faultyServer, smtpFailure, smtpServer, transportTo } from '../support/smtp/smtp-fixtures.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';

const secret = 'hunter2-S3CRET';
const encoded = [secret, Buffer.from(secret).toString('base64'), Buffer.from(`\0ada\0${secret}`).toString('base64')];
const logins: [string, SmtpAuth][] = [
  ['a password', { user: 'ada', pass: secret }],
  ['a token', { user: 'ada', accessToken: secret }],
  ['a token function', { user: 'ada', accessToken: async () => secret }],
];

function printed(value: unknown): string {
  const seen = inspect(value, { depth: 20, showHidden: true, getters: true });
  return [seen, JSON.stringify(value), String(value), format('%o %O %j', value, value, value)].join('\n');
}

function expectNoSecret(text: string): void {
  for (const form of encoded) expect(text).not.toContain(form);
}

describe.each(logins)('%s', (_name, auth) => {
  it('is in no form of the transport that could be printed', async () => {
    const server = await smtpServer();
    const options: SmtpTransportOptions = {
      host: server.host,
      port: server.port,
      auth,
      proxy: `http://ada:${secret}@proxy.test`,
    };
    const transport = new SmtpTransport(options);
    expectNoSecret(printed(transport));
    expect(String(transport)).toBe(`smtp://127.0.0.1:${server.port}`);
  });

  it('is in no error when the server refuses it', async () => {
    const server = await smtpServer({ auth: { user: 'ada', pass: 'other', tokens: ['other'] } });
    const error = await smtpFailure(transportTo(server, { auth }).send(testMessage(), sendContext()));
    expect(error.replyCode).toBe(535);
    expectNoSecret(printed(error) + error.stack);
  });

  it('is in no error when the server repeats what it was told', async () => {
    const server = await faultyServer({
      extensions: ['AUTH PLAIN LOGIN XOAUTH2'],
      script: { auth: ({ command }) => `500 5.5.2 Not understood: ${command}` },
    });
    const error = await smtpFailure(transportTo(server, { auth }).send(testMessage(), sendContext()));
    expect(error.message).toContain('500 5.5.2 Not understood: AUTH');
    expectNoSecret(printed(error) + error.stack);
    const bearer = Buffer.from(`user=ada\u0001auth=Bearer ${secret}\u0001\u0001`).toString('base64');
    expect(printed(error)).not.toContain(bearer);
  });
});

it.each([
  { proxy: `ftp://ada:${secret}@proxy.test` },
  { proxy: `not a url ${secret}` },
  { auth: { user: '', pass: secret } },
  { auth: { user: 'ada', pass: secret }, authMethod: 'XOAUTH2' as const },
  { auth: { user: 'ada', pass: secret }, port: -1 },
])('are in no configuration error (%#)', (options) => {
  let error: unknown;
  try {
    expect(new SmtpTransport({ host: 'smtp.acme.test', ...options })).toBeUndefined();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(RelayConfigurationError);
  expectNoSecret(printed(error));
});
