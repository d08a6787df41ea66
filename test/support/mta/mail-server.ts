import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, startProcess } from '../server-process.js';
import { eventually } from '../recorder.js';
import { localhost } from '../tls/localhost.js';
import { MAILBOX_USER, makeFolder } from './copy-root.js';

/** What a mail server of Debian's is started with. */
export interface MailServerOptions {
  /** The address it listens on. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default a free one. */
  readonly port?: number;
  /** What it calls itself. Default `postfix.test`, `exim.test`, `opensmtpd.test`. */
  readonly hostname?: string;
  /** Addresses that it has. It takes mail for their domains only, and refuses others with 550. Default none. */
  readonly mailboxes?: readonly string[];
  /** The certificate for STARTTLS, `false` for none. Default the tests' own for localhost. */
  readonly tls?: { readonly cert: string; readonly key: string } | false;
  /** Bytes a message at most. Default the server's own. */
  readonly size?: number;
}

/** A real mail server. It ends with the process that started it at the latest, and leaves nothing behind. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly hostname: string;
  /** What is in a mailbox, oldest first, as the server wrote it (LF line ends, with its Received); waits until there are `count`. */
  mails(address: string, count?: number): Promise<readonly Buffer[]>;
  /** All that it has logged so far. */
  log(): string;
  /** Resolves with the match when a line of the log fits. */
  logged(line: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

/** The options with their defaults. */
export interface MailServerSettings {
  readonly host: string;
  readonly port: number;
  readonly hostname: string;
  readonly mailboxes: readonly string[];
  readonly domains: readonly string[];
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly size: number | undefined;
}

export async function settingsOf(options: MailServerOptions, hostname: string): Promise<MailServerSettings> {
  const { mailboxes = [], tls = localhost } = options;
  return {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? (await freePort()),
    hostname: options.hostname ?? hostname,
    mailboxes,
    domains: [...new Set(mailboxes.map((address) => address.slice(address.lastIndexOf('@') + 1)))],
    tls: tls || undefined,
    size: options.size,
  };
}

/** Where mailboxes are in a server's root: a Maildir each, by address. */
export const MAIL_FOLDER = '/var/mailboxes';

export function makeMailFolder(root: string): Promise<void> {
  return makeFolder(join(root, MAIL_FOLDER), 0o700, MAILBOX_USER.id, MAILBOX_USER.id);
}

export interface RootProgram {
  /** The program in the root, and its arguments. It must not go into the background. */
  readonly command: readonly string[];
  /** Where in the root it logs, if not to its standard error. */
  readonly logFile?: string;
}

/** Starts a server in a root, which is removed when it stops. */
export async function startMailServer(
  root: string,
  { host, port, hostname }: MailServerSettings,
  { command, logFile }: RootProgram,
): Promise<MailServer> {
  const server = await startProcess({
    command: 'chroot',
    args: [root, ...command],
    folder: root,
    ready: /^guard: pid/m,
  });
  let logged = '';
  const log = (): string => {
    const file = logFile && join(root, logFile);
    if (file && existsSync(file)) logged = readFileSync(file, 'utf8');
    return logged + server.output();
  };
  await eventually(async () => {
    if (/^guard: .* exited/m.test(log())) throw new Error(`${command[0]} did not start:\n${log()}`);
    return takesConnections(host, port);
  }, Boolean);
  return {
    host,
    port,
    hostname,
    mails: (address, count = 1) =>
      eventually(
        () => readMaildir(join(root, MAIL_FOLDER, address)),
        ({ length }) => length >= count,
      ),
    log,
    logged: (line) => eventually(async () => line.exec(log()), Boolean) as Promise<RegExpExecArray>,
    async stop() {
      log();
      await server.stop();
    },
  };
}

function takesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function readMaildir(folder: string): Promise<Buffer[]> {
  const names = await readdir(join(folder, 'new')).catch(() => []);
  const files = names.map((name) => join(folder, 'new', name));
  const times = await Promise.all(files.map(async (file) => (await stat(file, { bigint: true })).mtimeNs));
  const order = files.map((file, i) => ({ file, time: times[i]! })).sort((a, b) => Number(a.time - b.time));
  return Promise.all(order.map(({ file }) => readFile(file)));
}
