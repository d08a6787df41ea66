import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SmtpTransport as NestSmtpTransport } from '@nestjs/mail';
import { createTransport } from 'nodemailer';
import { onTestFinished } from 'vitest';
import {
  FileTransport,
  fromNestMail,
  fromNodemailer,
  GoogleWorkspaceTransport,
  MailgunSmtpTransport,
  MailgunTransport,
  type MailTransport,
  MemoryTransport,
  PostmarkSmtpTransport,
  PostmarkTransport,
  SendStreakTransport,
  SesSmtpTransport,
  SesTransport,
  SmtpTransport,
} from '../../lib/index.js';
import { startHttpServer } from '../support/http/start-http-server.js';
import { type ReceivedMail, startSmtpServer } from '../support/smtp/start-smtp-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { localhost } from '../support/tls/localhost.js';
import { addressesOf, ascii, messageOfMime, type ReceivedMessage } from './received-message.js';
import { KEY, SECRET, SesServer } from './ses-server.js';

/** What came, and whom it was for. */
export interface Arrival {
  readonly message: ReceivedMessage;
  readonly recipients: readonly string[];
  /** In the provider's own fields; left out where it has none. */
  readonly tags?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** All that came, as text. */
  readonly raw: string;
}

/** A transport, and the server that it talks to, which answers as the provider does. */
export interface Stage {
  readonly transport: MailTransport;
  arrivals(): Promise<Arrival[]>;
}

export interface StageMaker {
  readonly name: string;
  /** The provider has fields for tags and metadata. */
  readonly fields: boolean;
  start(options?: { smtputf8?: boolean }): Promise<Stage>;
}

type SmtpTarget = { host: string; port: number; tlsOptions: { ca: string } };

const LOGIN = { user: 'relay', pass: 'hunter2' };

/** Over SMTP to a server with TLS and AUTH. */
function overSmtp(
  name: string,
  create: (target: SmtpTarget) => MailTransport,
  fieldsOf?: (header: (name: string) => string | undefined, raw: string) => Pick<Arrival, 'tags' | 'metadata'>,
  auth = LOGIN,
): StageMaker {
  return {
    name,
    fields: fieldsOf !== undefined,
    async start({ smtputf8 = true } = {}) {
      const server = await startSmtpServer({ auth: { ...auth, optional: true }, smtputf8 });
      onTestFinished(() => server.close());
      const transport = create({ host: server.host, port: server.port, tlsOptions: { ca: localhost.cert } });
      const arrival = async (mail: ReceivedMail): Promise<Arrival> => {
        const raw = mail.raw.toString();
        const { headers } = await mail.parsed();
        const header = (key: string): string | undefined => headers.get(key) as string | undefined;
        return {
          message: await messageOfMime(mail.raw),
          recipients: mail.envelope.to.map(ascii),
          raw,
          ...fieldsOf?.(header, raw),
        };
      };
      return { transport, arrivals: () => Promise.all(server.mails.map(arrival)) };
    },
  };
}

const local = (name: string, start: StageMaker['start']): StageMaker => ({ name, fields: false, start });

export const STAGES: readonly StageMaker[] = [
  overSmtp('SMTP', (target) => new SmtpTransport({ ...target, auth: LOGIN })),
  overSmtp(
    'Google Workspace',
    (target) => new GoogleWorkspaceTransport({ ...target, mode: 'relay', name: 'acme.test' }),
  ),
  overSmtp(
    'SES over SMTP',
    (target) => new SesSmtpTransport({ ...target, auth: LOGIN }),
    (header) =>
      sesFields((header('x-ses-message-tags') ?? '').split(/,\s*/).map((tag) => tag.split('=') as [string, string])),
  ),
  overSmtp(
    'Postmark over SMTP',
    (target) => new PostmarkSmtpTransport({ ...target, token: 'token' }),
    (header) => ({ tags: [header('x-pm-tag')!], metadata: { plan: header('x-pm-metadata-plan')! } }),
    { user: 'token', pass: 'token' },
  ),
  overSmtp(
    'Mailgun over SMTP',
    (target) => new MailgunSmtpTransport({ ...target, user: LOGIN.user, pass: LOGIN.pass, domain: 'mg.acme.test' }),
    (header) => {
      const { plan } = JSON.parse(header('x-mailgun-variables') ?? '{}') as { plan: string };
      return { tags: [header('x-mailgun-tag')!], metadata: { plan } };
    },
    { ...LOGIN, user: `${LOGIN.user}@mg.acme.test` },
  ),
  overSmtp('a nodemailer plugin', ({ host, port }) =>
    fromNodemailer(
      (createTransport({ host, port, tls: { ca: localhost.cert } }) as unknown as { transporter: never }).transporter,
    ),
  ),
  overSmtp('a transport of @nestjs/mail', ({ host, port }) =>
    fromNestMail(new NestSmtpTransport({ host, port, startTls: 'never' }) as never),
  ),
  {
    name: 'SES',
    fields: true,
    async start() {
      const server = await SesServer.start();
      const credentials = { accessKeyId: KEY, secretAccessKey: SECRET };
      const transport = new SesTransport({ region: 'eu-west-1', credentials, baseUrl: server.url });
      const arrivals = (): Promise<Arrival[]> =>
        Promise.all(
          server.requests.map(async ({ raw, body }) => ({
            message: await messageOfMime(raw),
            recipients: body.Destination.ToAddresses,
            raw: raw.toString(),
            ...sesFields(body.EmailTags.map(({ Name, Value }) => [Name, Value])),
          })),
        );
      return { transport, arrivals };
    },
  },
  overHttp(
    'Postmark',
    { ErrorCode: 0, Message: 'OK', MessageID: 'p-1', To: 'x' },
    (baseUrl) => new PostmarkTransport({ token: 'token', baseUrl }),
    async (request) => {
      const body = request.json() as Record<string, never> & {
        Headers: { Name: string; Value: string }[];
        Attachments: { Name: string; Content: string; ContentType: string; ContentID?: string }[];
      };
      return {
        message: {
          from: addressesOf(body['From']),
          to: addressesOf(body['To']),
          cc: addressesOf(body['Cc']),
          replyTo: addressesOf(body['ReplyTo']),
          subject: body['Subject'],
          text: String(body['TextBody']).trim(),
          html: String(body['HtmlBody']).trim(),
          attachments: (body.Attachments ?? [])
            .map(
              ({ Name, Content, ContentType, ContentID }) => `${ContentID?.slice(4) ?? Name} ${ContentType} ${Content}`,
            )
            .toSorted(),
          campaign: body.Headers.find(({ Name }) => Name === 'X-Campaign')?.Value,
        },
        recipients: [body['To'], body['Cc'], body['Bcc']].flatMap((list) => bare(list)),
        tags: [body['Tag']],
        metadata: body['Metadata'],
        raw: JSON.stringify({ ...body, Bcc: undefined }),
      };
    },
  ),
  ...(['mime', 'fields'] as const).map((format) =>
    overHttp(
      `Mailgun, as ${format}`,
      { id: '<1@mg.acme.test>', message: 'Queued. Thank you.' },
      (baseUrl) => new MailgunTransport({ key: 'key', domain: 'mg.acme.test', baseUrl, format }),
      async (request) => {
        const form = await request.form();
        const all = (name: string): string[] => form.getAll(name).map(String);
        const files = async (name: string): Promise<string[]> =>
          Promise.all(
            form.getAll(name).map(async (file) => {
              const { name: title, type, ...rest } = file as File;
              void rest;
              return `${title} ${type} ${Buffer.from(await (file as File).arrayBuffer()).toString('base64')}`;
            }),
          );
        const whole = form.get('message') as File | null;
        const mime = whole && Buffer.from(await whole.arrayBuffer());
        const fields = {
          from: addressesOf(...all('from')),
          to: addressesOf(...all('to')),
          cc: addressesOf(...all('cc')),
          replyTo: addressesOf(...all('h:Reply-To')),
          subject: all('subject')[0]!,
          text: all('text')[0]?.trim() ?? '',
          html: all('html')[0]?.trim() ?? '',
          attachments: [...(await files('inline')), ...(await files('attachment'))].toSorted(),
          campaign: all('h:X-Campaign')[0],
        };
        return {
          message: mime ? await messageOfMime(mime) : fields,
          recipients: [...all('to'), ...all('cc'), ...all('bcc')].flatMap(bare),
          tags: all('o:tag'),
          metadata: { plan: all('v:plan')[0]! },
          raw: mime ? mime.toString() : JSON.stringify(fields),
        };
      },
    ),
  ),
  local('files', async () => {
    const dir = await temporaryFolder({});
    const arrivals = async (): Promise<Arrival[]> => {
      const names = (await readdir(dir)).filter((name) => name.endsWith('.eml')).toSorted();
      const raws = await Promise.all(names.map((name) => readFile(join(dir, name))));
      return Promise.all(
        raws.map(async (raw) => ({ message: await messageOfMime(raw), recipients: [], raw: raw.toString() })),
      );
    };
    return { transport: new FileTransport({ dir }), arrivals };
  }),
  local('memory', async () => {
    const transport = new MemoryTransport();
    const arrivals = (): Promise<Arrival[]> =>
      Promise.all(
        transport.messages.map(async (mail) => {
          const raw = await mail.raw();
          return { message: await messageOfMime(raw), recipients: mail.envelope.to, raw: Buffer.from(raw).toString() };
        }),
      );
    return { transport, arrivals };
  }),
];

/** SendStreak carries little; what it does carry is looked at by itself. */
export async function sendStreakStage(): Promise<{ transport: MailTransport; bodies(): Record<string, unknown>[] }> {
  const server = await startHttpServer({ json: {} });
  onTestFinished(() => server.close());
  const transport = new SendStreakTransport({ key: 'key', template: 'relay', baseUrl: server.url });
  return { transport, bodies: () => server.requests.map((request) => request.json() as Record<string, unknown>) };
}

type HttpRequest = Awaited<ReturnType<typeof startHttpServer>>['requests'][number];

function overHttp(
  name: string,
  answer: object,
  create: (baseUrl: string) => MailTransport,
  read: (request: HttpRequest) => Promise<Arrival>,
): StageMaker {
  return {
    name,
    fields: true,
    async start() {
      const server = await startHttpServer({ json: answer });
      onTestFinished(() => server.close());
      return { transport: create(server.url), arrivals: () => Promise.all(server.requests.map(read)) };
    },
  };
}

/** SES knows names and values: tags are `tag`, or numbered. */
function sesFields(pairs: readonly (readonly [string, string])[]): Pick<Arrival, 'tags' | 'metadata'> {
  const known = Object.fromEntries(pairs) as Record<string, string>;
  return {
    tags: pairs.filter(([name]) => name.startsWith('tag')).map(([, value]) => value),
    metadata: { plan: known['plan']! },
  };
}

function bare(list: string | undefined): string[] {
  return addressesOf(list).map((one) => /<(.*)>/.exec(one)![1]!);
}
