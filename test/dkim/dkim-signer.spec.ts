import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailError } from '../../lib/errors/mail.error.js';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { RelayConfigurationError } from '../../lib/errors/relay-configuration.error.js';
import type { DkimOptions } from '../../lib/dkim/dkim-options.interface.js';
import { createDkimSigner } from '../../lib/dkim/dkim-signer.js';
import { composeMime } from '../../lib/mime/compose-mime.js';
import { message } from '../mime/support.js';
import { txtRecord, verify } from './support.js';

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const records = { 'rsa._domainkey.acme.test': txtRecord(rsa), 'ed._domainkey.acme.test': txtRecord(ed25519) };
const signers = {
  'RSA-2048': createDkimSigner({ domain: 'acme.test', selector: 'rsa', privateKey: pem(rsa) }),
  Ed25519: createDkimSigner({ domain: 'acme.test', selector: 'ed', privateKey: pem(ed25519) }),
};
const HEADER =
  'From: Acme <hello@acme.test>\r\nTo: ada@x.test\r\nSubject: Hello\r\nDate: Tue, 28 Jul 2026 10:11:12 +0000\r\n';

/** A key that parses, and whose numbers are not those of one key. */
const damaged = (key: KeyObject) => {
  const { d, p } = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  return createPrivateKey({ key: { ...key.export({ format: 'jwk' }), d, p }, format: 'jwk' });
};
const signed = (raw: string, signer = signers.Ed25519) => Buffer.from(signer.sign(Buffer.from(raw)));
const verdicts = async (raw: Uint8Array) => (await verify(raw, records)).map(({ status }) => status.result);
const signatureOf = (raw: Uint8Array) =>
  /^DKIM-Signature:[^]*?\r\n(?![ \t])/.exec(Buffer.from(raw).toString('latin1'))![0];
const signedNames = (raw: Uint8Array) => /h=([^;]+);/.exec(signatureOf(raw).replace(/\s/g, ''))![1]!.split(':');

describe.each(Object.entries(signers))('a message signed with %s', (_, signer) => {
  it.each([
    [
      'as the relay composes it',
      Buffer.from(
        composeMime(
          message({ text: 'Grüße', html: '<p>Grüße</p>\n\n', subject: `${'Ein langer Betreff für Ada '.repeat(8)}` }),
        ) as Uint8Array,
      ).toString('latin1'),
    ],
    ['with folded headers', `${HEADER}Reply-To: one@acme.test,\r\n\ttwo@acme.test,\r\n  three@acme.test\r\n\r\nHi\r\n`],
    ['with runs of whitespace', `${HEADER}Cc:   a@x.test ,  \t b@x.test  \r\n\r\nHi   there \t \r\n\t  you\r\n`],
    ['with blank lines at the end', `${HEADER}\r\nHi\r\n\r\n\r\n \t \r\n\r\n`],
    ['with blank lines within', `${HEADER}\r\n\r\n\r\nHi\r\n\r\n \r\nyou\r\n`],
    [
      'with repeated headers',
      `${HEADER}References: <1@x.test>\r\nReferences: <2@x.test>\r\nReferences: <3@x.test>\r\n\r\nHi\r\n`,
    ],
    ['with an empty body', `${HEADER}\r\n`],
    ['with blank lines only', `${HEADER}\r\n\r\n \r\n\r\n`],
    ['without a line end at the last line', `${HEADER}\r\nHi\r\nyou`],
    ['with UTF-8 in its header', Buffer.from(`${HEADER}Cc: jörg@x.test\r\n\r\nGrüße\u00a0 \r\n`).toString('latin1')],
  ])('%s is genuine to a receiver', async (__, raw) => {
    const bytes = Buffer.from(raw, 'latin1');
    const result = Buffer.from(signer.sign(bytes));
    expect(await verdicts(result)).toEqual(['pass']);
    expect(result.subarray(-bytes.length).equals(bytes)).toBe(true);
    expect(
      signatureOf(result)
        .split('\r\n')
        .filter((line) => line.length > 78),
    ).toEqual([]);
  });

  it('is genuine whatever its body, until a byte that counts is changed', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '  ', '\t', 'ä', '=', '.'), maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.boolean(), fc.nat(), async (lines, ended, at) => {
        const raw = signer.sign(Buffer.from(`${HEADER}\r\n${lines.join('\r\n')}${ended ? '\r\n' : ''}`));
        // SMTP ends the last line where the message did not.
        const arrived = Buffer.concat([raw, Buffer.from(ended ? '' : '\r\n')]);
        expect(await verdicts(arrived)).toEqual(['pass']);
        const start = arrived.indexOf('\r\n\r\n') + 4;
        const places = [...arrived.keys()].filter((index) => index >= start && arrived[index]! > 0x20);
        if (places.length === 0) return;
        const place = places[at % places.length]!;
        arrived[place] = arrived[place] === 0x7a ? 0x79 : 0x7a;
        expect(await verdicts(arrived)).not.toContain('pass');
      }),
      { numRuns: 100 },
    );
  });

  it('is no longer genuine once a header is changed, or one that readers go by is added', async () => {
    const raw = signer.sign(Buffer.from(`${HEADER}\r\nHi\r\n`));
    const text = Buffer.from(raw).toString('latin1');
    expect(await verdicts(Buffer.from(text.replace('Subject: Hello', 'Subject: Hallo')))).toEqual(['fail']);
    for (const added of [
      'From: evil@x.test',
      'Subject: Evil',
      'To: b@x.test',
      'Reply-To: evil@x.test',
      'Date: x',
      'Content-Type: text/html',
    ]) {
      expect(await verdicts(Buffer.from(`${added}\r\n${text}`)), added).toEqual(['fail']);
    }
  });
});

describe('signing', () => {
  it('signs what is there, last first, and From and its like once more', () => {
    const names = signedNames(
      signed(`${HEADER}References: <1@x.test>\r\nReferences: <2@x.test>\r\nX-Tag: a\r\n\r\nHi\r\n`),
    );
    expect(names.filter((name) => name === 'From')).toHaveLength(2);
    expect(names.filter((name) => name === 'Reply-To')).toHaveLength(1);
    expect(names.filter((name) => name === 'References')).toHaveLength(2);
    expect(names).not.toContain('X-Tag');
  });

  it('covers the headers of one-click unsubscribing', () => {
    const names = signedNames(
      signed(
        `${HEADER}List-Unsubscribe: <https://acme.test/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nHi\r\n`,
      ),
    );
    expect(names).toEqual(expect.arrayContaining(['List-Unsubscribe', 'List-Unsubscribe-Post']));
  });

  it('covers those also where other headers are chosen (RFC 8058 section 4)', () => {
    const fields =
      'List-Unsubscribe: <https://acme.test/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nX-Tag: a\r\n';
    const signer = createDkimSigner({ domain: 'acme.test', selector: 'ed', privateKey: ed25519, headers: ['X-Tag'] });
    const names = signedNames(signer.sign(Buffer.from(`${HEADER}${fields}\r\nHi\r\n`)));
    expect(names).toEqual(expect.arrayContaining(['X-Tag', 'List-Unsubscribe', 'List-Unsubscribe-Post']));
  });

  it('signs the headers that are chosen, and From always', async () => {
    const signer = createDkimSigner({
      domain: 'acme.test',
      selector: 'ed',
      privateKey: ed25519,
      headers: ['subject', 'X-Tag', 'from'],
    });
    const raw = signer.sign(Buffer.from(`${HEADER}X-Tag: a\r\n\r\nHi\r\n`));
    expect(signedNames(raw)).toEqual(['From', 'From', 'Subject', 'Subject', 'X-Tag']);
    expect(await verdicts(raw)).toEqual(['pass']);
  });

  it('with an RSA and an Ed25519 key gives two genuine signatures', async () => {
    const twice = signers.Ed25519.sign(signers['RSA-2048'].sign(Buffer.from(`${HEADER}\r\nHi\r\n`)));
    expect((await verify(twice, records)).map(({ algo, status }) => [algo, status.result])).toEqual([
      ['ed25519-sha256', 'pass'],
      ['rsa-sha256', 'pass'],
    ]);
  });

  it('takes a key as PEM text, as bytes, with written-out line ends, and as a KeyObject', async () => {
    const pkcs1 = rsa.export({ type: 'pkcs1', format: 'pem' }) as string;
    for (const privateKey of [pem(rsa), pkcs1, Buffer.from(pem(rsa)), pem(rsa).replaceAll('\n', '\\n'), rsa]) {
      expect(
        await verdicts(
          signed(`${HEADER}\r\nHi`, createDkimSigner({ domain: 'ACME.test', selector: 'rsa', privateKey })),
        ),
      ).toEqual(['pass']);
    }
  });

  it('signs for an international domain in its ASCII form', () => {
    const signer = createDkimSigner({ domain: 'bücher.test', selector: 'ed', privateKey: ed25519 });
    expect(signatureOf(signed(HEADER, signer))).toContain(' d=xn--bcher-kva.test;');
  });

  it.each([
    ['no From', 'Subject: Hello\r\n\r\nHi\r\n', 'from'],
    ['a header that is none', 'From: a@x.test\r\nthis is no field\r\n\r\nHi\r\n', 'raw'],
    ['bare line feeds in its header', 'From: a@x.test\nSubject: x\n\nHi\n', 'raw'],
    ['a bare line feed in its body', `${HEADER}\r\nHi\nyou\r\n`, 'raw'],
    ['a bare carriage return in its body', `${HEADER}\r\nHi\ryou\r\n`, 'raw'],
    ['nothing in it', '', 'raw'],
  ])('refuses a message with %s rather than give it back unsigned', (_, raw, field) => {
    expect(() => signed(raw)).toThrow(MailMessageError);
    expect(() => signed(raw)).toThrow(expect.objectContaining({ field, permanent: true, scope: 'message' }));
  });

  it('reports what it did not expect as a permanent error of the message', () => {
    expect(() => signers.Ed25519.sign(undefined as unknown as Uint8Array)).toThrow(MailError);
    expect(() => signers.Ed25519.sign(undefined as unknown as Uint8Array)).toThrow(
      expect.objectContaining({ permanent: true, scope: 'message', code: 'EDKIM' }),
    );
  });
});

describe('a key that cannot sign is refused at once', () => {
  const wrong = (privateKey: unknown, rest: Partial<DkimOptions> = {}) => {
    try {
      createDkimSigner({ domain: 'acme.test', selector: 'mail', privateKey: privateKey as string, ...rest });
    } catch (error) {
      return error as RelayConfigurationError;
    }
    throw new Error('was taken');
  };
  const publicKey = createPublicKey(rsa);
  const broken = `${pem(rsa).slice(0, 300)}\n-----END PRIVATE KEY-----\n`;

  it.each<[string, unknown, RegExp]>([
    ['missing', undefined, /is missing/],
    ['not PEM', 'c2VjcmV0IHNlY3JldCBzZWNyZXQ', /is no private key in PEM/],
    ['cut short', broken, /is no private key in PEM/],
    ['empty', '', /is no private key in PEM/],
    ['public', publicKey.export({ type: 'spki', format: 'pem' }), /is a public key/],
    ['a public KeyObject', publicKey, /is a public key/],
    [
      'encrypted',
      rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
      /has a passphrase/,
    ],
    [
      'an elliptic curve',
      pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
      /type ec; DKIM signs with RSA or Ed25519/,
    ],
    ['RSA-PSS', pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey), /type rsa-pss/],
    ['too short', pem(generateKeyPairSync('rsa', { modulusLength: 768 }).privateKey), /768 bits; 1024 is the least/],
    ['damaged', pem(damaged(rsa)), /is damaged/],
  ])('when it is %s', (_, key, said) => {
    const error = wrong(key);
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect(error.option).toBe('dkim.privateKey');
    expect(error.message).toMatch(said);
    const secrets =
      typeof key === 'string' ? key.split(/\s+/).filter((line) => line.length > 16 && !line.includes('-----')) : [];
    for (const secret of secrets)
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(secret);
  });

  it.each<[string, Partial<DkimOptions>]>([
    ['dkim.domain', { domain: 'acme' }],
    ['dkim.domain', { domain: 'acme.test; x=1' }],
    ['dkim.domain', { domain: undefined as unknown as string }],
    ['dkim.selector', { selector: '' }],
    ['dkim.selector', { selector: 'a b' }],
    ['dkim.selector', { selector: 'mail\r\nX-Evil: 1' }],
    ['dkim.headers', { headers: ['Sub ject'] }],
    ['dkim.headers', { headers: ['a;b'] }],
    ['dkim.headers', { headers: ['DKIM-Signature'] }],
    ['dkim.headers', { headers: 'From:Subject' as unknown as string[] }],
  ])('and so is a wrong %s (%o)', (option, given) => {
    expect(wrong(ed25519, given)).toMatchObject({ option });
  });

  it('under the name it was given by', () => {
    expect(() =>
      createDkimSigner({ domain: 'acme.test', selector: 'a', privateKey: 'x' }, 'transports.smtp.dkim'),
    ).toThrow(expect.objectContaining({ option: 'transports.smtp.dkim.privateKey' }));
  });
});
