import { domainToASCII } from 'node:url';
import { simpleParser } from 'mailparser';
import addressparser from 'nodemailer/lib/addressparser';

/** A message as its recipient sees it, however it came to the provider. */
export interface ReceivedMessage {
  from: string[];
  to: string[];
  cc: string[];
  replyTo: string[];
  subject: string;
  text: string;
  html: string;
  /** By content id, else by name: `logo image/png AQID`. */
  attachments: string[];
  campaign: string | undefined;
}

export async function messageOfMime(raw: Uint8Array | string): Promise<ReceivedMessage> {
  const mail = await simpleParser(Buffer.from(raw as Uint8Array), { skipImageLinks: true });
  const list = (field: 'from' | 'to' | 'cc' | 'replyTo'): string[] =>
    [mail[field] ?? []]
      .flat()
      .flatMap(({ value }) => value.map(({ name, address = '' }) => `${name} <${ascii(address)}>`));
  return {
    from: list('from'),
    to: list('to'),
    cc: list('cc'),
    replyTo: list('replyTo'),
    subject: mail.subject ?? '',
    text: mail.text?.trim() ?? '',
    html: String(mail.html).trim(),
    attachments: mail.attachments
      .map(
        ({ cid, filename, contentType, content }) => `${cid ?? filename} ${contentType} ${content.toString('base64')}`,
      )
      .toSorted(),
    campaign: decoded(mail.headers.get('x-campaign') as string | undefined),
  };
}

/** mailparser and smtp-server show a domain as people write it. */
export function ascii(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at + 1) + domainToASCII(address.slice(at + 1));
}

/** RFC 2047, which mailparser undoes in the headers only that it knows. */
function decoded(value: string | undefined): string | undefined {
  return value?.replace(/=\?utf-8\?b\?([^?]*)\?=/gi, (_, text: string) => Buffer.from(text, 'base64').toString());
}

/** `"Doe, Ada" <ada@x.test>, bob@x.test` as a provider reads it. */
export function addressesOf(...lists: (string | undefined)[]): string[] {
  return lists.flatMap((list) => addressparser(list ?? '').map(({ name, address }) => `${name} <${address}>`));
}
