import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { instanceOf } from '../instance-of.js';
import { MailMessageError } from '../errors/mail-message.error.js';
import { UnsupportedFeatureError } from '../errors/unsupported-feature.error.js';
import type { MailTransport, TransportCapabilities } from '../transport/mail-transport.js';
import type { NamedTransport } from './attempt.js';

/** What a mail asks of a transport. */
export interface MailDemands {
  recipients: number;
  cc: number;
  tags: number;
  metadata: number;
  headers: number;
  attachments: number;
  /** Of the attachments and bodies, before encoding. */
  bytes: number;
}

/** The transports of a relay by name, and the one that mails take that name none. */
export class TransportSet {
  readonly #configured: ReadonlyMap<string, MailTransport | Type<MailTransport>>;
  readonly #transports = new Map<string, MailTransport>();
  readonly #route: string;

  constructor(configured: ReadonlyMap<string, MailTransport | Type<MailTransport>>, route: string) {
    this.#configured = configured;
    this.#route = route;
    for (const [name, transport] of configured)
      if (typeof transport !== 'function') this.#transports.set(name, transport);
  }

  /** Makes the transports that are given as classes: the application's own provider, or a new one with what it injects. */
  async open(modules: ModuleRef): Promise<void> {
    for (const [name, type] of this.#configured) {
      if (typeof type === 'function') this.#transports.set(name, await instanceOf(type, modules));
    }
  }

  get root(): MailTransport {
    return this.#transports.get(this.#route)!;
  }

  /** The transport that a mail goes to; `undefined` when it names one that is not configured here. */
  pick(name: string | undefined): NamedTransport | undefined {
    const chosen = name ?? this.#route;
    const transport = this.#transports.get(chosen);
    return transport && { name: chosen, transport };
  }

  /**
   * Refuses what the mail's transport cannot carry, before anything is queued.
   *
   * @throws UnsupportedFeatureError that names the transports that could; MailMessageError for an unknown transport
   */
  check(name: string | undefined, demands: MailDemands): void {
    const picked = this.pick(name);
    if (!picked)
      throw new MailMessageError(
        'transport',
        `there is no transport ${JSON.stringify(name)}; configured are ${[...this.#transports.keys()].join(', ')}`,
      );
    const lacking = lacks(picked.transport.capabilities, demands);
    if (!lacking) return;
    const able = [...this.#transports]
      .filter(([, other]) => !lacks(other.capabilities, demands))
      .map(([other]) => other);
    const mend = able.length
      ? `transports that can: ${able.join(', ')} (option \`transport\`)`
      : 'no configured transport can';
    throw new UnsupportedFeatureError(
      lacking.feature,
      picked.name,
      `The transport ${picked.name} ${lacking.why}; ${mend}`,
    );
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#transports.values()].map((transport) => transport.close?.()));
  }
}

function lacks(
  capabilities: TransportCapabilities | undefined,
  demands: MailDemands,
): { feature: string; why: string } | undefined {
  if (!capabilities) return undefined;
  for (const feature of FLAGS) {
    if (capabilities[feature] === false && demands[feature] > 0) return { feature, why: `carries no ${feature}` };
  }
  for (const feature of LIMITS) {
    const limit = capabilities[feature];
    if (typeof limit === 'number' && demands[feature] > limit)
      return { feature, why: `takes ${limit} ${feature} at most, this mail has ${demands[feature]}` };
  }
  return undefined;
}

const FLAGS = ['cc', 'tags', 'metadata', 'headers', 'attachments'] as const;
const LIMITS = ['recipients', 'tags', 'bytes'] as const;
