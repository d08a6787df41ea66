import { after, before, it } from 'node:test';
import { type ConformanceAnswer, transportConformance } from 'nestjs-mail-relay/testing';
import { AcmeServer } from './acme.server.js';
import { AcmeSettings } from './acme.settings.js';
import { AcmeTransport } from './acme.transport.js';

let acme: AcmeServer;
before(async () => {
  acme = await AcmeServer.start();
});
after(() => acme.close());

/** How Acme fails, by what the suite asks for. */
const FAULTS: Readonly<Record<ConformanceAnswer, NonNullable<AcmeServer['fault']>>> = {
  'refused-recipient': (response) => void response.writeHead(422).end(),
  busy: (response) => void response.writeHead(429).end(),
  down: (response) => void response.writeHead(503).end(),
  credentials: (response) => void response.writeHead(401).end(),
  silent: () => {},
  garbage: (response) => void response.writeHead(200).end('<h1>Welcome to our proxy</h1>'),
};

for (const { name, run } of transportConformance({
  create: () => {
    acme.fault = undefined;
    return new AcmeTransport(new AcmeSettings(acme.url, 'secret-of-acme', 2_000));
  },
  received: () => acme.mails,
  answer: (kind) => void (acme.fault = FAULTS[kind]),
  secrets: ['secret-of-acme'],
}))
  it(name, run);
