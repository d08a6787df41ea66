import { isDeepStrictEqual } from 'node:util';
import addressparser from 'nodemailer/lib/addressparser';
import { expect } from 'vitest';
import { type MailAddress, MailgunSmtpTransport, MailgunTransport } from '../../../lib/index.js';
import type { HttpReply, ReceivedRequest } from '../../support/http/start-http-server.js';
import { type ArrivedMail, type ArrivedPart, arrivedText, lowerCased, sortedParts } from './arrived-mail.js';
import { arrivedMime } from './arrived-mime.js';
import { httpStage, MISFIT } from './http-stage.js';
import { smtpStage } from './smtp-stage.js';
import type { OwnFields, Stage } from './stage.js';

const DOMAIN = 'mg.acme.test';
const KEY = 'key-1234567890';
const LOGIN = { user: `postmaster@${DOMAIN}`, pass: 'secret' };

const API = {
  provider: 'mailgun',
  givesId: true,
  answer,
  own: ({ tags, metadata }: OwnFields) => ({
    'o:tag': tags,
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`v:${name}`, [value]])),
  }),
  extras: { 'o:sending-ip-pool': ['pool-of-mailgun'], 'o:tracking': ['no'] },
};

export const MAILGUN_STAGES: readonly Stage[] = [
  httpStage({
    ...API,
    name: 'mailgun',
    transport: (baseUrl) => new MailgunTransport({ key: KEY, domain: DOMAIN, baseUrl }),
    read: readMime,
  }),
  httpStage({
    ...API,
    name: 'mailgun in fields',
    transport: (baseUrl) => new MailgunTransport({ key: KEY, domain: DOMAIN, baseUrl, format: 'fields' }),
    read: readFields,
  }),
  smtpStage({
    name: 'mailgun over SMTP',
    provider: 'mailgun',
    ours: true,
    server: { auth: LOGIN },
    headers: /^x-mailgun-/,
    transport: (options) => new MailgunSmtpTransport({ ...options, ...LOGIN, domain: DOMAIN }),
    own: ({ tags, metadata }) => ({
      'x-mailgun-tag': tags,
      'x-mailgun-variables': expect.toSatisfy((json: string) => isDeepStrictEqual(JSON.parse(json), metadata)),
    }),
    extras: { 'x-mailgun-sending-ip-pool': 'pool-of-mailgun', 'x-mailgun-track': 'no' },
  }),
];

/** https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages */
function answer({ body }: ReceivedRequest): HttpReply {
  // It does not say which one.
  const misfit = new RegExp(String.raw`name="(?:to|cc|bcc)"\r\n\r\n[^\r]*?${MISFIT.source}`).test(body.toString());
  if (misfit)
    return { status: 400, json: { message: 'to parameter is not a valid address. please check documentation' } };
  return { json: { id: `<20261123.1@${DOMAIN}>`, message: 'Queued. Thank you.' } };
}

async function readMime(request: ReceivedRequest): Promise<ArrivedMail> {
  const { to = [], message, ...own } = await fieldsOf(request);
  const raw = Buffer.from(await (message![0] as File).arrayBuffer());
  const arrived = await arrivedMime(raw, to as string[]);
  return { ...arrived, own, wire: arrived.wire + JSON.stringify(own) };
}

/** The message that Mailgun makes of its fields. */
async function readFields(request: ReceivedRequest): Promise<ArrivedMail> {
  const fields = await fieldsOf(request);
  const starting = (prefix: string) =>
    Object.entries(fields)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, values]) => [name, values as string[]] as const);
  const addresses = (name: string): MailAddress[] => ((fields[name] ?? []) as string[]).flatMap(parsed);
  const {
    'message-id': messageId,
    'reply-to': replyTo,
    ...headers
  } = lowerCased(starting('h:').map(([name, [value]]) => [name.slice(2), value!]));
  const { bcc: _bcc, ...seen } = fields;
  return {
    recipients: ['to', 'cc', 'bcc']
      .flatMap(addresses)
      .map(({ address }) => address)
      .toSorted(),
    from: addresses('from')[0],
    to: addresses('to'),
    cc: addresses('cc'),
    replyTo: parsed(replyTo),
    subject: String(fields['subject']),
    text: arrivedText(fields['text']?.join()),
    html: arrivedText(fields['html']?.join()),
    attachments: sortedParts([
      ...(await Promise.all((fields['attachment'] ?? []).map((file) => part(file, 'name')))),
      // An inline part is found by its file name.
      ...(await Promise.all((fields['inline'] ?? []).map((file) => part(file, 'cid')))),
    ]),
    headers,
    messageId,
    own: Object.fromEntries([...starting('o:'), ...starting('v:')]),
    seen: JSON.stringify(seen),
    wire: request.body.toString(),
  };
}

type Fields = Partial<Record<string, (string | File)[]>>;

async function fieldsOf(request: ReceivedRequest): Promise<Fields> {
  const form = await request.form();
  return Object.fromEntries([...new Set(form.keys())].map((name) => [name, form.getAll(name)]));
}

async function part(field: string | File, called: 'name' | 'cid'): Promise<ArrivedPart> {
  const file = field as File;
  const content = Buffer.from(await file.arrayBuffer()).toString('base64');
  return { [called]: file.name, type: file.type, content };
}

function parsed(text: string | undefined): MailAddress[] {
  return addressparser(text ?? '', { flatten: true }).map(({ name, address }) =>
    name ? { name, address } : { address },
  );
}
