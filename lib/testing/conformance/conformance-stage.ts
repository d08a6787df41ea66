import { inspect } from 'node:util';
import { MailError } from '../../errors/mail.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import type { MailTransport, RecipientResult, SendContext, TransportResult } from '../../transport/mail-transport.js';
import { MailAssertionError } from '../mail-assertion.error.js';
import type { ConformanceAnswer, ConformanceDelivery, TransportConformanceOptions } from './transport-conformance.js';

/** What became of a message that was given to a transport. */
export interface ConformanceOutcome {
  readonly result: TransportResult;
  /** As thrown, or as it stands in the first recipient's outcome. */
  readonly error?: MailError;
  readonly thrown: boolean;
}

/** A transport under test, with its fake provider. */
export class ConformanceStage {
  readonly transport: MailTransport;
  readonly #options: TransportConformanceOptions;
  #before = 0;

  private constructor(options: TransportConformanceOptions, transport: MailTransport) {
    this.#options = options;
    this.transport = transport;
  }

  /** One test with a transport of its own, which is closed in the end. */
  static async with(
    options: TransportConformanceOptions,
    run: (stage: ConformanceStage) => Promise<void>,
  ): Promise<void> {
    const stage = new ConformanceStage(options, await options.create());
    stage.#before = (await options.received()).length;
    try {
      await run(stage);
    } finally {
      await stage.transport.close?.();
    }
  }

  get secrets(): readonly string[] {
    return this.#options.secrets ?? [];
  }

  /** What the provider has taken in this test. */
  async received(): Promise<readonly ConformanceDelivery[]> {
    return (await this.#options.received()).slice(this.#before);
  }

  async answer(kind: ConformanceAnswer): Promise<void> {
    await this.#options.answer!(kind);
  }

  /** Sends, and must not fail. */
  async sent(message: MailMessage, context: Partial<SendContext> = {}): Promise<TransportResult> {
    const { result, error } = await this.send(message, context);
    check(
      !error,
      `the message is taken`,
      error,
      'send() throws, or gives a recipient an error, only when the provider refused',
    );
    return result;
  }

  async send(message: MailMessage, context: Partial<SendContext> = {}): Promise<ConformanceOutcome> {
    const given: SendContext = {
      signal: new AbortController().signal,
      attempt: 1,
      idempotencyKey: message.id,
      ...context,
    };
    try {
      const result = (await this.transport.send(message, given)) ?? {};
      checkShape(result, message);
      const error = result.recipients?.find((one) => one.state !== 'sent')?.error;
      return { result, thrown: false, ...(error && { error }) };
    } catch (thrown) {
      if (thrown instanceof MailAssertionError) throw thrown;
      this.checkSecrets(thrown);
      check(
        thrown instanceof Error,
        'an Error is thrown',
        thrown,
        'throw a MailError, which says whose fault it is and whether to try again',
      );
      // As the relay takes it.
      const error = thrown instanceof MailError ? thrown : new MailError((thrown as Error).message, { cause: thrown });
      return { result: {}, error, thrown: true };
    }
  }

  checkSecrets(shown: unknown): void {
    const text = `${String(shown)} ${inspect(shown, { depth: 6 })} ${jsonOf(shown)}`;
    const found = this.secrets.findIndex((secret) => text.includes(secret));
    check(
      found < 0,
      'no secret is shown',
      `secrets[${found}] in ${shown instanceof Error ? shown.name : 'the printed transport'}`,
      'keep keys in #private fields, and take them out of what the provider says',
    );
  }
}

/** @throws MailAssertionError */
export function check(holds: boolean, expected: string, found: unknown, mend: string): asserts holds {
  if (holds) return;
  const shown = found instanceof Error ? `${found.name}: ${found.message}` : inspect(found, { depth: 3 });
  throw new MailAssertionError(`Expected that ${expected}. Found: ${shown}. To mend it: ${mend}.`);
}

function checkShape({ providerMessageId, response, recipients }: TransportResult, { envelope }: MailMessage): void {
  for (const [name, value] of Object.entries({ providerMessageId, response }))
    check(
      value === undefined || typeof value === 'string',
      `${name} is a string`,
      value,
      `give ${name} as text, or leave it out`,
    );
  check(
    recipients === undefined || Array.isArray(recipients),
    'recipients is an array',
    recipients,
    'give { address, state, error } for each, or leave it out when all were taken',
  );
  for (const one of (recipients ?? []) as readonly RecipientResult[]) {
    check(STATES.has(one.state), 'a state is sent, deferred or bounced', one, 'these are the outcomes of an attempt');
    check(
      envelope.to.includes(one.address),
      'recipients are those of the envelope',
      one.address,
      'write addresses as they stand in message.envelope.to',
    );
  }
}

const STATES: ReadonlySet<string> = new Set(['sent', 'deferred', 'bounced'] satisfies RecipientResult['state'][]);

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
