import type { Type } from '@nestjs/common';
import { type Duration, toMilliseconds } from '../duration.js';
import type { MailError } from '../errors/mail.error.js';
import { NO_SETTINGS } from '../delivery/flow/limit-settings.js';
import { type ConfiguredTransport, TransportSet } from '../delivery/transport-set.js';
import { mailNameOf } from '../mail/mail.decorator.js';
import type { MailBody, MailSnapshot } from '../mail/mail-snapshot.interface.js';
import { decodeValue } from '../mail/snapshot-value.js';
import { createMemoryMailQueue } from '../queue/memory-mail-queue.js';
import type { AddedMail, NewMail } from '../queue/mail-queue.interface.js';
import type { RelayConfiguration } from '../relay-configuration.js';
import { relayPart } from '../relay.tokens.js';
import { TenantTransports } from '../transport/tenant.transport.js';
import { FakeTransport, type Taker } from './fake.transport.js';
import { MailAssertionError } from './mail-assertion.error.js';
import type { Mailbox, MailQuery } from './mailbox.interface.js';
import type { SentMail } from './sent-mail.js';

/**
 * Replaces transports, queue and store of the application under test by in-memory ones; call it before `compile()`. Mails are composed,
 * rendered and retried as they are in production.
 *
 * @param builder what `Test.createTestingModule(...)` gave
 * @param name of the relay, where it has one
 *
 * @example
 * const builder = Test.createTestingModule({ imports: [AppModule] });
 * const mailbox = fakeMail(builder);
 * const app = await (await builder.compile()).init();
 * await app.get(SignupService).signup('ada@acme.test');
 * await mailbox.settled();
 * mailbox.assertSent(WelcomeMail, { to: 'ada@acme.test' });
 */
export function fakeMail(builder: object, name?: string): Mailbox {
  const mailbox = new FakeMailbox(name);
  const override = (part: Parameters<typeof relayPart>[0]) =>
    (builder as Builder).overrideProvider(relayPart(part, name));
  override('clock').useValue(() => mailbox.queue.now());
  override('queue').useValue({ mailQueue: mailbox.queue, bullQueue: NO_BULL_QUEUE });
  override('transports').useFactory({
    inject: [relayPart('configuration', name)],
    factory: (configuration: RelayConfiguration) => mailbox.transports(configuration),
  });
  return mailbox;
}

/** The part of `TestingModuleBuilder` that is needed, so that `@nestjs/testing` is not. */
interface Builder {
  overrideProvider(token: unknown): {
    useValue(value: unknown): unknown;
    useFactory(factory: { factory: (...args: never[]) => unknown; inject: unknown[] }): unknown;
  };
}

/** Stands where `@InjectQueue(RELAY_QUEUE)` would find BullMQ's queue. */
const NO_BULL_QUEUE = Object.freeze({ name: 'relay' });

class FakeMailbox implements Mailbox {
  readonly queue = createMemoryMailQueue();
  readonly mails: SentMail[] = [];
  readonly #queued: NewMail[] = [];
  readonly #name: string | undefined;
  #found = false;
  #failures: MailError[] = [];

  constructor(name: string | undefined) {
    this.#name = name;
    const { add, addMany } = this.queue;
    this.queue.add = async (mail) => this.#note([mail], [await add.call(this.queue, mail)])[0]!;
    this.queue.addMany = async (mails) => this.#note(mails, await addMany.call(this.queue, mails));
  }

  /** The configuration's transports by their names, with what they can carry, but none of them sends. */
  transports({ transports, route }: RelayConfiguration): TransportSet {
    this.#found = true;
    const names = transports.size > 0 ? [...transports.keys()] : ['default'];
    const take = {
      next: () => this.#failures.shift(),
      sent: (mail: SentMail) => this.mails.push(mail),
      now: () => this.queue.now(),
    };
    return new TransportSet(
      new Map(names.map((name) => [name, { source: fakeOf(take, transports.get(name)?.source), limits: NO_SETTINGS }])),
      route,
    );
  }

  assertSent(mail?: Type | MailQuery, query?: MailQuery): SentMail {
    this.#check();
    const wanted = wish(mail, query);
    const found = this.mails.find((sent) => fits(wanted, this.#factsOf(sent)));
    if (found) return found;
    throw new MailAssertionError(
      `No mail was sent ${wanted.text}. ${list(
        'Sent',
        this.mails.map((sent) => this.#factsOf(sent)),
      )}`,
    );
  }

  assertNotSent(mail?: Type | MailQuery, query?: MailQuery): void {
    this.#check();
    const wanted = wish(mail, query);
    const found = this.mails.filter((sent) => fits(wanted, this.#factsOf(sent)));
    if (found.length === 0) return;
    throw new MailAssertionError(
      `${found.length} mails were sent ${wanted.text}. ${list(
        'They are',
        found.map((sent) => this.#factsOf(sent)),
      )}`,
    );
  }

  assertQueued(mail?: Type | MailQuery, query?: MailQuery): void {
    this.#check();
    const wanted = wish(mail, query);
    const queued = this.#queued.map(({ snapshot }) => this.#known(snapshot));
    if (queued.some((facts) => fits(wanted, facts))) return;
    throw new MailAssertionError(`No mail was queued ${wanted.text}. ${list('Queued', queued)}`);
  }

  failNext(error: MailError): void {
    this.#failures.push(error);
  }

  async settled(): Promise<void> {
    this.#check();
    await this.queue.settled();
  }

  async advance(by: Duration): Promise<void> {
    this.#check();
    await this.queue.advance(toMilliseconds(by, 'by'));
  }

  clear(): void {
    this.mails.length = 0;
    this.#queued.length = 0;
    this.#failures = [];
    this.queue.clear();
  }

  /** A misspelt name would let the application send for real. */
  #check(): void {
    if (this.#found) return;
    const relay = this.#name === undefined ? 'no relay without a name' : `no relay named ${JSON.stringify(this.#name)}`;
    throw new MailAssertionError(`fakeMail() faked nothing: the application has ${relay}, or was not started yet`);
  }

  #note(mails: readonly NewMail[], added: AddedMail[]): AddedMail[] {
    this.#queued.push(...mails.filter((_, index) => !added[index]!.duplicate));
    return added;
  }

  #factsOf({ message }: SentMail): Facts {
    const queued = this.#queued.find(({ snapshot }) => snapshot.id === message.id);
    return {
      mail: message.mail,
      to: message.envelope.to,
      subject: message.subject,
      template: queued && templateOf(queued.snapshot),
    };
  }

  #known(snapshot: MailSnapshot): Facts {
    const sent = this.mails.find(({ message }) => message.id === snapshot.id);
    const subject = sent?.message.subject ?? subjectOf(snapshot);
    return { mail: snapshot.mail, to: snapshot.envelope.to, subject, template: templateOf(snapshot) };
  }
}

/** Of the same kind as the real one, without its limits: no test waits for its turn. */
function fakeOf(take: Taker, real: ConfiguredTransport['source'] | undefined): ConfiguredTransport['source'] {
  return real instanceof TenantTransports
    ? new TenantTransports(() => new FakeTransport(take, undefined))
    : new FakeTransport(take, real);
}

interface Facts {
  mail?: string;
  to: readonly string[];
  subject?: string;
  template?: string;
}

interface Wish extends MailQuery {
  mail?: string;
  text: string;
}

function wish(mail: Type | MailQuery | undefined, query: MailQuery = {}): Wish {
  const wanted = typeof mail === 'function' ? { mail: mailNameOf(mail), ...query } : { ...mail, ...query };
  const parts = Object.entries(wanted).map(
    ([key, value]) => `${key} ${value instanceof RegExp ? String(value) : JSON.stringify(value)}`,
  );
  return { ...wanted, text: parts.length ? `with ${parts.join(', ')}` : 'at all' };
}

function fits({ mail, to, subject, template }: Wish, facts: Facts): boolean {
  if (mail !== undefined && facts.mail !== mail) return false;
  if (to !== undefined && !facts.to.some((address) => address.toLowerCase() === to.toLowerCase())) return false;
  if (template !== undefined && facts.template !== template) return false;
  if (subject === undefined) return true;
  return typeof subject === 'string'
    ? facts.subject === subject
    : facts.subject !== undefined && subject.test(facts.subject);
}

function list(title: string, all: readonly Facts[]): string {
  if (all.length === 0) return `${title}: none`;
  return `${title}:\n${all.map(({ mail = 'inline', to, subject = '(not rendered yet)' }) => `  ${mail} to ${to.join(', ')}: ${subject}`).join('\n')}`;
}

function templateOf({ body }: MailSnapshot): string | undefined {
  const { content } = decodeValue(body) as MailBody;
  return content.kind === 'template' ? content.template : undefined;
}

function subjectOf({ body }: MailSnapshot): string | undefined {
  const { content } = decodeValue(body) as MailBody;
  if (content.kind === 'inline' || content.kind === 'raw') return content.subject;
  return content.subject?.literal ? content.subject.text : undefined;
}
