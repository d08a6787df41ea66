import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  MailError,
  type MailMessage,
  MailTransport,
  MemoryTransport,
  type SendContext,
  SmtpTransport,
  type TransportResult,
} from '../../lib/index.js';
import { type ConformanceAnswer, type ConformanceDelivery, transportConformance } from '../../lib/testing/index.js';
import { FaultySmtpServer } from '../support/smtp/faulty-smtp-server.js';

describe('the conformance suite passes over SMTP', () => {
  let server: FaultySmtpServer;
  beforeAll(async () => {
    server = await FaultySmtpServer.start();
  });
  afterAll(() => server.close());

  const faults: Readonly<Record<ConformanceAnswer, () => void>> = {
    'refused-recipient': () => (server.script.rcpt = '550 5.1.1 No such user'),
    busy: () => (server.script.rcpt = '450 4.2.1 Later'),
    down: () => (server.script.greeting = '421 4.3.2 Not now'),
    credentials: () => (server.script.mail = '530 5.7.0 Authentication required'),
    silent: () => (server.script.dot = { do: 'hang' }),
    garbage: () => {},
  };
  for (const { name, run } of transportConformance({
    create: () => {
      server.script = {};
      return new SmtpTransport({ host: '127.0.0.1', port: server.port, tls: 'never', timeouts: { data: 1_000 } });
    },
    received: () =>
      server.mails.map(({ to, raw }): ConformanceDelivery => ({ to, subject: subjectOf(raw.toString()) })),
    answer: (kind) => faults[kind](),
    without: ['garbage'],
  }))
    it(name, run);
});

describe('and over a transport that keeps what it gets', () => {
  const memory = new MemoryTransport();
  for (const { name, run } of transportConformance({
    create: () => memory,
    received: () => memory.messages.map(({ envelope, subject }) => ({ to: envelope.to, subject })),
  })) {
    // It has no signal to look at: nothing leaves the machine.
    if (!name.includes('aborted')) it(name, run);
  }
});

/** A transport that is right but for what a test makes wrong in it. */
class Sound extends MailTransport {
  static mails: ConformanceDelivery[] = [];
  static fault: MailError | undefined;

  async send(message: MailMessage, { signal }: SendContext): Promise<TransportResult> {
    signal.throwIfAborted();
    if (Sound.fault) throw Sound.fault;
    Sound.mails.push({ to: message.envelope.to, subject: message.subject });
    return { providerMessageId: 'x' };
  }
}

const wrong = (details: ConstructorParameters<typeof MailError>[1], words = 'wrong'): (() => void) =>
  function fault() {
    Sound.fault = new MailError(words, details);
  };

class Lying extends Sound {
  override async send(): Promise<TransportResult> {
    return {};
  }
}
class ToHeaders extends Sound {
  override async send(message: MailMessage): Promise<TransportResult> {
    Sound.mails.push({ to: message.to.map(({ address }) => address), subject: message.subject });
    return {};
  }
}
class Ascii extends Sound {
  override async send(message: MailMessage, context: SendContext): Promise<TransportResult> {
    return super.send({ ...message, subject: message.subject.replace(/[^ -~]/g, '?') }, context);
  }
}
class Deaf extends Sound {
  override async send(message: MailMessage): Promise<TransportResult> {
    return super.send(message, { signal: new AbortController().signal, attempt: 1, idempotencyKey: 'x' });
  }
}
class Mixing extends Sound {
  #to: readonly string[] = [];
  override async send(message: MailMessage, context: SendContext): Promise<TransportResult> {
    this.#to = message.envelope.to;
    await Promise.resolve();
    return super.send({ ...message, envelope: { from: 'x', to: this.#to } }, context);
  }
}
class Open extends Sound {
  readonly key = 'hunter2';
}
class Boastful extends Sound {
  override readonly capabilities = { recipients: 0 };
}
class Odd extends Sound {
  override async send(message: MailMessage, context: SendContext): Promise<TransportResult> {
    await super.send(message, context);
    return { providerMessageId: 7 as never };
  }
}
class Testing extends Sound {
  override async verify(): Promise<void> {
    Sound.mails.push({ to: [], subject: 'test' });
  }
}

describe('a transport that is wrong is told so, and how to mend it', () => {
  it.each([
    [Lying, 'hands a message', undefined, 'the provider has it once'],
    [ToHeaders, 'recipients of the attempt', undefined, 'send to message.envelope.to'],
    [Ascii, 'any character', undefined, 'encode in UTF-8'],
    [Deaf, 'once the signal is aborted', undefined, 'look at context.signal'],
    [Mixing, 'at the same time', undefined, 'keep nothing of a message in the transport'],
    [Open, 'prints no secret', undefined, 'keep keys in #private fields'],
    [Boastful, 'what it can carry', undefined, 'capabilities.recipients'],
    [Odd, 'hands a message', undefined, 'providerMessageId is a string'],
    [Testing, 'proves its way', undefined, 'verify() sends nothing'],
    [Sound, 'refuses for good', wrong({ scope: 'recipient' }), 'permanent: true'],
    [Sound, 'is busy', wrong({ scope: 'message', permanent: true }), 'the error is not permanent'],
    [Sound, 'provider is down', wrong({ scope: 'message' }), "scope: 'transport'"],
    [Sound, 'key is wrong', wrong({ scope: 'transport' }, 'bad key hunter2'), 'no secret is shown'],
    [Sound, 'is lost', wrong({ scope: 'transport' }), 'ambiguous: true'],
    [Sound, 'that is none', wrong({ scope: 'message', permanent: true }), 'the mail does not bounce'],
    [Sound, 'that is none', () => {}, 'send() fails when the answer is garbage'],
  ])('%o: %s', async (type, part, answer, words) => {
    Sound.fault = undefined;
    const cases = transportConformance({
      create: () => new type(),
      received: () => Sound.mails,
      secrets: ['hunter2'],
      ...(answer && { answer }),
    });
    const failed = cases.find(({ name }) => name.includes(part))!.run();
    await expect(failed).rejects.toMatchObject({
      name: 'MailAssertionError',
      message: expect.stringContaining(words) as string,
    });
    await expect(failed).rejects.toThrow(/^Expected that .+ Found: .+ To mend it: /s);
  });
});

function subjectOf(raw: string): string {
  const folded = /^Subject: ((?:.|\r\n[ \t])*)/m.exec(raw)?.[1]?.replace(/\r\n[ \t]/g, ' ') ?? '';
  return folded
    .replace(/\?= =\?/g, '?==?')
    .replace(/=\?utf-8\?b\?([^?]*)\?=/gi, (_, text: string) => Buffer.from(text, 'base64').toString())
    .replace(/=\?utf-8\?q\?([^?]*)\?=/gi, (_, text: string) =>
      Buffer.from(
        text
          .replaceAll('_', ' ')
          .replace(/=([0-9A-F]{2})/gi, (__, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        'latin1',
      ).toString(),
    );
}
