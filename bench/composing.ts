import { generateKeyPairSync } from 'node:crypto';
import Handlebars from 'handlebars';
import { simpleParser } from 'mailparser';
import MailComposer from 'nodemailer/lib/mail-composer';
import DKIM from 'nodemailer/lib/dkim';
import { createDkimSigner } from '../lib/dkim/dkim-signer.js';
import { bufferedAttachment } from '../lib/mail/mail-attachment.js';
import { composeMime } from '../lib/mime/compose-mime.js';
import type { MimeInput } from '../lib/mime/mime-input.interface.js';
import { HTML, TEXT, welcome } from './mails.js';
import { compare, report } from './measure.js';

const bytes = Buffer.alloc(100_000, 'attachment of a hundred thousand bytes ');
const context = welcome(1);
const html = Handlebars.compile(HTML)(context);
const text = Handlebars.compile(TEXT, { noEscape: true })(context);
const base = {
  subject: 'Welcome, Ada',
  date: new Date(1_793_000_000_000),
  messageId: '<1@acme.test>',
  headers: {},
  cc: [],
  replyTo: [],
};

/** The same message for both. */
const KINDS: Record<string, Partial<MimeInput>> = {
  text: { text },
  'text and HTML': { text, html },
  'text, HTML and 100 kB': {
    text,
    html,
    attachments: [bufferedAttachment({ filename: 'a.bin', contentType: 'application/octet-stream', bytes })],
  },
  'UTF-8 headers': {
    text,
    html,
    subject: 'Grüße aus Köln, 今日は',
    from: { name: 'Jörg Müller', address: 'hello@acme.test' },
  },
};

/** Composing a message, and signing it, against nodemailer's MailComposer and DKIM. */
export async function composing(rounds: number, times: number): Promise<void> {
  for (const [kind, parts] of Object.entries(KINDS)) {
    const message = inputOf(parts);
    await assertSame(message);
    const theirs = theirsOf(message);
    const count = kind.includes('100 kB') ? Math.ceil(times / 10) : times;
    const rates = await compare(
      [
        {
          name: 'nodemailer, MailComposer',
          run: async () => {
            for (let at = 0; at < count; at++) await built(theirs);
            return count;
          },
        },
        {
          name: 'nestjs-mail-relay',
          run: async () => {
            for (let at = 0; at < count; at++) await composeMime(message);
            return count;
          },
        },
      ],
      rounds,
    );
    report(`Composing: ${kind}`, rates);
  }
}

/** DKIM over a message that is there already. */
export async function signing(rounds: number, times: number): Promise<void> {
  const raw = Buffer.from(await composeMime(inputOf({ text, html })));
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
  const ed = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  const of = (privateKey: string) => ({ domain: 'acme.test', selector: 'key', privateKey });
  const theirs = new DKIM({ domainName: 'acme.test', keySelector: 'key', privateKey: rsa });
  const [ours, oursEd] = [createDkimSigner(of(rsa)), createDkimSigner(of(ed))];
  const each = (work: () => unknown) => async () => {
    for (let at = 0; at < times; at++) await work();
    return times;
  };
  const rates = await compare(
    [
      { name: 'nodemailer, RSA-2048', run: each(() => drained(theirs.sign(raw as never))) },
      { name: 'nestjs-mail-relay, RSA-2048', run: each(() => ours.sign(raw)) },
      { name: 'nestjs-mail-relay, Ed25519', run: each(() => oursEd.sign(raw)) },
    ],
    rounds,
  );
  report('Signing with DKIM', rates);
}

function inputOf(parts: Partial<MimeInput>): MimeInput {
  return {
    ...base,
    from: { name: 'Acme', address: 'hello@acme.test' },
    to: [{ name: 'Ada', address: 'ada@x.test' }],
    attachments: [],
    ...parts,
  };
}

function theirsOf(message: MimeInput): object {
  const { from, to, subject, html, text, messageId, date, attachments } = message;
  return {
    from,
    to: [...to],
    subject,
    messageId,
    date,
    ...(html !== undefined && { html }),
    ...(text !== undefined && { text }),
    attachments: attachments.map(({ filename, contentType, bytes: content }) => ({ filename, contentType, content })),
  };
}

function built(message: object): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    new MailComposer(message).compile().build((error, raw) => (error ? reject(error) : resolve(raw!)));
  });
}

/** Both say the same, as a parser of somebody else's reads them. */
async function assertSame(message: MimeInput): Promise<void> {
  const [one, other] = await Promise.all([composeMime(message), built(theirsOf(message))]);
  const [ours, theirs] = await Promise.all([simpleParser(Buffer.from(one)), simpleParser(other)]);
  const said = ({ subject, from, to, text, html, messageId, date, attachments }: typeof ours) =>
    JSON.stringify({
      subject,
      from: from?.value,
      to,
      text,
      html,
      messageId,
      date,
      attachments: attachments.map(({ checksum, filename }) => [checksum, filename]),
    });
  if (said(ours) !== said(theirs)) throw new Error(`The two messages differ:\n${said(ours)}\n${said(theirs)}`);
}

async function drained(stream: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of stream);
}
