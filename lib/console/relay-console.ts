import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DiscoveryService, ModuleRef } from '@nestjs/core';
import { CONTENT_ROUTES } from './api/contents.js';
import { domainRoutes } from './api/domains.js';
import { inboxRoutes } from './api/inbox.js';
import { linkRoutes } from './api/links.js';
import { MAIL_ROUTES } from './api/mails.js';
import { PREVIEW_ROUTES } from './api/previews.js';
import { QUEUE_ROUTES } from './api/queue.js';
import { sessionRoutes } from './api/session.js';
import { STATISTICS_ROUTES } from './api/statistics.js';
import { SUPPRESSION_ROUTES } from './api/suppressions.js';
import { ConsoleEndpoint } from './http/console-endpoint.js';
import { ApplicationGuard, LoopbackGuard } from './http/console-guard.js';
import type { ConsoleRoutes } from './http/console-routes.js';
import { PageFiles } from './http/page-files.js';
import { LiveFeed } from './live/live-feed.js';
import type { ConsoleSettings } from './read-console-options.js';
import { type RelayAccess, RelayAccesses } from './relay-access.js';

/** The console of an application: all of its relays, for whoever may see them. */
export class RelayConsole {
  readonly #modules: ModuleRef;
  readonly #discovery: DiscoveryService;
  readonly #settings: ConsoleSettings;
  readonly #endpoint: ConsoleEndpoint;
  readonly #feeds = new Map<string, LiveFeed>();
  #closed = false;
  #relays?: RelayAccesses;

  constructor(settings: ConsoleSettings, modules: ModuleRef, discovery: DiscoveryService) {
    this.#settings = settings;
    this.#modules = modules;
    this.#discovery = discovery;
    const page = new PageFiles();
    this.#endpoint = new ConsoleEndpoint({
      guard: settings.authorize ? new ApplicationGuard(settings.authorize, modules) : new LoopbackGuard(),
      routes: this.#routes(),
      page: (request, rest) => page.answer(request, rest),
      readonly: settings.readonly,
      relay: (name) => this.#all.get(name),
    });
  }

  /** @throws RelayConfigurationError when there is no relay to show */
  open(): void {
    void this.#all;
  }

  handle(request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
    return this.#endpoint.handle(request, response, rest);
  }

  close(): void {
    this.#closed = true;
    for (const feed of this.#feeds.values()) feed.close();
  }

  get #all(): RelayAccesses {
    return (this.#relays ??= new RelayAccesses(this.#modules, this.#discovery, this.#settings.relay));
  }

  #routes(): ConsoleRoutes {
    return {
      ...sessionRoutes({
        readonly: this.#settings.readonly,
        relays: () => this.#all.names,
      }),
      ...MAIL_ROUTES,
      ...CONTENT_ROUTES,
      ...QUEUE_ROUTES,
      ...STATISTICS_ROUTES,
      ...SUPPRESSION_ROUTES,
      ...PREVIEW_ROUTES,
      ...domainRoutes(this.#modules),
      ...linkRoutes({ privateAddresses: this.#settings.privateLinks }),
      ...inboxRoutes(),
      'GET events': async (relay, { raw }, response) => {
        // Who asks for the header only would never be seen to leave.
        if (raw.method === 'HEAD') return { headers: EVENTS, body: '' };
        const after = raw.headers['last-event-id'];
        await this.#feed(relay).add(response, typeof after === 'string' && after !== '' ? after : undefined);
        return undefined;
      },
    };
  }

  #feed(relay: RelayAccess): LiveFeed {
    let feed = this.#feeds.get(relay.name);
    if (!feed) this.#feeds.set(relay.name, (feed = new LiveFeed(relay)));
    if (this.#closed) feed.close();
    return feed;
  }
}

const EVENTS = { 'Content-Type': 'text/event-stream; charset=utf-8' };
