import type { SMTPServer } from 'smtp-server';
import type { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';

/** The parts of the package smtp-server that submission builds on. */
export interface SmtpLibrary {
  readonly SMTPServer: typeof SMTPServer;
  readonly SMTPConnection: typeof SMTPConnection;
}

/** @throws RelayConfigurationError with the install command */
export async function loadSmtpServer(): Promise<SmtpLibrary> {
  try {
    const [{ SMTPServer }, { SMTPConnection }, { SMTPStream }] = await Promise.all([
      import('smtp-server'),
      import('smtp-server/lib/smtp-connection.js'),
      import('smtp-server/lib/smtp-stream.js'),
    ]);
    const missing = [
      ...SERVER_HOOKS.filter((name) => !(name in SMTPServer.prototype)),
      ...CONNECTION_HOOKS.filter((name) => !(name in SMTPConnection.prototype)),
      ...STREAM_HOOKS.filter((name) => !(name in SMTPStream.prototype)),
    ];
    if (missing.length > 0) throw new Error(`it has no ${missing.join(', ')}`);
    return { SMTPServer, SMTPConnection };
  } catch (cause) {
    throw new RelayConfigurationError(
      'submission',
      'needs the package smtp-server, 3.21 or a later 3.x. Install it: npm install smtp-server@3',
      cause as Error,
    );
  }
}

/** What the connection, the listener and the parser redefine or call: without these the package is another than it was made for, and the checks would not run. */
const SERVER_HOOKS = [
  'connect',
  '_acceptSocket',
  '_upgrade',
  'updateSecureContext',
] as const satisfies readonly (keyof SMTPServer)[];
const CONNECTION_HOOKS = [
  'init',
  'send',
  'connectionReady',
  '_setListeners',
  '_armTimeout',
  'close',
  '_createParser',
  '_onCommand',
  '_onClose',
  '_resetSession',
  '_whenWritable',
  '_isSupported',
  '_parseAddressCommand',
  'handler_AUTH',
  'handler_MAIL',
  'handler_RCPT',
] as const satisfies readonly (keyof SMTPConnection)[];
const STREAM_HOOKS = [
  '_write',
  '_feedDataStream',
  '_countDataBytes',
  '_endDataMode',
] as const satisfies readonly (keyof SMTPStream)[];
