import type { Type } from '@nestjs/common';
import { MailTransport } from './mail-transport.js';

/** A URL such as `smtp://user:password@smtp.acme.test`, a transport, or a class that Nest makes. */
export type TransportInput = string | MailTransport | Type<MailTransport>;

/** By shape as well: an application may hold a second copy of this package. */
export function isTransport(value: unknown): value is MailTransport | Type<MailTransport> {
  if (value instanceof MailTransport) return true;
  const methods = typeof value === 'function' ? (value.prototype as object | undefined) : value;
  return typeof methods === 'object' && methods !== null && 'send' in methods && typeof methods.send === 'function';
}
