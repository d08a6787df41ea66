import { debianRoot } from './debian-root.js';
import { outputOf } from './run-program.js';
import { POSTFIX } from './start-postfix.js';

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly from: string;
  readonly to: string;
  readonly messages: number;
  /** Connections at a time. Default 1. */
  readonly sessions?: number;
  /** Recipients a message, which are `1to`, `2to`, ... for more than one. Default 1. */
  readonly recipients?: number;
  /** Bytes a message. Default what smtp-source makes, about 300. */
  readonly size?: number;
  /** Ends each connection after one message. Default `false`. */
  readonly disconnect?: boolean;
  /** More of its arguments, see smtp-source(1). */
  readonly args?: readonly string[];
}

/** Sends messages by Postfix's smtp-source, without TLS and AUTH; rejects when one of them is not taken. */
export async function smtpSource(options: LoadOptions): Promise<void> {
  const { host, port, from, to, messages, sessions = 1, recipients = 1, size, disconnect = false, args = [] } = options;
  const counts = ['-m', String(messages), '-s', String(sessions), '-r', String(recipients)];
  const more = [...(size ? ['-l', String(size)] : []), ...(disconnect ? ['-d'] : []), ...args];
  const root = await debianRoot(POSTFIX);
  const all = [...counts, '-f', from, '-t', to, ...more, `inet:${host}:${port}`];
  await outputOf('chroot', [root, '/usr/sbin/smtp-source', ...all]);
}
