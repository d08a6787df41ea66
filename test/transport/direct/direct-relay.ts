import { generateKeyPairSync } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { DirectTransport, type DirectTransportOptions, type MailService, type MailStatus } from '../../../lib/index.js';
import { txtRecord, verify } from '../../dkim/support.js';
import type { RunningDnsServer } from '../../support/dns-server.js';
import type { MailServer } from '../../support/mta/mail-server.js';
import { eventually } from '../../support/recorder.js';
import { type RelayApplication, startRelay } from '../../support/relay-application.js';

const running = new Set<RelayApplication>();

/** An application that delivers directly, as out.acme.test, and signs for acme.test. Closed with the test. */
export async function directRelay(
  dns: RunningDnsServer,
  port: number,
  options: DirectTransportOptions = {},
): Promise<MailService> {
  const transport = new DirectTransport({
    name: 'out.acme.test',
    dns: { servers: [dns.address] },
    port,
    allowPrivate: true,
    greylistDelay: 100,
    dkim: [
      { domain: 'acme.test', selector: 'rsa', privateKey: RSA },
      { domain: 'acme.test', selector: 'ed', privateKey: ED25519 },
    ],
    ...options,
  });
  const application = await startRelay({ transport, retry: { delay: 20, maxDelay: 50 } });
  running.add(application);
  onTestFinished(closeRelays);
  return application.mail;
}

/** Ends their connections too. */
export async function closeRelays(): Promise<void> {
  const applications = [...running];
  running.clear();
  await Promise.all(applications.map((application) => application.close()));
}

let count = 0;

/** Sends a mail with a subject of its own, and waits for the end of it. */
export async function sent(
  mail: MailService,
  to: string | readonly string[],
  more: object = {},
): Promise<MailStatus & { subject: string }> {
  const subject = `Mail ${++count}`;
  const { id } = await mail.send({ to: [to].flat(), subject, text: 'Hello there.', ...more });
  return { ...(await mail.wait(id, { timeout: '20s' })), subject };
}

/** The mail with this subject, once it is in the mailbox. */
export async function arrived(server: MailServer, address: string, subject: string): Promise<Buffer> {
  const find = async (): Promise<Buffer | undefined> =>
    (await server.mails(address)).find((mail) => mail.includes(`\nSubject: ${subject}\n`));
  return (await eventually(find, Boolean))!;
}

/** How a mailbox's server says that it took a mail: its own Received is the first. */
export function received(mail: Buffer): string {
  return /^Received: .*\n(?:[ \t].*\n)*/m.exec(mail.toString())![0];
}

/** What comes of the signatures of a mail as a server has kept it: `pass` for each that is good. */
export async function signaturesOf(mail: Buffer): Promise<string[]> {
  const wire = Buffer.from(mail.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
  const results = await verify(wire, RECORDS);
  return results.map(({ status }) => status.result);
}

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ED25519 = generateKeyPairSync('ed25519').privateKey;
const RECORDS = {
  'rsa._domainkey.acme.test': txtRecord(RSA),
  'ed._domainkey.acme.test': txtRecord(ED25519),
};
