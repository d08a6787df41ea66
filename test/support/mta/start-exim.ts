import { chmod, chown } from 'node:fs/promises';
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

export interface EximOptions extends MailServerOptions {
  /** Default `true`. */
  readonly smtputf8?: boolean;
  /** Refuses a sender, recipient and client that it has not seen together with 451 4.7.1, as greylisting does; the second time it takes it. Default `false`. */
  readonly greylist?: boolean;
  /** Addresses that it answers with 451 4.2.2, mailbox full. */
  readonly full?: readonly string[];
  /** More main options, by name. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** Starts Debian's Exim as the server of its mailboxes' domains. */
export async function startExim(options: EximOptions = {}): Promise<MailServer> {
  const settings = await settingsOf(options, 'exim.test');
  const root = await copyRoot(await debianRoot(EXIM), [USER], {
    'etc/exim4/exim4.conf': configuration(settings, options),
    'etc/mailboxes': settings.mailboxes.map((address) => `${address}: ${address}\n`).join(''),
    'etc/cert.pem': settings.tls?.cert ?? '',
    'etc/key.pem': settings.tls?.key ?? '',
  });
  await chown(join(root, 'etc/key.pem'), USER.id, USER.id);
  await chmod(join(root, 'etc/key.pem'), 0o600);
  await makeMailFolder(root);
  for (const folder of ['var/spool/exim4', 'var/log/exim4']) {
    await makeFolder(join(root, folder), 0o750, USER.id, USER.id);
  }
  return startMailServer(root, settings, { command: ['/usr/sbin/exim4', '-bdf', '-q1m'], logFile: LOG_FILE });
}

const EXIM: DebianProgram = { name: 'exim', packages: ['exim4-daemon-light'] };

const USER: RootUser = { name: 'Debian-exim', id: 59_105 };
const LOG_FILE = '/var/log/exim4/mainlog';

function configuration(settings: MailServerSettings, options: EximOptions): string {
  const { host, port, hostname, domains, tls, size } = settings;
  const { smtputf8 = true, greylist = false, full = [], settings: more = {} } = options;
  return `primary_hostname = ${hostname}
keep_environment =
notifier_socket =
exim_user = ${USER.name}
exim_group = ${USER.name}
local_interfaces = <; ${host}
daemon_smtp_ports = ${port}
log_file_path = /var/log/exim4/%slog
log_selector = +tls_cipher +smtp_protocol_error +smtp_connection
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
message_size_limit = ${size ?? '50M'}
smtputf8_advertise_hosts = ${smtputf8 ? '*' : ''}
prdr_enable = false
${tls ? 'tls_advertise_hosts = *\ntls_certificate = /etc/cert.pem\ntls_privatekey = /etc/key.pem' : 'tls_advertise_hosts ='}
domainlist local = ${domains.join(' : ')}
acl_smtp_rcpt = recipient
never_users = root
${Object.entries(more)
  .map(([name, value]) => `${name} = ${value}\n`)
  .join('')}
begin acl
recipient:
  deny message = 5.7.1 Relay not permitted
       ! domains = +local
  defer message = 4.2.2 Mailbox full
        condition = \${if inlist{$local_part@$domain}{<, ${full.join(', ')}}}
  deny message = 5.1.1 No such user here
       ! verify = recipient
${greylist ? GREYLISTING : ''}  accept

begin routers
mailbox:
  driver = accept
  condition = \${lookup {$local_part@$domain} lsearch {/etc/mailboxes} {yes}{no}}
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = ${MAIL_FOLDER}/\${lookup {$local_part@$domain} lsearch {/etc/mailboxes} {$value}fail}
  user = ${MAILBOX_USER.name}
  group = ${MAILBOX_USER.name}
  envelope_to_add
  return_path_add

begin retry
* * F,1h,1m
`;
}

/** By the rate of client, sender and recipient together: the first message is below one and a half an hour, the second above. */
const GREYLISTING = `  warn ratelimit = 1.5 / 1h / per_rcpt / strict / $sender_host_address:$sender_address:$local_part@$domain
       set acl_m_seen = yes
  defer message = 4.7.1 Greylisted, come again
        ! condition = $acl_m_seen
`;
