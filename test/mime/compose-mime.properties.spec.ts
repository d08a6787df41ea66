import * as fc from 'fast-check';
import type { ParsedMail } from 'mailparser';
import MailComposer from 'nodemailer/lib/mail-composer';
import { describe, expect, it } from 'vitest';
import { composeMime } from '../../lib/mime/compose-mime.js';
import type { MimeInput } from '../../lib/mime/mime-input.interface.js';
import { attachment, headerLines, message, parse } from './support.js';

const lines = (text: string) => text.replace(/\r\n?/g, '\n').replace(/\n+$/, '');

/** What a reader of the message gets. */
function meaning(mail: ParsedMail) {
  const list = (addresses: ParsedMail['to']) =>
    [addresses ?? []]
      .flat()
      .flatMap((group) => group.value.map(({ name, address }) => ({ name, address: address ?? '' })));
  return {
    from: list(mail.from),
    to: list(mail.to).filter(({ address }) => address),
    cc: list(mail.cc),
    replyTo: list(mail.replyTo),
    subject: mail.subject ?? '',
    messageId: mail.messageId,
    date: mail.date?.getTime(),
    tag: mail.headers.get('x-tag'),
    text: lines(mail.text ?? ''),
    html: lines(mail.html || ''),
    attachments: mail.attachments.map(({ filename, contentType, cid, related, content }) => ({
      // nodemailer folds inside the quotes and loses a space of two
      filename: filename?.replace(/ +/g, ' '),
      contentType,
      cid,
      related: related ?? false,
      content: content.toString('hex'),
    })),
  };
}

function composedByNodemailer(input: MimeInput): Promise<Buffer> {
  const addresses = (list: MimeInput['to']) => list.map(({ name, address }) => ({ name: name ?? '', address }));
  return new MailComposer({
    from: addresses([input.from])[0]!,
    to: addresses(input.to),
    cc: addresses(input.cc),
    replyTo: addresses(input.replyTo),
    subject: input.subject,
    messageId: input.messageId,
    date: input.date,
    headers: input.headers as Record<string, string>,
    text: input.text,
    html: input.html,
    attachments: input.attachments.map(({ filename, contentType, cid, bytes }) => ({
      filename: filename ?? false,
      contentType,
      cid,
      content: Buffer.from(bytes!),
    })),
  })
    .compile()
    .build();
}

const words = (...alphabet: string[]) =>
  fc
    .array(fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 30 }), {
      minLength: 1,
      maxLength: 12,
    })
    .map((list) => list.join(' '));
const ASCII = [...'abcXYZ019.,-_@!?"\\()<>[]:;\'#$%&*+/=~'];
const WORDS = fc.oneof(words(...ASCII), words(...'abcäöüß'), words(...'Привет', ...'日本語', '🎉', '👩‍💻', 'a'));
const LINE = fc.oneof(
  WORDS,
  fc.constantFrom(
    '',
    '.',
    '..',
    'From here on',
    '-- ',
    '\t',
    '=',
    '--',
    'x'.repeat(200),
    'ä'.repeat(500),
    `${'y'.repeat(1200)} z`,
  ),
  fc.string({ unit: 'binary', maxLength: 120 }).map((text) => text.replace(/[\0\r\n]/g, '')),
);
const BODY = fc
  .tuple(fc.array(LINE, { minLength: 1, maxLength: 12 }), fc.constantFrom('\n', '\r\n'))
  .map(([all, end]) => all.join(end));
const NAME = WORDS.map((name) => name.trim());
const ADDRESS = fc.record(
  { name: NAME, address: fc.stringMatching(/^[a-z0-9]{1,20}(\.[a-z]{1,9})?@[a-z]{1,20}\.test$/) },
  { requiredKeys: ['address'] },
);
const ATTACHMENT = fc
  .record({
    filename: fc.oneof(
      WORDS.map((name) => `${name.replace(/[/\\]/g, '').trim()}.bin`),
      fc.constantFrom('terms.pdf', 'übersicht März.pdf', `${'lang'.repeat(40)}.txt`),
    ),
    contentType: fc.constantFrom('application/pdf', 'application/octet-stream', 'image/png'),
    content: fc.uint8Array({ maxLength: 400 }),
  })
  .map(({ content, ...part }) => attachment(part, content));
const INLINE = fc
  .record({
    filename: fc.constant('logo.png'),
    contentType: fc.constant('image/png'),
    cid: fc.stringMatching(/^[a-z0-9]{4,12}@x$/),
    content: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  })
  .map(({ content, ...part }) => attachment(part, content));

const MESSAGE: fc.Arbitrary<MimeInput> = fc
  .record({
    from: ADDRESS,
    to: fc.array(ADDRESS, { minLength: 1, maxLength: 6 }),
    cc: fc.array(ADDRESS, { maxLength: 2 }),
    replyTo: fc.array(ADDRESS, { maxLength: 1 }),
    subject: WORDS.map((subject) => subject.trim()),
    tag: words(...'abc0'),
    body: fc.oneof(fc.record({ text: BODY }), fc.record({ html: BODY }), fc.record({ text: BODY, html: BODY })),
    inline: fc.uniqueArray(INLINE, { maxLength: 2, selector: ({ cid }) => cid }),
    attached: fc.array(ATTACHMENT, { maxLength: 3 }),
  })
  .map(({ tag, body, inline, attached, ...rest }) =>
    message({
      ...rest,
      ...body,
      headers: { 'X-Tag': tag },
      attachments: 'html' in body ? [...inline, ...attached] : attached,
    }),
  );

describe('a composed message', () => {
  it("means the same as the one that nodemailer's composer makes", async () => {
    await fc.assert(
      fc.asyncProperty(MESSAGE, async (input) => {
        const [ours, theirs] = await Promise.all([
          parse(await composeMime(input)),
          parse(await composedByNodemailer(input)),
        ]);
        expect(meaning(ours)).toEqual(meaning(theirs));
      }),
      { numRuns: 300 },
    );
  });

  it('gives text, attachments and names back as they went in', async () => {
    await fc.assert(
      fc.asyncProperty(MESSAGE, async (input) => {
        const mail = meaning(await parse(await composeMime(input)));
        expect(mail.text).toBe(lines(input.text ?? '').toWellFormed());
        expect(mail.html).toBe(lines(input.html ?? '').toWellFormed());
        expect(mail.subject).toBe(input.subject);
        expect(mail.attachments.map(({ content }) => content)).toEqual(
          input.attachments.map(({ bytes }) => Buffer.from(bytes!).toString('hex')),
        );
        const { attachments } = await parse(await composeMime(input));
        expect(attachments.map(({ filename }) => filename)).toEqual(input.attachments.map(({ filename }) => filename));
      }),
      { numRuns: 300 },
    );
  });

  it('is ASCII, has only CRLF line ends, and no line that is too long', async () => {
    await fc.assert(
      fc.asyncProperty(MESSAGE, async (input) => {
        const raw = Buffer.from(await composeMime(input)).toString('latin1');
        expect(raw).toMatch(/^[\t\r\n -~]*\r\n$/);
        expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
        const tooLong = raw.split('\r\n').filter((line) => line.length > 78);
        expect(tooLong).toEqual([]);
        expect(headerLines(raw).filter((line) => /^[\t ]*$/.test(line))).toEqual([]);
        expect(raw.match(/=\?UTF-8\?[QB]\?[^?]*\?=/g)?.filter((word) => word.length > 75) ?? []).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('comes out the same every time', async () => {
    await fc.assert(
      fc.asyncProperty(MESSAGE, async (input) => {
        expect(Buffer.from(await composeMime(input)).equals(await composeMime(input))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
