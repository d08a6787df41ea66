import { createHash } from 'node:crypto';

/** The same for each attempt to the same recipients; that to some of a mail's is another request to the provider. */
export function idempotencyKeyOf(id: string, all: readonly string[], to: readonly string[]): string {
  return to.length === all.length
    ? id
    : `${id}-${createHash('sha256').update(to.join('\n')).digest('hex').slice(0, 16)}`;
}
