import { copyRoot, MAILBOX_USER } from './copy-root.js';
import { debianRoot, type DebianProgram } from './debian-root.js';
import { MAIL_FOLDER, makeMailFolder, settingsOf, startMailServer, type MailServer, type MailServerOptions, type MailServerSettings } from './mail-server.js'; // prettier-ignore
import { makePostfixQueue, masterSettings, POSTDROP, POSTFIX_USER } from './postfix-files.js';
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
  const root = await copyRoot(await debianRoot(POSTFIX), [POSTFIX_USER, POSTDROP], {
    'etc/postfix/main.cf': text({ ...mainSettings(settings, options), ...options.settings }),
    'etc/postfix/master.cf': masterSettings(settings),
    'etc/postfix/mailboxes': settings.mailboxes.map((address) => `${address} ${address}/\n`).join(''),
    'etc/postfix/passwords': passwords(options.smartHost),
    'etc/postfix/cert.pem': settings.tls?.cert ?? '',
    'etc/postfix/key.pem': settings.tls?.key ?? '',
  });
  await makeMailFolder(root);
  await makePostfixQueue(root);
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
