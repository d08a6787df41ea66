import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { ImapFlow } from 'imapflow';
import { QueueUnavailableError } from '../../errors/queue-unavailable.error.js';
import type { MailFeedback } from '../mail-feedback.js';
import { type BounceMailboxOptions, type BounceMailboxSettings, readMailboxOptions } from './bounce-mailbox-options.js';
import { loadImap } from './load-imap.js';

/**
 * Reads the bounces, complaints and auto-replies of an IMAP folder, as they come, and hands them to {@link MailFeedback}. Mails that are none
 * of these stay there as they are. Several processes may watch one folder: each report counts once.
 *
 * A server that is away is asked again, from a second to five minutes later; a report that could not be recorded stays unread.
 */
export class BounceMailbox implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #settings: BounceMailboxSettings;
  readonly #feedback: Pick<MailFeedback, 'ingest'>;
  readonly #logger = new Logger('MailRelay');
  readonly #stop = new AbortController();
  #running?: Promise<void>;
  /** The last message read, so that ordinary mails are not read again. */
  #read: { validity: bigint; uid: number } = { validity: -1n, uid: 0 };

  /** @throws RelayConfigurationError that names the option */
  constructor(options: BounceMailboxOptions, feedback: Pick<MailFeedback, 'ingest'>) {
    this.#settings = readMailboxOptions(options);
    this.#feedback = feedback;
  }

  /** Begins to watch. @throws RelayConfigurationError when imapflow is not installed */
  async start(): Promise<void> {
    const { ImapFlow: Client } = await loadImap();
    const { host, port, secure, tls } = this.#settings;
    const options = { host, port, secure, logger: false as const, autoIdleDelay: IDLE_AFTER, ...(tls && { tls }) };
    const connect = async () => new Client({ ...options, auth: await this.#login() });
    this.#running ??= this.#run(connect);
  }

  /** Ends after the message in hand. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** @internal */
  onApplicationBootstrap(): Promise<void> {
    return this.start();
  }

  /** Before the queue closes. @internal */
  beforeApplicationShutdown(): Promise<void> {
    return this.close();
  }

  async #run(connect: () => Promise<ImapFlow>): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#session(await connect(), () => (failures = 0));
      } catch (error) {
        if (failures++ === 0 && !signal.aborted) this.#warn(error as Error);
      }
      const pause = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
      await setTimeout(pause, undefined, { signal }).catch(() => {});
    }
  }

  /** One connection, until it ends. */
  async #session(client: ImapFlow, works: () => void): Promise<void> {
    const { signal } = this.#stop;
    // What it says comes from the call that fails, too.
    client.on('error', () => {});
    const ending = new AbortController();
    client.once('close', () => ending.abort());
    const stopped = AbortSignal.any([signal, ending.signal]);
    try {
      await client.connect();
      const { uidValidity } = await client.mailboxOpen(this.#settings.folder);
      if (uidValidity !== this.#read.validity) this.#read = { validity: uidValidity, uid: 0 };
      while (!stopped.aborted) {
        const news = once(client, 'exists', { signal: stopped }).catch(() => {});
        if (await this.#readNew(client, stopped)) works();
        await Promise.race([news, setTimeout(this.#settings.poll, undefined, { signal: stopped }).catch(() => {})]);
      }
    } finally {
      await Promise.race([client.logout().catch(() => {}), setTimeout(LOGOUT, undefined, { ref: false })]);
      client.close();
    }
  }

  async #readNew(client: ImapFlow, stopped: AbortSignal): Promise<boolean> {
    const { uid: last } = this.#read;
    const found = (await client.search({ seen: false, uid: `${last + 1}:*` }, { uid: true })) || [];
    // `n:*` is at least the last message, also where that is older (RFC 9051 section 9).
    for (const uid of found.filter((one) => one > last).toSorted((a, b) => a - b)) {
      if (stopped.aborted) return false;
      const message = await client.fetchOne(
        String(uid),
        { source: { start: 0, maxLength: MOST_BYTES } },
        { uid: true },
      );
      if (message && message.source)
        await this.#take(client, uid, message.source).catch((error: Error) => this.#leave(error, client));
      this.#read.uid = uid;
    }
    return true;
  }

  async #take(client: ImapFlow, uid: number, source: Buffer): Promise<void> {
    const { report } = await this.#feedback.ingest(source);
    if (report.kind === 'none') return;
    const { done } = this.#settings;
    if (done === 'delete') await client.messageDelete(String(uid), { uid: true });
    else if (done === 'seen') await client.messageFlagsAdd(String(uid), ['\\Seen'], { uid: true });
    else if (!(await client.messageMove(String(uid), done.move, { uid: true })))
      throw new Error(`the folder ${done.move} takes no messages; make it, or name another as bounceMailbox.done.move`);
  }

  /** One message that is trouble holds up no other: it stays as it is. A backend or a server that is away is trouble for all. */
  #leave(error: Error, client: ImapFlow): void {
    if (error instanceof QueueUnavailableError || !client.usable) throw error;
    this.#logger.warn(`A message in the bounce mailbox ${this.#settings.folder} was left as it is: ${error.message}`);
  }

  async #login(): Promise<{ user: string; pass?: string; accessToken?: string }> {
    const { auth } = this.#settings;
    if ('pass' in auth) return { user: auth.user, pass: auth.pass };
    const { accessToken } = auth;
    return { user: auth.user, accessToken: typeof accessToken === 'string' ? accessToken : await accessToken() };
  }

  #warn(error: Error & { authenticationFailed?: boolean; responseText?: string }): void {
    const { host, port, folder } = this.#settings;
    const why = error.authenticationFailed
      ? `the server refuses the login (${error.responseText ?? 'no reason given'}): look at bounceMailbox.auth`
      : (error.responseText ?? error.message);
    this.#logger.warn(`The bounce mailbox ${folder} on ${host}:${port} cannot be read, and is tried again: ${why}`);
  }
}

/** Reports are short; the mail that they return may be long. */
const MOST_BYTES = 1024 * 1024;

/** Milliseconds. */
const IDLE_AFTER = 200;
const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 300_000;
const LOGOUT = 2_000;
