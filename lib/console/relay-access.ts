import type { DiscoveryService, ModuleRef } from '@nestjs/core';
import type { TransportSet } from '../delivery/transport-set.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { MailHistory } from '../history/mail-history.js';
import type { MailRegistry } from '../mail-registry.js';
import type { MailService } from '../mail.service.js';
import type { MailQueue } from '../queue/mail-queue.interface.js';
import type { OpenedQueue } from '../queue/open-mail-queue.js';
import type { RelayConfiguration } from '../relay-configuration.js';
import type { RelayRuntime } from '../relay.runtime.js';
import { DEFAULT_RELAY, relayPart } from '../relay.tokens.js';
import type { OpenedTemplates } from '../template/open-templates.js';
import { ConsoleRejectedError } from './http/console-rejected.error.js';

/** The parts of one relay that the console shows. */
export interface RelayAccess {
  readonly name: string;
  readonly configuration: RelayConfiguration;
  readonly runtime: RelayRuntime;
  readonly mail: MailService;
  readonly queue: MailQueue;
  readonly templates: OpenedTemplates;
  readonly transports: TransportSet;
  readonly mails: MailRegistry;
  readonly history: MailHistory;
}

/** The relays of the application by their names. */
export class RelayAccesses {
  readonly names: readonly string[];
  readonly #modules: ModuleRef;
  readonly #opened = new Map<string, RelayAccess>();
  readonly #first: string;

  /** @param first the one to show when nobody says which @throws RelayConfigurationError */
  constructor(modules: ModuleRef, discovery: DiscoveryService, first: string | undefined) {
    this.#modules = modules;
    const tokens = discovery.getProviders().map(({ token }) => (typeof token === 'string' ? token : ''));
    const names = new Set(tokens.flatMap((token) => RUNTIME.exec(token)?.[1] ?? []));
    this.names = [...names].sort((a, b) => (a === DEFAULT_RELAY ? -1 : b === DEFAULT_RELAY ? 1 : a < b ? -1 : 1));
    if (this.names.length === 0)
      throw new RelayConfigurationError('console', 'has no relay to show: import RelayModule.forRoot() too');
    if (first !== undefined && !names.has(first))
      throw new RelayConfigurationError(
        'console.relay',
        `there is no relay ${JSON.stringify(first)}; there are ${this.names.join(', ')}`,
      );
    this.#first = first ?? this.names[0]!;
  }

  /** @throws ConsoleRejectedError */
  get(name: string | null): RelayAccess {
    const wanted = name ?? this.#first;
    if (!this.names.includes(wanted)) throw new ConsoleRejectedError(404, 'There is no relay of that name', 'relay');
    let access = this.#opened.get(wanted);
    if (!access) this.#opened.set(wanted, (access = this.#open(wanted)));
    return access;
  }

  #open(name: string): RelayAccess {
    const part = <T>(of: Parameters<typeof relayPart>[0]): T =>
      this.#modules.get<T>(relayPart(of, name) as string, { strict: false });
    const runtime = part<RelayRuntime>('runtime');
    const { mailQueue: queue } = part<OpenedQueue>('queue');
    return {
      name,
      runtime,
      queue,
      mail: runtime.service,
      configuration: part('configuration'),
      templates: part('templates'),
      transports: part('transports'),
      mails: part('mails'),
      history: new MailHistory(queue.history, queue.store),
    };
  }
}

const RUNTIME = /^MailRelay\((.+)\)\.runtime$/;
