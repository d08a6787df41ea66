import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerAuthentication, type SMTPServerSession } from 'smtp-server';
import { needsSmtpUtf8 } from '../../../lib/mail/address.js';
import { localhost } from '../tls/localhost.js';

export interface SmtpServerOptions {
  /** Default `starttls`. */
  tls?: 'none' | 'starttls' | 'implicit';
  /** Whom it lets in; without it, AUTH is not offered. Clients must log in unless `optional`. */
  auth?: {
    user: string;
    pass?: string;
    tokens?: readonly string[];
    methods?: ('PLAIN' | 'LOGIN' | 'XOAUTH2')[];
    optional?: boolean;
  };
  /** Default `127.0.0.1`. */
  host?: string;
  /** Default one that is free. */
  port?: number;
  /** Default that for localhost. */
  certificate?: { readonly key: string; readonly cert: string };
  /** Bytes a message at most, as EHLO says it. Default no limit. */
  size?: number;
  /** Default both `true`. */
  smtputf8?: boolean;
  pipelining?: boolean;
  /** What it says after `250` to the n-th message. Default `Ok: queued as 1`. */
  accepted?: (count: number) => string;
}

export interface ReceivedMail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** As it came over the wire, with leading dots undone. */
  readonly raw: Buffer;
  /** Whether the connection was encrypted. */
  readonly secure: boolean;
  /** Who had logged in. */
  readonly user?: string;
  /** Parameters of MAIL: `{ SIZE: '512', BODY: '8BITMIME', SMTPUTF8: true }`. */
  readonly parameters: Readonly<Record<string, string | true>>;
  /** Read by mailparser at the first call. */
  parsed(): Promise<ParsedMail>;
}

export interface RunningSmtpServer {
  readonly host: string;
  readonly port: number;
  /** `smtp://127.0.0.1:2525`, or `smtps://` for implicit TLS. */
  readonly url: string;
  /** All mails so far, in the order they came. */
  readonly mails: readonly ReceivedMail[];
  /** Connections made so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** How each attempt to log in was made. */
  readonly logins: readonly SMTPServerAuthentication[];
  /** The first mail that no `next` has returned yet; waits for it. */
  next(): Promise<ReceivedMail>;
  /** Resolves once `count` mails have come since the start. */
  waitFor(count: number): Promise<readonly ReceivedMail[]>;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** A well-behaved SMTP server on a port of its own, on the npm package smtp-server, that keeps what it gets. */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<RunningSmtpServer> {
  const {
    tls = 'starttls',
    auth,
    host = '127.0.0.1',
    certificate = localhost,
    accepted = (count) => `Ok: queued as ${count}`,
  } = options;
  const mails: ReceivedMail[] = [];
  const logins: SMTPServerAuthentication[] = [];
  const waiting = new Set<() => void>();
  let connections = 0;
  let handedOut = 0;

  const server = new SMTPServer({
    secure: tls === 'implicit',
    key: certificate.key,
    cert: certificate.cert,
    size: options.size,
    hideSMTPUTF8: options.smtputf8 === false,
    hidePIPELINING: options.pipelining === false,
    disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(auth ? [] : ['AUTH'])],
    authOptional: auth?.optional ?? auth === undefined,
    authMethods: auth?.methods ?? ['PLAIN', 'LOGIN', 'XOAUTH2'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    onConnect(_session, callback) {
      connections++;
      callback();
    },
    onAuth(login, _session, callback) {
      logins.push(login);
      const known =
        login.accessToken === undefined ? login.password === auth?.pass : auth?.tokens?.includes(login.accessToken);
      if (login.username === auth?.user && known) callback(null, { user: login.username });
      else
        callback(
          null,
          login.method === 'XOAUTH2' ? { data: { status: '401', schemes: 'bearer' } } : { user: undefined },
        );
    },
    onRcptTo({ address }, _session, callback) {
      // RFC 6531 section 3.5.
      const misfit = options.smtputf8 === false && needsSmtpUtf8(address);
      callback(misfit ? Object.assign(new Error('5.6.7 No SMTPUTF8 here'), { responseCode: 553 }) : null);
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        mails.push(receivedMail(session, Buffer.concat(chunks)));
        callback(null, accepted(mails.length));
        for (const check of waiting) check();
      });
    },
  });
  // A client that hangs up is part of many tests.
  server.on('error', () => undefined);
  server.listen(options.port ?? 0, host);
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;

  const waitFor = async (count: number): Promise<readonly ReceivedMail[]> => {
    if (mails.length < count) {
      await new Promise<void>((resolve) => {
        const check = (): void => {
          if (mails.length >= count && waiting.delete(check)) resolve();
        };
        waiting.add(check);
      });
    }
    return mails;
  };
  return {
    host,
    port,
    url: `${tls === 'implicit' ? 'smtps' : 'smtp'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    mails,
    logins,
    get connections() {
      return connections;
    },
    get open() {
      return server.connections.size;
    },
    next: async () => {
      const index = handedOut++;
      return (await waitFor(index + 1))[index]!;
    },
    waitFor,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function receivedMail({ envelope, secure, user }: SMTPServerSession, raw: Buffer): ReceivedMail {
  const { mailFrom, rcptTo } = envelope;
  let parsed: Promise<ParsedMail> | undefined;
  return {
    envelope: { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) },
    raw,
    secure,
    ...(typeof user === 'string' && { user }),
    parameters: (mailFrom && mailFrom.args) || {},
    parsed: () => (parsed ??= simpleParser(raw)),
  };
}
