import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailMessageError } from '../../../lib/index.js';
import { type Subscription, UnsubscribeLinks } from '../../../lib/mail/unsubscribe-links.js';

const URL_OF_PAGE = 'https://acme.test/unsubscribe';
const SECRET = 'a secret of sixteen and more';
const links = new UnsubscribeLinks({ url: URL_OF_PAGE, secrets: [SECRET] });
const subscription: Subscription = {
  mailId: randomUUID(),
  recipient: 'ada.lovelace@x.test',
  stream: 'broadcast',
  tenant: 'north',
  list: 'weekly',
};

function tokenOf(one: Subscription, by = links): string {
  return new URL(by.of(one).url).searchParams.get('t')!;
}

describe('an unsubscribe link', () => {
  it('names its subscription, to whoever has the secret', () => {
    expect(links.of(subscription).url).toMatch(/^https:\/\/acme\.test\/unsubscribe\?t=[\w-]+$/);
    expect(links.read(tokenOf(subscription))).toEqual(subscription);
    const { tenant: _tenant, list: _list, ...plain } = { ...subscription, recipient: 'ünï@x.test' };
    expect(links.read(tokenOf(plain))).toEqual(plain);
    const others = new UnsubscribeLinks({ url: URL_OF_PAGE, secrets: ['another secret of that length'] });
    expect(others.read(tokenOf(subscription))).toBeNull();
  });

  it('shows nothing of it to anybody else', () => {
    const token = tokenOf(subscription);
    const shown = [token, Buffer.from(token, 'base64url').toString('latin1'), Buffer.from(token, 'base64').toString()];
    for (const text of shown) expect(text).not.toMatch(/ada|lovelace|x\.test|broadcast|north|weekly/i);
    // Not even whether two are for the same recipient.
    const other = tokenOf({ ...subscription, mailId: randomUUID() });
    expect(other.slice(2, 20)).not.toBe(token.slice(2, 20));
  });

  it('is the same whenever it is made', () => {
    expect(tokenOf(subscription)).toBe(tokenOf({ ...subscription }));
  });

  it('is good for as long as one of the secrets is', () => {
    const rotated = new UnsubscribeLinks({ url: URL_OF_PAGE, secrets: ['the new secret, sixteen and more', SECRET] });
    expect(rotated.read(tokenOf(subscription))).toEqual(subscription);
    expect(rotated.read(tokenOf(subscription, rotated))).toEqual(subscription);
    expect(links.read(tokenOf(subscription, rotated))).toBeNull();
  });

  it('cannot be changed in any of its bits, cut, or made up', () => {
    const sealed = Buffer.from(tokenOf(subscription), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = Buffer.from(sealed);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(links.read(forged.toString('base64url'))).toBeNull();
    }
    for (let length = 0; length < sealed.length; length++)
      expect(links.read(sealed.subarray(0, length).toString('base64url'))).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => links.read(text) === null));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        return links.read(Buffer.from([1, ...bytes]).toString('base64url')) === null;
      }),
    );
  });

  it('goes by mail, too, where an address takes that', () => {
    const both = new UnsubscribeLinks({ url: `${URL_OF_PAGE}?from=mail`, secrets: [SECRET], mailto: 'off@acme.test' });
    const { url, mailto } = both.of(subscription);
    expect(url).toMatch(/\?from=mail&t=/);
    const { protocol, pathname, searchParams } = new URL(mailto!);
    expect({ protocol, pathname }).toEqual({ protocol: 'mailto:', pathname: 'off@acme.test' });
    const subject = searchParams.get('subject')!;
    expect(both.readSubject(subject)).toEqual(subscription);
    expect(both.readSubject(` Unsubscribe: ${tokenOf(subscription)} `)).toEqual(subscription);
    for (const other of ['unsubscribe', `Re: ${subject}`, `${subject} please`, `unsubscribe ${'x'.repeat(5_000)}`])
      expect(both.readSubject(other)).toBeNull();
  });

  it('is refused where it would not fit into a header', () => {
    const long = { ...subscription, tenant: 't'.repeat(256), stream: 's'.repeat(256), list: 'l'.repeat(100) };
    expect(() => links.of(long)).toThrow(MailMessageError);
    expect(() => links.of({ ...long, stream: 's' })).not.toThrow();
  });
});
