import { type BeforeApplicationShutdown, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { isLoopback } from '../../dns/ip-address.js';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { instanceOf } from '../../instance-of.js';
import type { SharedStore } from '../../shared-store.interface.js';
import { ConnectionSlots } from './connection-slots.js';
import { loadSmtpServer } from './load-smtp-server.js';
import { MessageIntake, type RawRelay } from './message-intake.js';
import { MessageQuota } from './message-quota.js';
import { type ListenSettings, readSubmissionOptions, type SubmissionSettings } from './read-submission-options.js';
import type { RelaySubmissionOptions, SubmissionTls } from './relay-submission-options.interface.js';
import { SubmissionDesk } from './submission-desk.js';
import { SubmissionServer } from './submission-server.js';

/** Where mail is taken. */
export interface SubmissionAddress {
  readonly port: number;
  readonly host: string;
  readonly tls: ListenSettings['tls'];
}

/** What submission needs of the relay and the application. */
export interface SubmissionParts {
  readonly modules: ModuleRef;
  relay(): RawRelay;
  store(): SharedStore;
}

/** Takes mail over SMTP (RFC 6409), and queues it in the relay, from the application's start to its shutdown. */
export class RelaySubmission implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #settings: SubmissionSettings;
  readonly #parts: SubmissionParts;
  readonly #logger = new Logger('MailRelay');
  #servers: SubmissionServer[] = [];
  #renewal?: NodeJS.Timeout;

  /** @throws RelayConfigurationError that names the option */
  constructor(options: RelaySubmissionOptions, parts: SubmissionParts) {
    this.#settings = readSubmissionOptions(options);
    this.#parts = parts;
  }

  /** Where it listens, in the order of `listen`; empty while it does not. */
  get addresses(): readonly SubmissionAddress[] {
    return this.#servers.map(({ address }) => address);
  }

  /** Asks `tls` again, and uses its certificate for new connections. @throws RelayConfigurationError, and the old one stays */
  async renewTls(): Promise<void> {
    const tls = await this.#tls();
    for (const server of this.#servers) server.useTls(tls);
  }

  /** @internal */
  async onApplicationBootstrap(): Promise<void> {
    const library = await loadSmtpServer();
    const context = await this.#context();
    const tls = await this.#tls();
    try {
      for (const [index, listen] of this.#settings.listen.entries()) {
        const server = new SubmissionServer(library, listen, tls, context);
        await server.start(`submission.listen[${index}]`);
        this.#servers.push(server);
      }
    } catch (error) {
      await this.beforeApplicationShutdown();
      throw error;
    }
    if (this.#settings.renews) this.#renewal = setInterval(() => void this.#renew(), RENEWAL).unref();
    const where = this.addresses.map(({ host, port, tls }) => `${host}:${port} (${tls})`);
    this.#logger.log(`Mail is taken on ${where.join(', ')}`);
    this.#warnOfClearText();
  }

  /** Before the queue closes. @internal */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#renewal);
    const servers = this.#servers;
    this.#servers = [];
    await Promise.all(servers.map((server) => server.close(this.#settings.shutdownTimeout)));
  }

  async #context() {
    const { authenticator, maxConnections, maxConnectionsPerAddress } = this.#settings;
    const { modules, relay, store } = this.#parts;
    const quota = new MessageQuota(store());
    const desk = new SubmissionDesk(
      this.#settings,
      typeof authenticator === 'function' ? await instanceOf(authenticator, modules) : authenticator,
      new MessageIntake(relay(), quota, this.#settings),
      quota,
    );
    return { settings: this.#settings, desk, slots: new ConnectionSlots(maxConnections, maxConnectionsPerAddress) };
  }

  async #tls(): Promise<SubmissionTls | undefined> {
    try {
      return await this.#settings.tls?.();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new RelayConfigurationError('submission.tls', `the function threw: ${why}`, error);
    }
  }

  /** Of listeners that are open to others, none of whom can send. */
  #warnOfClearText(): void {
    const { authenticator, trusted } = this.#settings;
    if (authenticator === undefined || !trusted.isEmpty) return;
    for (const { host, port, tls } of this.addresses)
      if (tls === 'none' && !isLoopback(host))
        this.#logger.warn(
          `Nobody can log in at ${host}:${port} but from this machine, by its loopback: it is clear text. Give submission \`tls\`, or \`trusted\` networks`,
        );
  }

  async #renew(): Promise<void> {
    try {
      await this.renewTls();
    } catch (error) {
      this.#logger.warn(`The certificate stays as it is: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Milliseconds. */
const RENEWAL = 3_600_000;
