import { MailMessageError } from '../../errors/mail-message.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { FormField } from '../../transport/http/multipart-body.js';
import { type MailgunExtras, mailgunExtras } from './mailgun-extras.interface.js';

/** Where each extra goes: https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-smtp (and send-http). */
const PLACES: Readonly<
  Record<Exclude<keyof MailgunExtras, 'recipientVariables'>, { readonly field: string; readonly header: string }>
> = {
  tracking: { field: 'o:tracking', header: 'X-Mailgun-Track' },
  trackingClicks: { field: 'o:tracking-clicks', header: 'X-Mailgun-Track-Clicks' },
  trackingOpens: { field: 'o:tracking-opens', header: 'X-Mailgun-Track-Opens' },
  testMode: { field: 'o:testmode', header: 'X-Mailgun-Drop-Message' },
  dkim: { field: 'o:dkim', header: 'X-Mailgun-Dkim' },
  requireTls: { field: 'o:require-tls', header: 'X-Mailgun-Require-TLS' },
  skipVerification: { field: 'o:skip-verification', header: 'X-Mailgun-Skip-Verification' },
  sendingIp: { field: 'o:sending-ip', header: 'X-Mailgun-Sending-Ip' },
  sendingIpPool: { field: 'o:sending-ip-pool', header: 'X-Mailgun-Sending-Ip-Pool' },
  template: { field: 'template', header: 'X-Mailgun-Template-Name' },
  templateVersion: { field: 't:version', header: 'X-Mailgun-Template-Version' },
  templateVariables: { field: 't:variables', header: 'X-Mailgun-Template-Variables' },
};

/** Tags and extras as form fields. @throws MailMessageError */
export function sendingFields(message: MailMessage): FormField[] {
  const extras = mailgunExtras(message);
  return [
    ...tagsOf(message).map((tag): FormField => ['o:tag', tag]),
    ...given(extras).map((name): FormField => [PLACES[name].field, text(extras[name])]),
  ];
}

/** Metadata as form fields, which come back in events as `user-variables`. */
export function variableFields({ metadata }: MailMessage): FormField[] {
  return Object.entries(metadata).map(([name, value]): FormField => [`v:${name}`, value]);
}

/**
 * All of them as header fields, for SMTP.
 *
 * @throws MailMessageError
 */
export function sendingHeaders(message: MailMessage): Record<string, string | readonly string[]> {
  const extras = mailgunExtras(message);
  const { recipientVariables: own } = extras;
  return {
    'X-Mailgun-Tag': tagsOf(message),
    ...Object.fromEntries(given(extras).map((name) => [PLACES[name].header, text(extras[name])])),
    ...(Object.keys(message.metadata).length > 0 && { 'X-Mailgun-Variables': foldable(message.metadata) }),
    ...(own && {
      'X-Mailgun-Recipient-Variables': foldable(Object.fromEntries(message.envelope.to.map((to) => [to, own]))),
    }),
  };
}

function given(extras: MailgunExtras): (keyof typeof PLACES)[] {
  const names = Object.keys(PLACES) as (keyof typeof PLACES)[];
  return names.filter((name) => extras[name] !== undefined);
}

function text(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'object' ? foldable(value) : String(value);
}

/** JSON in ASCII, with a space after each comma, so that a header of it can be folded. */
function foldable(value: unknown): string {
  const spaced = JSON.stringify(value, null, 1).replace(/\n */g, ' ');
  return spaced.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/track-tagging */
function tagsOf({ tags }: MailMessage): readonly string[] {
  tags.forEach((tag, index) => {
    if (!/^[ -~]{1,128}$/.test(tag))
      throw new MailMessageError(`tags[${index}]`, 'Mailgun takes tags of up to 128 ASCII characters');
  });
  return tags;
}
