import { createTransport } from 'nodemailer';

/** nodemailer's pool, in clear, to an SMTP server on this machine. */
export function pooled(port: number, maxConnections: number) {
  return createTransport({
    host: '127.0.0.1',
    port,
    pool: true,
    maxConnections,
    maxMessages: Infinity,
    ignoreTLS: true,
  });
}
