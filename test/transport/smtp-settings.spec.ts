import { describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { smtpSettings } from '../../lib/transport/smtp/smtp-settings.js';
import type { SmtpTransportOptions } from '../../lib/transport/smtp/smtp-transport-options.interface.js';

const host = 'smtp.acme.test';

describe('defaults', () => {
  it.each([
    [{ host }, { tls: 'required', port: 587 }],
    [
      { host, tls: 'implicit' },
      { tls: 'implicit', port: 465 },
    ],
    [
      { host, port: 465 },
      { tls: 'implicit', port: 465 },
    ],
    [
      { host, port: 465, tls: 'required' },
      { tls: 'required', port: 465 },
    ],
    [{ host: 'localhost' }, { tls: 'opportunistic', port: 587 }],
    [{ host: '127.0.0.1' }, { tls: 'opportunistic', port: 587 }],
    [{ host: '127.9.8.7' }, { tls: 'opportunistic', port: 587 }],
    [{ host: '[::1]' }, { tls: 'opportunistic', port: 587, host: '::1' }],
    [{ host: '127.0.0.1.acme.test' }, { tls: 'required', port: 587 }],
    [
      { host: 'localhost', tls: 'required' },
      { tls: 'required', port: 587 },
    ],
  ] as [SmtpTransportOptions, object][])('of %j are %j', (options, expected) => {
    expect(smtpSettings(options)).toMatchObject(expected);
  });

  it('wait as long as RFC 5321 section 4.5.3.2 asks, but for the greeting', () => {
    const { timeouts } = smtpSettings({ host });
    expect(timeouts).toEqual({ connect: 30_000, greeting: 60_000, command: 300_000, data: 600_000 });
  });
});

it.each([
  [{ host: '' }, 'smtp.host'],
  [{ host: 'smtp://acme.test' }, 'smtp.host'],
  [{ host, port: 0 }, 'smtp.port'],
  [{ host, port: 65_536 }, 'smtp.port'],
  [{ host, port: '587' }, 'smtp.port'],
  [{ host, tls: 'yes' }, 'smtp.tls'],
  [{ host, connections: 0 }, 'smtp.connections'],
  [{ host, connections: 2.5 }, 'smtp.connections'],
  [{ host, messagesPerConnection: -1 }, 'smtp.messagesPerConnection'],
  [{ host, idle: 'soon' }, 'smtp.idle'],
  [{ host, timeouts: { data: '10 minutes' } }, 'smtp.timeouts.data'],
  [{ host, timeouts: { dot: '10m' } }, 'smtp.timeouts.dot'],
  [{ host, proxy: 'ftp://proxy.test' }, 'smtp.proxy'],
  [{ host, auth: { user: 'ada' } }, 'smtp.auth'],
  [{ host, auth: { pass: 'p' } }, 'smtp.auth.user'],
  [{ host, authMethod: 'PLAIN' }, 'smtp.authMethod'],
  [{ host, authMethod: 'CRAM-MD5', auth: { user: 'ada', pass: 'p' } }, 'smtp.authMethod'],
  [{ host, authMethod: 'PLAIN', auth: { user: 'ada', accessToken: 't' } }, 'smtp.authMethod'],
  [{ host, conections: 5 }, 'smtp.conections'],
])('%j is refused, naming %s', (options, option) => {
  let error: unknown;
  try {
    smtpSettings(options as SmtpTransportOptions);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(RelayConfigurationError);
  expect(error).toMatchObject({ option });
});
