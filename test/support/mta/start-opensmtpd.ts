import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { copyRoot, makeFolder, MAILBOX_USER, type RootUser } from './copy-root.js';
import { debianRoot, type DebianProgram } from './debian-root.js';
import {
  MAIL_FOLDER,
  makeMailFolder,
  settingsOf,
  startMailServer,
  type MailServer,
  type MailServerOptions,
  type MailServerSettings,
} from './mail-server.js';

/**
 * Starts Debian's OpenSMTPD as the server of its mailboxes' domains. It speaks no SMTPUTF8.
 *
 * Without TLS unless told otherwise: OpenSMTPD 6.8 of Debian 12 offers STARTTLS, and ends the handshake with an alert, whatever its
 * certificate, since it is linked to OpenSSL 3 (https://github.com/OpenSMTPD/OpenSMTPD/issues/1171).
 */
export async function startOpenSmtpd({ tls = false, ...options }: MailServerOptions = {}): Promise<MailServer> {
  const settings = await settingsOf({ ...options, tls }, 'opensmtpd.test');
  const root = await copyRoot(await debianRoot(OPENSMTPD), [DAEMON, QUEUE], {
    'etc/smtpd.conf': configuration(settings),
    'etc/mailname': `${settings.hostname}\n`,
    // Mailboxes of addresses, of which all are one user's.
    'etc/mailboxes': settings.mailboxes.map((address) => `${address} ${MAILBOX_USER.name}\n`).join(''),
    'etc/cert.pem': settings.tls?.cert ?? '',
    'etc/key.pem': settings.tls?.key ?? '',
  });
  await chmod(join(root, 'etc/key.pem'), 0o600);
  await makeMailFolder(root);
  await makeSpool(root);
  // With the commands of each session in the log.
  return startMailServer(root, settings, { command: ['/usr/sbin/smtpd', '-d', '-T', 'smtp'] });
}

/** Mail is delivered by programs, by way of the shell. */
const OPENSMTPD: DebianProgram = { name: 'opensmtpd', packages: ['opensmtpd'], files: ['/bin/sh'] };

const DAEMON: RootUser = { name: 'opensmtpd', id: 59_103 };
const QUEUE: RootUser = { name: 'opensmtpq', id: 59_104 };

function configuration({ host, port, hostname, mailboxes, tls, size }: MailServerSettings): string {
  const secure = tls ? 'pki test cert "/etc/cert.pem"\npki test key "/etc/key.pem"\n' : '';
  const limit = size ? `smtp max-message-size "${size}"\n` : '';
  // By whole addresses: of a domain's other ones it would say 524 5.2.4 (Mailing list expansion problem).
  const match = mailboxes.length > 0 ? 'match from any for any rcpt-to <addresses> action "deliver"\n' : '';
  return `${secure}${limit}table mailboxes file:/etc/mailboxes
table addresses { ${mailboxes.map((address) => `"${address}"`).join(', ')} }
listen on ${host} port ${port} hostname ${hostname}${tls ? ' tls pki test' : ''}
action "deliver" maildir "${MAIL_FOLDER}/%{dest:lowercase}" virtual <mailboxes>
${match}`;
}

async function makeSpool(root: string): Promise<void> {
  const spool = join(root, 'var/spool/smtpd');
  await makeFolder(spool, 0o711, 0);
  for (const folder of ['queue', 'incoming', 'corrupt', 'purge', 'temporary']) {
    await makeFolder(join(spool, folder), 0o700, QUEUE.id);
  }
  await makeFolder(join(spool, 'offline'), 0o770, 0, QUEUE.id);
  await makeFolder(join(root, 'var/lib/opensmtpd/empty'), 0o755, 0);
  await makeFolder(join(root, 'var/run'), 0o755, 0);
}
