import { PassThrough } from 'node:stream';
import { Logger } from '@nestjs/common';
import Mail, { type MailMessage as NodemailerMail, type Transport } from 'nodemailer/lib/mailer';
import { MailError } from '../errors/mail.error.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import type { AdapterOptions } from './adapter-options.interface.js';
import { amended } from './foreign-error.js';
import { MailTransport, type SendContext, type TransportCapabilities, type TransportResult } from './mail-transport.js';
import { nodemailerMail } from './nodemailer-mail.js';
import { allRefused, nodemailerFailure, nodemailerResult, type Progress } from './nodemailer-outcome.js';

/** A transport plugin for nodemailer: what its `createTransport` takes beside options. */
export interface NodemailerPlugin {
  readonly name: string;
  readonly version: string;
  send(mail: never, callback: never): void;
  verify?(...args: never[]): unknown;
  close?(...args: never[]): unknown;
}

/**
 * Sends with a transport plugin for nodemailer.
 *
 * @example
 * transport: fromNodemailer(new SESTransport({ SES: { sesClient, SendEmailCommand } }))
 *
 * @throws RelayConfigurationError for what is no plugin
 */
export function fromNodemailer(plugin: NodemailerPlugin, options: AdapterOptions = {}): NodemailerTransport {
  return new NodemailerTransport(plugin, options);
}

/**
 * Any transport plugin for nodemailer as a transport of the relay. It gets the message as bytes (`mail.message`) and as fields
 * (`mail.data`, `mail.normalize()`), for the recipients of this attempt only.
 *
 * A plugin does not say how far it had come when it fails. An SMTP reply and an HTTP status count as what they mean. Another failure is
 * `ambiguous`, so that the mail is not handed to another transport, unless its code can only come before sending, or the plugin had begun
 * to read the message and was not at its end.
 */
export class NodemailerTransport extends MailTransport {
  declare readonly capabilities?: TransportCapabilities;
  readonly #plugin: NodemailerPlugin;
  readonly #classify: AdapterOptions['classify'];
  readonly #mailer: Mail;
  readonly #progress = new WeakMap<object, Progress>();

  /** @throws RelayConfigurationError for what is no plugin */
  constructor(plugin: NodemailerPlugin, { capabilities, classify }: AdapterOptions = {}) {
    super();
    checkPlugin(plugin);
    if (capabilities) this.capabilities = capabilities;
    this.#plugin = plugin;
    this.#classify = classify;
    this.#mailer = new Mail(plugin as unknown as Transport);
    this.#mailer.use('stream', (mail, done) => {
      this.#watch(mail);
      done();
    });
    // An error between two mails would end the process without a listener.
    const logger = new Logger(NodemailerTransport.name);
    this.#mailer.on('error', (error: Error) => logger.warn(`${plugin.name}: ${error.message}`));
    if (typeof plugin.verify === 'function') this.verify = () => this.#verify();
  }

  /** @throws MailError */
  async send(message: MailMessage, { signal }: SendContext): Promise<TransportResult> {
    const { name } = this.#plugin;
    const { to } = message.envelope;
    const mail = await nodemailerMail(message);
    const progress: Progress = { stage: 'waiting' };
    this.#progress.set(mail.raw, progress);
    const stop = new AbortController();
    const abort = (): void => {
      // Once the plugin has all of the message, its answer is waited for.
      if (progress.stage !== 'read') stop.abort(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    let info: unknown;
    try {
      info = await this.#mailer.sendMail({ ...mail, signal: stop.signal });
    } catch (error) {
      if (error instanceof MailError) throw error;
      const result = allRefused(name, to, error);
      if (result) return result;
      throw amended(nodemailerFailure(name, error, progress), this.#classify?.(error));
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return nodemailerResult(name, to, message.messageId, info);
  }

  override async close(): Promise<void> {
    await this.#plugin.close?.();
  }

  override toString(): string {
    return `nodemailer:${this.#plugin.name}`;
  }

  /** Notes how far the plugin reads the message, and takes the bytes out of what it sees as fields. */
  #watch({ data, message }: NodemailerMail): void {
    const progress = this.#progress.get(data.raw as object) ?? { stage: 'waiting' };
    delete data.raw;
    progress.stage = 'given';
    message?.processFunc((input) => {
      progress.stage = 'reading';
      const output = new PassThrough();
      input.once('error', (error) => output.destroy(error));
      output.once('end', () => (progress.stage = 'read'));
      return input.pipe(output);
    });
  }

  /** Plugins call back, return a promise, or both. */
  async #verify(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        const returned = this.#mailer.verify((error: Error | null) => (error ? reject(error) : resolve())) as unknown;
        if (returned instanceof Promise) returned.then(() => resolve(), reject);
      });
    } catch (error) {
      throw amended(nodemailerFailure(this.#plugin.name, error, { stage: 'waiting' }), this.#classify?.(error));
    }
  }
}

function checkPlugin(plugin: unknown): asserts plugin is NodemailerPlugin {
  const given = (plugin ?? {}) as { send?: unknown; sendMail?: unknown; name?: unknown };
  if (typeof given.sendMail === 'function') {
    throw new RelayConfigurationError(
      'fromNodemailer',
      'got a transporter; give it the plugin, which is what createTransport takes',
    );
  }
  if (typeof given.send !== 'function' || typeof given.name !== 'string') {
    throw new RelayConfigurationError(
      'fromNodemailer',
      'needs a transport plugin: an object with name, version and send(mail, callback)',
    );
  }
}
