import { type RunningDnsServer, startDnsServer, type ZoneEntry } from '../../support/dns-server.js';
import type { MailServer } from '../../support/mta/mail-server.js';
import { startExim } from '../../support/mta/start-exim.js';
import { startOpenSmtpd } from '../../support/mta/start-opensmtpd.js';
import { startPostfix } from '../../support/mta/start-postfix.js';
import { freePort } from '../../support/server-process.js';

/** Three domains with a mail server each, at one port of different addresses, and the DNS that tells where. */
export interface MailServers {
  readonly postfix: MailServer;
  readonly exim: MailServer;
  readonly opensmtpd: MailServer;
  readonly dns: RunningDnsServer;
  readonly port: number;
  stop(): Promise<void>;
}

/** Users of postfix.test besides those that every domain has. */
export const CROWD = Array.from({ length: 60 }, (_, index) => `user${index}@postfix.test`);

/** The largest message that exim.test takes, in bytes. */
export const EXIM_SIZE = 200_000;

/** Starts `ada@` and `bob@` of postfix.test, exim.test and opensmtpd.test. */
export async function startMailServers(): Promise<MailServers> {
  const port = await freePort();
  const users = (domain: string): string[] => [`ada@${domain}`, `bob@${domain}`];
  const postfix = await startPostfix({
    host: '127.0.0.21',
    port,
    mailboxes: [...users('postfix.test'), 'dörte@postfix.test', ...CROWD],
  });
  const exim = await startExim({
    host: '127.0.0.22',
    port,
    mailboxes: [...users('exim.test'), 'full@exim.test'],
    full: ['full@exim.test'],
    size: EXIM_SIZE,
  });
  const opensmtpd = await startOpenSmtpd({ host: '127.0.0.23', port, mailboxes: users('opensmtpd.test') });
  const dns = await startDnsServer(ZONE);
  return {
    postfix,
    exim,
    opensmtpd,
    dns,
    port,
    stop: async () => {
      await Promise.all([postfix.stop(), exim.stop(), opensmtpd.stop(), dns.close()]);
    },
  };
}

const ZONE: Record<string, ZoneEntry> = {
  'postfix.test': { MX: '10 mx.postfix.test' },
  'mx.postfix.test': { A: '127.0.0.21' },
  'exim.test': { MX: ['10 mx.exim.test'] },
  'mx.exim.test': { A: '127.0.0.22' },
  // Without an MX: the domain is its own server.
  'opensmtpd.test': { A: '127.0.0.23' },
};
