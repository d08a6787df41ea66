import type { MailTransport, SmtpTransportOptions } from '../../../lib/index.js';
import type { ArrivedMail, MessageSeen } from './arrived-mail.js';

/** A provider on loopback, with the real transport in front of it. */
export interface Stage {
  /** The transport's name in the configuration. */
  readonly name: string;
  /** Whose extras (`provider: { postmark: { ... } }`) it takes. */
  readonly provider?: string;
  /** What the provider has fields of its own for, as they must come for a mail with these. */
  own(mail: OwnFields): Record<string, unknown>;
  /** What {@link EXTRAS} must come to, beside that. */
  readonly extras?: Readonly<Record<string, unknown>>;
  /** What the transport cannot carry and its `capabilities` have no word for. */
  readonly lacks?: readonly ('replyTo' | 'inline' | 'bcc')[];
  /** How a message must arrive where that is not as it was sent: several, for a provider with a message for each recipient. */
  arrives?(sent: MessageSeen): MessageSeen[];
  /** Whether the provider gives a message an id that the relay keeps. */
  readonly givesId: boolean;
  /** Where the transport is one of ours over SMTP: another one, to nowhere. */
  create?(options: SmtpPlace & Partial<SmtpTransportOptions>): MailTransport;
  start(options?: StageOptions): Promise<RunningStage>;
}

export interface StageOptions {
  /** Of an SMTP server. Default `true`. */
  smtputf8?: boolean;
  /** For our own transports over SMTP. */
  smtp?: Partial<SmtpTransportOptions>;
}

export type SmtpPlace = Pick<SmtpTransportOptions, 'host' | 'port' | 'tlsOptions'>;

export interface RunningStage {
  readonly transport: MailTransport;
  /** What has come since the last call. */
  take(): Promise<ArrivedMail[]>;
  close(): Promise<void>;
}

/** What providers have fields of their own for. */
export interface OwnFields {
  readonly id: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Something for each of the providers, each with a word that stands nowhere else. */
export const EXTRAS = {
  postmark: { messageStream: 'stream-of-postmark', trackOpens: true },
  mailgun: { sendingIpPool: 'pool-of-mailgun', tracking: false },
  ses: { configurationSet: 'set-of-ses', tags: { team: 'tag-of-ses' } },
  sendstreak: { variables: { season: 'variable-of-sendstreak' } },
  acme: { word: 'word-of-acme' },
};

/** Hands out each arrival once. */
export function onlyNew<T>(all: readonly T[], read: (one: T) => Promise<ArrivedMail>): RunningStage['take'] {
  let taken = 0;
  return () => {
    const fresh = all.slice(taken);
    taken = all.length;
    return Promise.all(fresh.map(read));
  };
}
