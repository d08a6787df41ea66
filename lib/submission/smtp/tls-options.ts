import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { SMTPServerOptions } from 'smtp-server';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import type { SubmissionCertificate, SubmissionTls } from './relay-submission-options.interface.js';

/**
 * Without a certificate, smtp-server would use one that everybody knows.
 *
 * @param tls undefined where a function gave nothing
 * @throws RelayConfigurationError for what is no certificate with its key; it never holds the key
 */
export function tlsOptionsOf(tls: SubmissionTls | undefined): SMTPServerOptions {
  refuseUnknown(tls as object, [...CERTIFICATE, 'names'], 'submission.tls.');
  const { names: others = {}, ...own } = tls!;
  const names = Object.entries(others).map(([name, certificate]) => {
    refuseUnknown(certificate, CERTIFICATE, `submission.tls.names.${name}.`);
    return [name, contextOf(certificate, `submission.tls.names.${name}`)];
  });
  return {
    ...contextOf(own, 'submission.tls'),
    sniOptions: Object.fromEntries(names) as Record<string, SecureContextOptions>,
  };
}

const CERTIFICATE = ['key', 'cert', 'passphrase'] as const satisfies readonly (keyof SubmissionCertificate)[];

function contextOf({ key, cert, passphrase }: SubmissionCertificate, option: string): SecureContextOptions {
  const options: SecureContextOptions = {
    key: bytes(key, `${option}.key`),
    cert: bytes(cert, `${option}.cert`),
    ...(passphrase !== undefined && { passphrase }),
    // RFC 8996.
    minVersion: 'TLSv1.2',
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new RelayConfigurationError(
      option,
      `is no certificate with its key, both as PEM (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`,
    );
  }
  return options;
}

function bytes(value: string | Uint8Array, option: string): string | Buffer {
  if (typeof value === 'string' && value !== '') return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  throw new RelayConfigurationError(option, 'is missing; give it as PEM, not as the name of a file');
}
