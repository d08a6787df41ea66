import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import { FileTransport } from '../../lib/transport/file.transport.js';
import { LogTransport } from '../../lib/transport/log.transport.js';
import { MemoryTransport } from '../../lib/transport/memory.transport.js';
import { MailTransport } from '../../lib/transport/mail-transport.js';
import { SmtpTransport } from '../../lib/transport/smtp/smtp.transport.js';
import {
  redactUrl,
  registerTransportScheme,
  transportFromUrl,
  type TransportUrl,
} from '../../lib/transport/transport-url.js';
import { startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';

/** A transport that shows what its URL was read as. */
class ShownTransport extends MailTransport {
  constructor(readonly url: TransportUrl) {
    super();
  }

  async send(): Promise<void> {}
}
registerTransportScheme('shown', {
  address: 'host',
  parameters: {
    token: 'text',
    baseUrl: 'text',
    count: 'integer',
    fast: 'boolean',
    wait: 'duration',
    'timeouts.connect': 'duration',
    'timeouts.data': 'duration',
    mode: ['a', 'b'],
  },
  create: (url) => new ShownTransport(url),
});
const shown = (url: string) => (transportFromUrl(url, 'transport') as ShownTransport).url;

const refusal = (url: string, option = 'transports.main'): RelayConfigurationError => {
  try {
    transportFromUrl(url, option);
  } catch (error) {
    expect(error).toBeInstanceOf(RelayConfigurationError);
    return error as RelayConfigurationError;
  }
  throw new Error(`${url} was taken`);
};

describe('a transport by URL', () => {
  it.each([
    ['smtp://mx.acme.test', SmtpTransport, 'smtp://mx.acme.test:587'],
    ['smtp://mx.acme.test:25', SmtpTransport, 'smtp://mx.acme.test:25'],
    ['SMTP://MX.acme.test', SmtpTransport, 'smtp://mx.acme.test:587'],
    ['smtps://mx.acme.test', SmtpTransport, 'smtps://mx.acme.test:465'],
    ['smtp://mx.acme.test?tls=implicit', SmtpTransport, 'smtps://mx.acme.test:465'],
    ['smtp://ada:secret@mx.acme.test:2525/?connections=20&tls=never', SmtpTransport, 'smtp://mx.acme.test:2525'],
    ['smtp://[::1]:2525', SmtpTransport, 'smtp://[::1]:2525'],
    ['smtp://bücher.test', SmtpTransport, 'smtp://xn--bcher-kva.test:587'],
    ['file:mails', FileTransport, `file:${resolve('mails')}`],
    ['file:./mails', FileTransport, `file:${resolve('mails')}`],
    ['file://mails', FileTransport, `file:${resolve('mails')}`],
    ['file://./a/b%20c', FileTransport, `file:${join(resolve('a'), 'b c')}`],
    ['file:///var/mails', FileTransport, 'file:/var/mails'],
    ['file:/var/mails', FileTransport, 'file:/var/mails'],
    ['file://localhost/var/mails', FileTransport, 'file:/var/mails'],
    ['log:', LogTransport, 'log:'],
    ['log:?body=true', LogTransport, 'log:'],
    ['memory:', MemoryTransport, 'memory:'],
    ['memory://?limit=5', MemoryTransport, 'memory:'],
    ['  memory: \n', MemoryTransport, 'memory:'],
  ])('%s', (url, type, printed) => {
    const transport = transportFromUrl(url, 'transport');
    expect(transport).toBeInstanceOf(type);
    expect(String(transport)).toBe(printed);
  });

  it('reads parameters by the names and types of the options', () => {
    expect(
      shown(
        'shown://h?count=20&fast=true&wait=1.5s&timeouts.connect=5s&timeouts.data=100&mode=b&baseUrl=http%3A%2F%2Fx%3A1%2F&token=a+b%2Bc',
      ).options,
    ).toEqual({
      count: 20,
      fast: true,
      wait: 1500,
      timeouts: { connect: 5000, data: 100 },
      mode: 'b',
      baseUrl: 'http://x:1/',
      token: 'a+b+c',
    });
    expect(shown('shown://h?fast=false').options).toEqual({ fast: false });
  });

  it('takes an @ in the user, which is often an address', () => {
    expect(shown('shown://ada@acme.test:secret@mx.acme.test')).toMatchObject({
      user: 'ada@acme.test',
      password: 'secret',
      host: 'mx.acme.test',
    });
  });

  it('logs in with what it says, once percent-decoded', async () => {
    const user = 'ada@acme.test/€';
    const pass = 'p:a@s#s?w%r&d +ö';
    const server = await startSmtpServer({ auth: { user, pass } });
    onTestFinished(() => server.close());
    const url = `smtp://${encodeURIComponent(user)}:${encodeURIComponent(pass)}@127.0.0.1:${server.port}?tls=required&tlsOptions.rejectUnauthorized=false`;
    const transport = transportFromUrl(url, 'transport');
    onTestFinished(() => transport.close!());
    await transport.send(testMessage(), sendContext());
    expect(server.mails[0]).toMatchObject({ secure: true, user });
  });

  it('gives back any user, password and value as they were', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).map((value) => value.toWellFormed());
    fc.assert(
      fc.property(text, text, text, (user, password, token) => {
        const url = `shown://${encodeURIComponent(user)}:${encodeURIComponent(password)}@mx.acme.test:25?token=${encodeURIComponent(token)}`;
        expect(shown(url)).toEqual({
          scheme: 'shown',
          user,
          password,
          host: 'mx.acme.test',
          port: 25,
          path: '',
          options: { token },
        });
      }),
    );
  });
});

describe('a wrong URL is refused, with what is wrong and where', () => {
  it.each([
    ['', /is no transport's URL; it begins with one of smtp:, smtps:, direct:, file:, log:, memory:/],
    ['mx.acme.test', /is no transport's URL/],
    ['mx.acme.test:25', /is no transport's URL/],
    ['smpt://mx.acme.test', /the URL scheme smpt: is unknown; known are smtp:, smtps:/],
    ['smtp:', /the host is missing/],
    ['smtp://', /the host is missing/],
    ['smtp://ada:secret@', /the host is no name or IP address/],
    ['smtp://mx acme.test', /the host is no name/],
    ['smtp://[fe80::zz]', /the host is no name/],
    ['smtp://mx.acme.test:0', /the port must be a whole number from 1 to 65535/],
    ['smtp://mx.acme.test:65536', /the port must be/],
    ['smtp://mx.acme.test:smtp', /the port must be/],
    ['smtp://mx.acme.test:', /the port must be/],
    ['smtp://mx.acme.test/path', /there is a path/],
    ['smtp://mx.acme.test#x', /there is a #/],
    ['smtp://%zz:secret@mx.acme.test', /the user is not properly percent-encoded/],
    ['smtp://ada:100%@mx.acme.test', /the password is not properly percent-encoded; a % itself is written %25/],
    ['smtp://mx.acme.test?name=%ff', /the parameter name is not properly percent-encoded/],
    ['smtp://ada:se/cret@mx.acme.test', /there is an @ behind the host/],
    ['smtp://ada:se?cret@mx.acme.test', /there is an @ behind the host/],
    ['smtp://ada:se#cret@mx.acme.test', /there is an @ behind the host/],
    ['smtp://ada@mx.acme.test', /auth: a login needs a user, and with it a password/],
    ['smtp://:secret@mx.acme.test', /auth: a login needs a user/],
    [
      'smtp://mx.acme.test?conections=5',
      /the parameter conections is unknown, perhaps connections is meant; there are tls, authMethod,/,
    ],
    ['smtp://mx.acme.test?timeouts=5', /the parameter timeouts is unknown, perhaps timeouts\.connect is meant/],
    ['smtp://mx.acme.test?__proto__.x=5', /parameter 1 is unknown/],
    ['smtp://mx.acme.test?tls=never&constructor=5', /parameter 2 is unknown/],
    ['smtp://mx.acme.test?connections', /a parameter has no value/],
    ['smtp://mx.acme.test?connections=2&connections=3', /the parameter connections is there twice/],
    ['smtp://mx.acme.test?connections=many', /the parameter connections must be a whole number/],
    ['smtp://mx.acme.test?connections=0', /connections: 0 must be a whole number of 1 or more/],
    ['smtp://mx.acme.test?idle=5min', /the parameter idle must be milliseconds, or a duration/],
    ['smtp://mx.acme.test?tls=yes', /the parameter tls must be one of implicit, required, opportunistic, never/],
    ['smtp://mx.acme.test?tlsOptions.rejectUnauthorized=no', /must be true or false/],
    ['smtp://mx.acme.test?proxy=nowhere', /proxy: must be a URL/],
    [
      'smtp://mx.acme.test?dkim.domain=acme.test&dkim.selector=a&dkim.privateKey=x',
      /: dkim\.privateKey: is no private key in PEM/,
    ],
    ['smtps://mx.acme.test?tls=never', /tls: smtps:\/\/ is always implicit/],
    ['file:', /dir: must be the path of a folder/],
    ['file:mails?mode=1', /parameter 1 is unknown; there are none/],
    ['log://mx', /nothing but parameters may follow the colon/],
    ['memory:?limit=0', /limit: must be a whole number of 1 or more/],
  ])('%s', (url, said) => {
    const error = refusal(url);
    expect(error.option).toBe('transports.main');
    expect(error.message).toMatch(/^RelayModule: transports\.main: /);
    expect(error.message).toMatch(said);
  });

  it('and so is what is no text', () => {
    expect(() => transportFromUrl(undefined as unknown as string, 'transport')).toThrow(RelayConfigurationError);
  });

  it('without its secrets, however it is broken', () => {
    const secret = fc
      .array(fc.constantFrom('s3cReT', '@', '/', '?', '#', ':', '%', '&', '=', '[', ' ', 'Ö'), {
        minLength: 1,
        maxLength: 6,
      })
      .map((pieces) => `Zk9${pieces.join('Zk9')}Zk9`);
    const broken = fc.constantFrom('&nope=1', '&connections=x', '&tls=Zk9', '', '#x', '/path', ':99999', '%zz');
    const raw = fc.boolean();
    fc.assert(
      fc.property(
        fc.constantFrom('smtp', 'smtps', 'shown', 'acme+api'),
        secret,
        secret,
        broken,
        raw,
        (scheme, user, password, end, bare) => {
          const encode = bare ? (text: string) => text : encodeURIComponent;
          for (const url of [
            `${scheme}://${encode(user)}:${encode(password)}@mx.acme.test?token=${encode(password)}${end}`,
            `${scheme}://${encode(user)}@mx.acme.test${end}`,
            `${scheme}://mx.acme.test?auth.accessToken=${encode(password)}${end}`,
            `${scheme}://mx.acme.test?proxy=${encode(`http://u:${password}@p`)}${end}`,
          ]) {
            let printed = redactUrl(url);
            try {
              transportFromUrl(url, 'transport');
            } catch (error) {
              printed += `${inspect(error)} ${JSON.stringify(error)}`;
            }
            expect(printed).not.toContain('Zk9');
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('redactUrl', () => {
  it.each([
    ['smtp://ada:secret@mx.acme.test:25?connections=20&tls=required', 'smtp://***@mx.acme.test:25?***'],
    ['smtp://ada:se@cret@mx.acme.test', 'smtp://***@mx.acme.test'],
    ['smtp://ada:se@cr/et@mx.acme.test', 'smtp://***'],
    ['smtp://mx.acme.test?proxy=http%3A%2F%2Fu%3Ap%40x', 'smtp://mx.acme.test?***'],
    ['postmark+api://TOKEN@default', 'postmark+api://***@default'],
    ['postmark+api://TOKEN', 'postmark+api://***'],
    ['smtp://ada:secret', 'smtp://***'],
    ['smtp://[::1]:25#x', 'smtp://[::1]:25#***'],
    ['file:///var/mails', 'file:///var/mails'],
    ['redis://:secret@localhost:6379/0', 'redis://***@localhost:6379/***'],
    ['memory:', 'memory:'],
    ['smtp:ada:secret', 'smtp:***'],
    ['sk_live_123', '***'],
  ])('%s', (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });
});

describe('a scheme of its own', () => {
  it('can be registered once', () => {
    const scheme = { address: 'none', parameters: {}, create: () => new MemoryTransport() } as const;
    registerTransportScheme('acme+own', scheme);
    expect(transportFromUrl('acme+own:', 'transport')).toBeInstanceOf(MemoryTransport);
    expect(() => registerTransportScheme('acme+own', scheme)).toThrow(/acme\+own is registered already/);
    expect(() => registerTransportScheme('smtp', scheme)).toThrow(/registered already/);
    expect(() => registerTransportScheme('no scheme', scheme)).toThrow(/is no URL scheme/);
  });
});
