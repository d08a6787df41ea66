import { createPublicKey } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  generateDkimKey,
  nextDkimSelector,
  RelayConfigurationError,
  rotateDkimKeys,
  zoneFileLine,
} from '../../lib/index.js';
import { createDkimSigner } from '../../lib/dkim/dkim-signer.js';
import { parseDkimRecord } from '../../lib/sender-domain/dkim/parse-dkim-record.js';
import { verify } from './support.js';

const MESSAGE = 'From: Acme <hello@acme.test>\r\nTo: ada@x.test\r\nSubject: Hello\r\n\r\nHi Ada\r\n';

describe('a new DKIM key', () => {
  it.each(['rsa', 'ed25519'] as const)('(%s) signs what its record verifies', async (type) => {
    const key = await generateDkimKey({ domain: 'acme.test', selector: 'new', type });
    const signed = createDkimSigner(key).sign(Buffer.from(MESSAGE));
    const [result] = await verify(signed, { [key.record.name]: key.record.value });
    expect(result).toMatchObject({
      status: { result: 'pass' },
      signingDomain: 'acme.test',
      selector: 'new',
      algo: `${type}-sha256`,
    });
  });

  it('is RSA of 2048 bits, in PKCS#8', async () => {
    const { privateKey, record } = await generateDkimKey({ domain: 'ACME.test', selector: 'new' });
    expect(privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(createPublicKey(privateKey).asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
    expect(record.name).toBe('new._domainkey.acme.test');
    expect(parseDkimRecord(record.value)).toMatchObject({ bits: 2048, problems: [] });
  });

  it('keeps its private key out of what is printed', async () => {
    const key = await generateDkimKey({ domain: 'acme.test', selector: 'new', type: 'ed25519' });
    const secret = key.privateKey.split('\n')[1]!;
    expect(JSON.stringify(key)).not.toContain(secret);
    expect(inspect(key, { depth: 9, showHidden: true })).not.toContain(secret);
  });

  it('goes into a zone file in strings of 255 octets', async () => {
    const { record } = await generateDkimKey({ domain: 'acme.test', selector: 'new', bits: 4096 });
    const [, strings] = /^new\._domainkey\.acme\.test\. IN TXT (.*)$/.exec(zoneFileLine(record))!;
    const parts = [...strings!.matchAll(/"([^"]*)"/g)].map(([, text]) => text!);
    expect(parts.map(({ length }) => length)).toEqual([255, 255, record.value.length - 510]);
    expect(parts.join('')).toBe(record.value);
    expect(zoneFileLine({ name: 'acme.test', type: 'TXT', value: 'a "b" \\c' })).toBe(
      'acme.test. IN TXT "a \\"b\\" \\\\c"',
    );
  });

  it.each([
    [{ domain: 'no domain' }, 'domain'],
    [{ domain: 'acme.test/other.test' }, 'domain'],
    [{ selector: 'no selector' }, 'selector'],
    [{ type: 'dsa' as never }, 'type'],
    [{ bits: 1024 as never }, 'bits'],
  ])('refuses %j', async (wrong, option) => {
    const made = generateDkimKey({ domain: 'acme.test', selector: 'new', ...wrong });
    await expect(made).rejects.toThrow(expect.objectContaining({ option }));
    await expect(made).rejects.toThrow(RelayConfigurationError);
  });
});

describe('a rotation of keys', () => {
  const at = new Date('2026-11-28T12:00:00Z');

  it('takes the next selector of the month', () => {
    expect(nextDkimSelector([], { at })).toBe('relay202611a');
    expect(nextDkimSelector(['relay202611a', 'relay202611a-ed25519', 'relay202610c'], { at })).toBe('relay202611b');
    const all = Array.from({ length: 26 }, (_, index) => `k202611${String.fromCharCode(97 + index)}`);
    expect(nextDkimSelector(all, { at, prefix: 'k' })).toBe('k202611aa');
  });

  it('makes a key of each kind, and publishes before it signs, signs before it revokes', async () => {
    const { keys, steps } = await rotateDkimKeys({ domain: 'acme.test', current: ['relay202610a'], at });
    await expect(rotateDkimKeys({ domain: 'acme.test', current: 'relay202610a' as never, at })).rejects.toThrow(
      "current: is an array of selectors, such as ['relay202608a']",
    );
    expect(keys.map(({ selector, type }) => [selector, type])).toEqual([
      ['relay202611a', 'rsa'],
      ['relay202611a-ed25519', 'ed25519'],
    ]);
    expect(steps.map(({ action }) => action)).toEqual(['publish', 'sign', 'revoke', 'remove']);
    expect(steps[0]!.records).toEqual(keys.map(({ record }) => record));
    expect(steps[2]!.records).toEqual([
      { name: 'relay202610a._domainkey.acme.test', type: 'TXT', value: 'v=DKIM1; p=' },
    ]);
    expect(
      (await rotateDkimKeys({ domain: 'acme.test', types: ['ed25519'], at })).steps.map(({ action }) => action),
    ).toEqual(['publish', 'sign']);
  });

  it('gives keys that sign together, each verified by itself', async () => {
    const { keys } = await rotateDkimKeys({ domain: 'acme.test', at });
    const signed = keys.reduce<Uint8Array>((raw, key) => createDkimSigner(key).sign(raw), Buffer.from(MESSAGE));
    const records = Object.fromEntries(keys.map(({ record }) => [record.name, record.value]));
    expect((await verify(signed, records)).map(({ algo, status }) => [algo, status.result]).toSorted()).toEqual([
      ['ed25519-sha256', 'pass'],
      ['rsa-sha256', 'pass'],
    ]);
  });
});
