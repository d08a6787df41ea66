import type { SafeHtml } from './html.js';
import type { MailAddress } from './mail-message.interface.js';
import type { AttachmentInput, MailOptions, Recipients } from './mail-options.interface.js';

/** For whom a {@link Mailable} renders. */
export interface MailRenderContext {
  readonly locale?: string;
  readonly to: readonly MailAddress[];
  readonly tenant?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the recipient can unsubscribe, for a mail that carries it. Templates know it without being given it. */
  readonly unsubscribeUrl?: string;
  /** Aborted when the worker shuts down. */
  readonly signal: AbortSignal;
}

/** What a {@link Mailable} gives: a template and its context, or the words themselves. */
export interface MailContent {
  subject?: string;
  html?: string | SafeHtml;
  text?: string;
  template?: string;
  context?: object;
  attachments?: readonly AttachmentInput[];
  headers?: Record<string, string>;
}

/**
 * An injectable mail, rendered once, in the worker. `null` cancels the mail (the order was cancelled meanwhile).
 * What it throws is transient: the mail is deferred. Same shape as `@nestjs/mail`'s.
 */
export interface Mailable<TData = void> {
  render(data: TData, context: MailRenderContext): MailContent | null | Promise<MailContent | null>;
}

/** The data that a mail class renders from. */
export type MailData<M> = M extends { render(): unknown }
  ? void
  : M extends { render(data: infer D, ...rest: never[]): unknown }
    ? D
    : never;

/** `data` where the mail takes some, and not where it does not. */
export type DataOf<D> = [D] extends [void] ? { data?: undefined } : { data: D };

export type MailableOptions<M> = Recipients & MailOptions & DataOf<MailData<M>>;

/** Anything but a class, a string, a promise or an array. */
export type MailInstance<M> = M extends abstract new (...args: never[]) => unknown
  ? never
  : M extends string | Promise<unknown> | readonly unknown[]
    ? never
    : M;
