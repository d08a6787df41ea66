import { afterAll, beforeAll, describe, it } from 'vitest';
import { type DnsAnswer, type DnsResolver, DirectTransport } from '../../../lib/index.js';
import { type ConformanceAnswer, type ConformanceDelivery, transportConformance } from '../../../lib/testing/index.js';
import { decodeHeader } from '../../../lib/mime/decode-header.js';
import { FaultySmtpServer } from '../../support/smtp/faulty-smtp-server.js';

const answer = <T>(name: string, ...records: T[]): Promise<DnsAnswer<T>> =>
  Promise.resolve({ records, exists: true, authentic: false, name });

/** All domains of the world are on this machine. */
const dns: DnsResolver = {
  mx: (name) => answer(name),
  a: (name) => answer(name, '127.0.0.2'),
  aaaa: (name) => answer(name),
  txt: (name) => answer(name),
  tlsa: (name) => answer(name),
  ptr: (name) => answer(name),
};

describe('the conformance suite passes', () => {
  let server: FaultySmtpServer;
  beforeAll(async () => {
    server = await FaultySmtpServer.start({ host: '127.0.0.2' });
  });
  afterAll(() => server.close());

  const faults: Readonly<Record<ConformanceAnswer, () => void>> = {
    'refused-recipient': () => (server.script.rcpt = '550 5.1.1 No such user'),
    busy: () => (server.script.rcpt = '450 4.2.1 Later'),
    silent: () => (server.script.dot = { do: 'hang' }),
    // What one domain's server does is no fault of the transport's.
    down: () => {},
    credentials: () => {},
    garbage: () => {},
  };
  for (const { name, run } of transportConformance({
    create: () => {
      server.script = {};
      return new DirectTransport({
        name: 'out.sender.test',
        dns,
        port: server.port,
        allowPrivate: true,
        timeouts: { data: 1_000 },
      });
    },
    received: () =>
      server.mails.map(({ to, raw }): ConformanceDelivery => ({
        to,
        subject: subjectOf(raw),
      })),
    answer: (kind) => faults[kind](),
    without: ['down', 'credentials', 'garbage'],
  }))
    it(name, run);
});

function subjectOf(raw: Buffer): string {
  return decodeHeader(/^Subject: (.*)\r$/m.exec(raw.toString('latin1'))?.[1] ?? '');
}
