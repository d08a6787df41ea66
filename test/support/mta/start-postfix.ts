import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { copyRoot, debianRoot, MAILBOX_USER, type DebianProgram, type RootUser } from './debian-root.js';
import { MAIL_FOLDER, makeMailFolder, settingsOf, startMailServer, type MailServer, type MailServerOptions, type MailServerSettings } from './mail-server.js'; // prettier-ignore
import { outputOf } from './run-program.js';

export interface PostfixOptions extends MailServerOptions {
  /** Default `true`. */
  readonly smtputf8?: boolean;
  /** The server that all other mail goes to. Without it mail for others is refused. */
  readonly smartHost?: SmartHost;
  /** More of main.cf, by name; wins over the above. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface SmartHost {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly auth?: { readonly user: string; readonly pass: string };
  /** `may` uses STARTTLS where it is offered, `implicit` is TLS from the first byte. Default `may`. */
  readonly tls?: 'never' | 'may' | 'starttls' | 'implicit';
}

export interface Postfix extends MailServer {
  /** Hands it a message by its sendmail command, as a program of that machine does; `from: ''` is the null sender. */
  send(mail: {
    readonly from: string;
    readonly to: readonly string[];
    readonly raw: string | Uint8Array;
  }): Promise<void>;
  /** What waits in its queue. */
  queue(): Promise<readonly PostfixQueueEntry[]>;
  /** Tries everything in its queue at once. */
  flush(): Promise<void>;
}

/** An entry of `postqueue -j`, as far as tests look at it. */
export interface PostfixQueueEntry {
  readonly queue_name: string;
  readonly queue_id: string;
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly delay_reason?: string }[];
}

/** Starts Debian's Postfix: a server for its mailboxes' domains, and a client of its smart host. */
export async function startPostfix(options: PostfixOptions = {}): Promise<Postfix> {
  const settings = await settingsOf(options, 'postfix.test');
  const root = await copyRoot(await debianRoot(POSTFIX), [USER, POSTDROP], {
    'etc/postfix/main.cf': text({ ...mainSettings(settings, options), ...options.settings }),
    'etc/postfix/master.cf': masterSettings(settings),
    'etc/postfix/mailboxes': settings.mailboxes.map((address) => `${address} ${address}/\n`).join(''),
    'etc/postfix/passwords': passwords(options.smartHost),
    'etc/postfix/cert.pem': settings.tls?.cert ?? '',
    'etc/postfix/key.pem': settings.tls?.key ?? '',
  });
  await makeMailFolder(root);
  await makeQueue(root);
  const server = await startMailServer(root, settings, {
    // In the foreground, see start-fg in postfix(1).
    command: ['/usr/lib/postfix/sbin/master', '-s'],
    logFile: LOG_FILE,
  });
  const run = (program: string, args: readonly string[], input?: string | Uint8Array): Promise<string> =>
    outputOf('chroot', [root, `/usr/sbin/${program}`, ...args], { input });
  return {
    ...server,
    async send({ from, to, raw }) {
      // It reads lines as a program of the machine writes them.
      const lines = Buffer.from(Buffer.from(raw).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
      await run('sendmail', ['-i', '-f', from, '--', ...to], lines);
    },
    async queue() {
      const lines = (await run('postqueue', ['-j'])).split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as PostfixQueueEntry);
    },
    flush: () => run('postqueue', ['-f']).then(() => {}),
  };
}

/** With the modules for AUTH PLAIN and LOGIN. */
export const POSTFIX: DebianProgram = { name: 'postfix', packages: ['postfix', 'libsasl2-modules'] };

const LOG_FILE = '/var/log/mail.log';

const USER: RootUser = { name: 'postfix', id: 59_101 };
const POSTDROP: RootUser = { name: 'postdrop', id: 59_102 };

function mainSettings(settings: MailServerSettings, { smtputf8 = true, smartHost }: PostfixOptions): MainSettings {
  const { hostname, domains, tls, size } = settings;
  return {
    compatibility_level: '3.6',
    maillog_file: LOG_FILE,
    myhostname: hostname,
    mydestination: '',
    alias_maps: '',
    alias_database: '',
    mynetworks: '',
    smtpd_relay_restrictions: 'permit_mynetworks, reject_unauth_destination',
    // Which address is said in master.cf: only one of an interface may be named here.
    inet_interfaces: 'all',
    smtputf8_enable: smtputf8 ? 'yes' : 'no',
    virtual_mailbox_domains: domains.join(' '),
    virtual_mailbox_base: MAIL_FOLDER,
    virtual_mailbox_maps: 'texthash:/etc/postfix/mailboxes',
    virtual_uid_maps: `static:${MAILBOX_USER.id}`,
    virtual_gid_maps: `static:${MAILBOX_USER.id}`,
    smtpd_tls_security_level: tls ? 'may' : 'none',
    smtpd_tls_received_header: 'yes',
    smtpd_tls_loglevel: 1,
    ...(tls && { smtpd_tls_cert_file: '/etc/postfix/cert.pem', smtpd_tls_key_file: '/etc/postfix/key.pem' }),
    ...(size && { message_size_limit: size, virtual_mailbox_limit: size }),
    // Tests do not wait for minutes.
    queue_run_delay: '1s',
    minimal_backoff_time: '1s',
    maximal_backoff_time: '2s',
    ...(smartHost && clientSettings(smartHost)),
  };
}

type MainSettings = Record<string, string | number>;

function clientSettings({ host, port, auth, tls = 'may' }: SmartHost): MainSettings {
  const level = { never: 'none', may: 'may', starttls: 'encrypt', implicit: 'encrypt' }[tls];
  return {
    relayhost: `[${host}]:${port}`,
    smtp_tls_security_level: level,
    smtp_tls_wrappermode: tls === 'implicit' ? 'yes' : 'no',
    smtp_tls_loglevel: 1,
    ...(auth && {
      smtp_sasl_auth_enable: 'yes',
      smtp_sasl_password_maps: 'texthash:/etc/postfix/passwords',
      smtp_sasl_security_options: 'noanonymous',
    }),
  };
}

function passwords(smartHost: SmartHost | undefined): string {
  if (!smartHost?.auth) return '';
  const { host, port, auth } = smartHost;
  return `[${host}]:${port} ${auth.user}:${auth.pass}\n`;
}

function text(settings: Record<string, string | number>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

/** As Debian's master.cf, without a second chroot, and without what delivers to programs. */
function masterSettings({ host, port }: MailServerSettings): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return `${address}:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}

/** What postfix-files says of its folders, by owner. */
async function makeQueue(root: string): Promise<void> {
  const queue = join(root, 'var/spool/postfix');
  const make = async (path: string, mode: number, owner: number, group: number): Promise<void> => {
    await mkdir(path, { recursive: true });
    await chown(path, owner, group);
    await chmod(path, mode);
  };
  await make(queue, 0o755, 0, 0);
  for (const folder of QUEUES) await make(join(queue, folder), 0o700, USER.id, 0);
  await make(join(queue, 'pid'), 0o755, 0, 0);
  await make(join(queue, 'maildrop'), 0o1730, USER.id, POSTDROP.id);
  await make(join(queue, 'public'), 0o2710, USER.id, POSTDROP.id);
  await make(join(root, 'var/lib/postfix'), 0o755, USER.id, 0);
}

const QUEUES = [
  'active',
  'bounce',
  'corrupt',
  'defer',
  'deferred',
  'flush',
  'hold',
  'incoming',
  'private',
  'saved',
  'trace',
];
