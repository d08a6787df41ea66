import { chmod, chown, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImapFlow } from 'imapflow';
import { findProgram, installPackage } from './programs.js';
import { freePort, startProcess, type ServerProcess } from './server-process.js';
import { localhost } from './tls/localhost.js';

/** A real IMAP server with one mailbox. */
export interface ImapServer {
  readonly host: string;
  /** Of IMAP over TLS. */
  readonly port: number;
  readonly auth: { readonly user: string; readonly pass: string };
  /** The certificate to trust. */
  readonly ca: string;
  /** Puts a message into a folder, as a delivery does. */
  deliver(raw: string, folder?: string): Promise<void>;
  /** Subject and flags of what is in a folder. */
  list(folder?: string): Promise<{ subject: string; seen: boolean }[]>;
  create(folder: string): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts Debian's Dovecot on a free port of the loopback; it goes away by itself. */
export async function startDovecot(): Promise<ImapServer> {
  const command = dovecotProgram();
  const folder = await mkdtemp(join(tmpdir(), 'relay-dovecot-'));
  const port = await freePort();
  const auth = { user: 'bounces', pass: 'secret' };
  await writeConfiguration(folder, port, auth);
  const start = (): Promise<ServerProcess> =>
    startProcess({
      command,
      args: ['-F', '-c', join(folder, 'dovecot.conf')],
      folder,
      ready: /starting up for imap/,
    });
  let server = await start();
  const connection = { host: '127.0.0.1', port, ca: localhost.cert, auth };
  return {
    ...connection,
    deliver: (raw, path = 'INBOX') => withClient(connection, (client) => client.append(path, raw)).then(() => {}),
    create: (path) => withClient(connection, (client) => client.mailboxCreate(path)).then(() => {}),
    list: (path = 'INBOX') =>
      withClient(connection, async (client) => {
        const { exists } = await client.mailboxOpen(path, { readOnly: true });
        const all = exists === 0 ? [] : await client.fetchAll('1:*', { envelope: true, flags: true });
        return all.map(({ envelope, flags }) => ({ subject: envelope?.subject ?? '', seen: flags!.has('\\Seen') }));
      }),
    kill: () => server.kill(),
    async restart() {
      server = await start();
    },
    stop: () => server.stop(),
  };
}

function dovecotProgram(): string {
  const folders = ['/usr/sbin', '/usr/local/sbin'];
  const found = findProgram(['dovecot'], folders);
  if (found) return found;
  installPackage('dovecot-imapd');
  return findProgram(['dovecot'], folders)!;
}

async function withClient<T>(
  { host, port, ca, auth }: Pick<ImapServer, 'host' | 'port' | 'ca' | 'auth'>,
  work: (client: ImapFlow) => Promise<T>,
): Promise<T> {
  const client = new ImapFlow({ host, port, secure: true, auth, tls: { ca }, logger: false });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.logout();
  }
}

async function writeConfiguration(folder: string, port: number, auth: ImapServer['auth']): Promise<void> {
  const root = process.getuid!() === 0;
  const own = String(process.getuid!());
  const [uid, gid] = root ? ['65534', '65534'] : [own, String(process.getgid!())];
  const mail = join(folder, 'mail');
  await mkdir(mail);
  await chmod(folder, 0o755);
  if (root) await chown(mail, 65534, 65534);
  await writeFile(join(folder, 'key.pem'), localhost.key, { mode: 0o600 });
  await writeFile(join(folder, 'cert.pem'), localhost.cert);
  await writeFile(join(folder, 'users'), `${auth.user}:{PLAIN}${auth.pass}\n`, { mode: 0o644 });
  const users = root ? '' : `default_internal_user = ${own}\ndefault_login_user = ${own}\n`;
  await writeFile(
    join(folder, 'dovecot.conf'),
    `${users}base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
mail_location = maildir:${mail}/%u
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${mail}/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${port}
    ssl = yes
  }
}
service anvil {
  chroot =
}
`,
  );
}
