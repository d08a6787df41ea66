import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MailMessageError } from '../../lib/errors/mail-message.error.js';
import { composeMime } from '../../lib/mime/compose-mime.js';
import type { MimeInput } from '../../lib/mime/mime-input.interface.js';
import { attachment, compose, headerLines, headerOf, message, parse, source } from './support.js';

const refused = async (given: Partial<MimeInput>): Promise<MailMessageError> => {
  const error: unknown = await compose(given).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(MailMessageError);
  return error as MailMessageError;
};

describe('the parts of a message', () => {
  const logo = attachment({ filename: 'logo.png', contentType: 'image/png', cid: 'logo' }, Buffer.from([1, 2, 3]));
  const terms = attachment({ filename: 'terms.pdf', contentType: 'application/pdf' }, Buffer.from('%PDF'));
  const types = async (given: Partial<MimeInput>) =>
    [...(await source(given)).matchAll(/^Content-Type: ([^;\r]+)/gm)].map(([, type]) => type);

  it.each<[string, Partial<MimeInput>, string[]]>([
    ['nothing at all', {}, ['text/plain']],
    ['a text', { text: 'Hi' }, ['text/plain']],
    ['HTML', { html: '<p>Hi' }, ['text/html']],
    ['both', { text: 'Hi', html: '<p>Hi' }, ['multipart/alternative', 'text/plain', 'text/html']],
    [
      'an inline image',
      { html: '<img src="cid:logo">', attachments: [logo] },
      ['multipart/related', 'text/html', 'image/png'],
    ],
    ['an attachment', { text: 'Hi', attachments: [terms] }, ['multipart/mixed', 'text/plain', 'application/pdf']],
    ['an attachment alone', { attachments: [terms] }, ['multipart/mixed', 'application/pdf']],
    [
      'all of them',
      { text: 'Hi', html: '<img src="cid:logo">', attachments: [terms, logo] },
      [
        'multipart/mixed',
        'multipart/alternative',
        'text/plain',
        'multipart/related',
        'text/html',
        'image/png',
        'application/pdf',
      ],
    ],
    [
      'an inline part without HTML to show it in',
      { text: 'Hi', attachments: [logo] },
      ['multipart/mixed', 'text/plain', 'image/png'],
    ],
  ])('are, for %s', async (_, given, expected) => {
    expect(await types(given)).toEqual(expected);
  });

  it('have boundaries that stand nowhere in them, even where a text was made to hold them', async () => {
    const [, boundary] = /boundary="([^"]+)"/.exec(await source({ text: 'x', html: 'y' }))!;
    const text = `--${boundary}\n--${boundary}--\nstill the text`;
    const mail = await parse(await compose({ text, html: '<p>Hi' }));
    expect(mail.text?.trim()).toBe(text);
    expect(mail.html).toMatch('<p>Hi');
  });

  it('are composed at once where all bytes are at hand, and otherwise read from their streams', async () => {
    const streamed = {
      filename: 'a.txt',
      contentType: 'text/plain',
      content: () => Readable.from([Buffer.from('one '), 'two ', Buffer.from('three')]),
    };
    expect(composeMime(message({ attachments: [terms] }))).toBeInstanceOf(Uint8Array);
    const mail = await parse(await compose({ text: 'Hi', attachments: [terms, streamed] }));
    expect(mail.attachments.map(({ content }) => content.toString())).toEqual(['%PDF', 'one two three']);
  });

  it('are refused where an attachment cannot be read', async () => {
    const broken = {
      contentType: 'text/plain',
      content: () =>
        new Readable({
          read() {
            this.destroy(new Error('the disk is gone'));
          },
        }),
    };
    const error = await refused({ text: 'Hi', attachments: [terms, broken] });
    expect(error).toMatchObject({ field: 'attachments[1]', permanent: true, scope: 'message' });
    expect(error.message).toContain('the disk is gone');
  });

  it('hold an attached mail as it is, or as plain bytes where it is not ASCII', async () => {
    const eml = (body: string) =>
      attachment({ filename: 'a.eml', contentType: 'message/rfc822' }, Buffer.from(`Subject: x\r\n\r\n${body}\r\n`));
    const ascii = await source({ text: 'Hi', attachments: [eml('plain')] });
    expect(ascii).toContain('Content-Type: message/rfc822\r\n');
    expect(ascii).toContain('Content-Transfer-Encoding: 7bit\r\n\r\nSubject: x\r\n\r\nplain\r\n');
    const other = await compose({ text: 'Hi', attachments: [eml('schön')] });
    expect(other.toString()).toContain('Content-Type: application/octet-stream\r\n');
    const [parsed] = (await parse(other)).attachments;
    expect(parsed!.filename).toBe('a.eml');
    expect(parsed!.content.toString()).toContain('schön');
  });

  it('survive a large attachment byte for byte', async () => {
    const bytes = Buffer.alloc(3_000_001, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));
    const mail = await parse(await compose({ text: 'Hi', attachments: [attachment({ filename: 'a.bin' }, bytes)] }));
    expect(mail.attachments[0]!.content.equals(bytes)).toBe(true);
  });

  it('of one message are not touched by the next', async () => {
    const first = composeMime(message({ text: 'first' })) as Uint8Array;
    const copy = Buffer.from(first);
    await compose({ text: 'second', html: 'x'.repeat(300_000) });
    await compose({ text: 'third' });
    expect(Buffer.from(first).equals(copy)).toBe(true);
  });
});

describe('the encoding of a text', () => {
  const encodingOf = async (text: string) => headerOf(await source({ text }), 'Content-Transfer-Encoding');

  it.each([
    ['short ASCII lines', 'Hello\nAda', '7bit'],
    ['a line over 78', 'x '.repeat(60), 'quoted-printable'],
    ['a control character', 'a\u0007b', 'quoted-printable'],
    ['a line that begins with From', 'Dear Ada\nFrom here', 'quoted-printable'],
    ['some umlauts', 'Viele Grüße aus Köln, und bis bald', 'quoted-printable'],
    ['Cyrillic', 'Привет, Ада', 'base64'],
  ])('is, for %s, %s → %s', async (_, text, encoding) => {
    expect(await encodingOf(text)).toBe(encoding);
  });

  it('makes every line end CRLF', async () => {
    expect(await source({ text: 'a\nb\r\nc\rd' })).toMatch(/\r\n\r\na\r\nb\r\nc\r\nd\r\n$/);
    expect((await parse(await compose({ text: 'ä\nb\r\nc\rd' }))).text).toBe('ä\nb\nc\nd');
  });

  it('keeps spaces at the end of a line, and hides From at its start', async () => {
    const raw = await source({ text: 'one ä \ntwo\t\nFrom three' });
    expect(raw).toContain('one =C3=A4=20\r\ntwo=09\r\n=46rom three');
  });

  it('leaves whole characters on a line of quoted-printable', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', ' ', 'ä', '語', '🎉', '=', 'aaaaaaaaaaaaaaaaaaa'), maxLength: 60 }),
        async (text) => {
          const raw = await source({ text: `${'x'.repeat(100)}${text}` });
          const body = raw.slice(raw.indexOf('\r\n\r\n') + 4);
          if (!raw.includes('quoted-printable')) return;
          for (const line of body.split('\r\n')) {
            expect(line.length).toBeLessThanOrEqual(76);
            const bytes = line
              .replace(/=$/, '')
              .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
            expect(Buffer.from(bytes, 'latin1').toString('utf8')).not.toContain('\ufffd');
          }
        },
      ),
    );
  });
});

describe('the header of a message', () => {
  it('has what was given, and never a Bcc', async () => {
    const raw = await source({
      bcc: [{ address: 'secret@x.test' }],
      cc: [{ address: 'bob@x.test' }],
      headers: { 'X-Tag': 'a', Sender: 'b@x.test' },
    } as Partial<MimeInput>);
    expect(headerLines(raw)).toEqual([
      'From: Acme <hello@acme.test>',
      'To: ada@x.test',
      'Cc: bob@x.test',
      'Subject: Hello',
      'Message-ID: <3f2b8a30-7f0c-4a1c-9a6e-1d2e3f405060@acme.test>',
      'Date: Tue, 28 Jul 2026 10:11:12 +0000',
      'X-Tag: a',
      'Sender: b@x.test',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 7bit',
    ]);
  });

  it('names an empty group where nobody shall be seen', async () => {
    expect(headerOf(await source({ to: [] }), 'To')).toBe('undisclosed-recipients:;');
    expect(headerOf(await source({ to: [], cc: [{ address: 'a@x.test' }] }), 'To')).toBeUndefined();
  });

  it.each([
    ['Ada Lovelace', 'Ada Lovelace <a@x.test>'],
    ['Lovelace, Ada', '"Lovelace, Ada" <a@x.test>'],
    ['Ada "the" \\ Countess', '"Ada \\"the\\" \\\\ Countess" <a@x.test>'],
    ['J. R.', '"J. R." <a@x.test>'],
    ['Zoë', '=?UTF-8?Q?Zo=C3=AB?= <a@x.test>'],
    ['🎉', '=?UTF-8?B?8J+OiQ==?= <a@x.test>'],
    ['=?UTF-8?Q?evil?=', '=?UTF-8?B?PT9VVEYtOD9RP2V2aWw/PQ==?= <a@x.test>'],
  ])('writes the name %s so that it is read as it was', async (name, written) => {
    const raw = await compose({ to: [{ name, address: 'a@x.test' }] });
    expect(headerOf(raw.toString('latin1'), 'To')).toBe(written);
    expect((await parse(raw)).to).toMatchObject({ value: [{ name, address: 'a@x.test' }] });
  });

  it('writes a local part that is not ASCII as UTF-8', async () => {
    expect((await compose({ to: [{ name: 'Jörg', address: 'jörg@x.test' }] })).toString('utf8')).toContain(
      '=?UTF-8?B?SsO2cmc=?= <jörg@x.test>',
    );
  });

  it('is folded before 78 columns, between addresses and between words', async () => {
    const to = Array.from({ length: 40 }, (_, index) => ({
      name: `Recipient ${index}`,
      address: `recipient-${index}@example.test`,
    }));
    const raw = await source({
      to,
      subject: 'word '.repeat(60).trim(),
      headers: { References: '<a-rather-long-message-id-number@acme.test> '.repeat(9).trim() },
    });
    expect(headerLines(raw).filter((line) => line.length > 78)).toEqual([]);
    expect(headerOf(raw, 'Subject')).toBe('word '.repeat(60).trim());
    expect((await parse(Buffer.from(raw, 'latin1'))).to).toMatchObject({ value: to });
  });

  it('keeps runs of spaces in a folded subject, however long', async () => {
    for (const gap of [2, 30, 77, 200, 1200]) {
      const subject = `start${' '.repeat(gap)}middle${' '.repeat(gap)}end`;
      const raw = await compose({ subject });
      expect(headerLines(raw.toString('latin1')).every((line) => line.length <= 998 && line.trim())).toBe(true);
      expect((await parse(raw)).subject).toBe(subject);
    }
  });

  it('encodes a subject that has no place to fold, and refuses such a header of the application', async () => {
    const word = 'x'.repeat(1100);
    const raw = await compose({ subject: word });
    expect(Math.max(...headerLines(raw.toString('latin1')).map(({ length }) => length))).toBeLessThanOrEqual(78);
    expect((await parse(raw)).subject).toBe(word);
    expect(await refused({ headers: { 'X-Token': word } })).toMatchObject({ field: 'headers.X-Token' });
  });

  it('passes an ASCII value on as it is, and encodes another', async () => {
    const raw = await source({
      headers: { 'List-Unsubscribe': '<https://x.test/u?a=_b>', 'X-City': 'Köln', 'X-Ready': '=?UTF-8?Q?K=C3=B6ln?=' },
    });
    expect(headerOf(raw, 'List-Unsubscribe')).toBe('<https://x.test/u?a=_b>');
    expect(headerOf(raw, 'X-City')).toBe('=?UTF-8?B?S8O2bG4=?=');
    expect(headerOf(raw, 'X-Ready')).toBe('=?UTF-8?Q?K=C3=B6ln?=');
  });

  it('names an attachment by RFC 2231 where the name is long or not ASCII', async () => {
    const disposition = async (filename: string) =>
      /Content-Disposition: ([^]*?)\r\nContent-Transfer/.exec(
        await source({ attachments: [attachment({ filename }, Buffer.from('x'))] }),
      )![1];
    expect(await disposition('terms.pdf')).toBe('attachment;\r\n filename="terms.pdf"');
    expect(await disposition('März.pdf')).toBe("attachment;\r\n filename*=UTF-8''M%C3%A4rz.pdf");
    expect(await disposition('say "hi".txt')).toBe("attachment;\r\n filename*=UTF-8''say%20%22hi%22.txt");
    expect(await disposition(`${'ä'.repeat(14)}.txt`)).toBe(
      `attachment;\r\n filename*0*=UTF-8''${'%C3%A4'.repeat(8)};\r\n filename*1*=${'%C3%A4'.repeat(6)}.txt`,
    );
  });
});

describe('header injection', () => {
  const line = fc
    .tuple(
      fc.constantFrom('', 'Hello'),
      fc.constantFrom('\r\n', '\n', '\r', '\0'),
      fc.constantFrom('Bcc: victim@x.test', '', ' folded'),
    )
    .map((parts) => parts.join(''));
  const places: [string, (value: string) => Partial<MimeInput>][] = [
    ['subject', (subject) => ({ subject })],
    ['from.name', (name) => ({ from: { name, address: 'a@x.test' } })],
    ['from', (address) => ({ from: { address } })],
    ['to[1].name', (name) => ({ to: [{ address: 'a@x.test' }, { name, address: 'a@x.test' }] })],
    ['to', (address) => ({ to: [{ address }] })],
    ['cc', (address) => ({ cc: [{ address }] })],
    ['replyTo', (address) => ({ replyTo: [{ address }] })],
    ['messageId', (id) => ({ messageId: `<a@x.test>${id}` })],
    ['headers.X-Tag', (tag) => ({ headers: { 'X-Tag': tag } })],
    ['attachments[0].filename', (filename) => ({ attachments: [attachment({ filename }, Buffer.from('x'))] })],
    ['attachments[0].cid', (cid) => ({ attachments: [attachment({ cid }, Buffer.from('x'))] })],
    [
      'attachments[0].contentType',
      (type) => ({ attachments: [attachment({ contentType: `text/plain; a=${type}` }, Buffer.from('x'))] }),
    ],
  ];

  it.each(places)('through %s is refused', async (field, given) => {
    await fc.assert(
      fc.asyncProperty(line, async (value) => {
        expect(await refused(given(value))).toMatchObject({ field, permanent: true, scope: 'message' });
      }),
      { numRuns: 30 },
    );
  });

  it('through the name of a header is refused', async () => {
    expect((await refused({ headers: { 'X-A: b\r\nBcc': 'victim@x.test' } })).field).toMatch(/^headers\./);
    expect((await refused({ headers: { '': 'x' } })).field).toMatch(/^headers\./);
  });

  it.each([
    'Subject',
    'from',
    'TO',
    'Cc',
    'Bcc',
    'Reply-To',
    'Message-Id',
    'date',
    'MIME-Version',
    'Content-Type',
    'content-transfer-encoding',
    'Content-Language',
  ])('leaves %s to the relay', async (name) => {
    expect(await refused({ headers: { [name]: 'x' } })).toMatchObject({ field: `headers.${name}` });
  });

  it('refuses a date that is none', async () => {
    expect(await refused({ date: new Date('never') })).toMatchObject({ field: 'date' });
  });
});
