import { join } from 'node:path';
import { makeFolder, type RootUser } from './copy-root.js';
import type { MailServerSettings } from './mail-server.js';

export const POSTFIX_USER: RootUser = { name: 'postfix', id: 59_101 };
/** The group of the programs that put mail into its queue. */
export const POSTDROP: RootUser = { name: 'postdrop', id: 59_102 };

/** As Debian's master.cf, without a second chroot, and without what delivers to programs. */
export function masterSettings({ host, port }: MailServerSettings): string {
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

/** What postfix-files says of its folders, their owners and modes. */
export async function makePostfixQueue(root: string): Promise<void> {
  const queue = join(root, 'var/spool/postfix');
  await makeFolder(queue, 0o755, 0, 0);
  for (const folder of QUEUES) await makeFolder(join(queue, folder), 0o700, POSTFIX_USER.id, 0);
  await makeFolder(join(queue, 'pid'), 0o755, 0, 0);
  await makeFolder(join(queue, 'maildrop'), 0o1730, POSTFIX_USER.id, POSTDROP.id);
  await makeFolder(join(queue, 'public'), 0o2710, POSTFIX_USER.id, POSTDROP.id);
  await makeFolder(join(root, 'var/lib/postfix'), 0o755, POSTFIX_USER.id, 0);
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
