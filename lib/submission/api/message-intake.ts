import { setImmediate } from 'node:timers/promises';
import type { MailService } from '../../mail.service.js';
import type { MailAddress } from '../../mail/mail-message.interface.js';
import type { SendResult } from '../../mail-status.js';
import { QueueUnavailableError } from '../../errors/queue-unavailable.error.js';
import { type AllowedMessage, allowedMessage } from './client-limits.js';
import type { CheckedClient } from './read-api-client.js';
import { readApiMessage } from './read-api-message.js';

export interface Submission {
  client: CheckedClient;
  /** Of the header; the messages of an array get `<key>#<index>`. */
  idempotencyKey: string | undefined;
}

/** What became of one message of many. */
export type Submitted = { readonly result: SendResult } | { readonly error: unknown };

/** Hands messages that came as JSON to the relay. */
export class MessageIntake {
  readonly #mail: MailService;
  readonly #defaultFrom: MailAddress | undefined;

  constructor(mail: MailService, defaultFrom: MailAddress | undefined) {
    this.#mail = mail;
    this.#defaultFrom = defaultFrom;
  }

  /** @throws ApiRejectedError 403, and what `MailService.send()` throws */
  async one(json: unknown, submission: Submission): Promise<SendResult> {
    const message = this.#allowed(json, submission);
    return message.kind === 'raw' ? this.#mail.sendRaw(message.raw, message.options) : this.#mail.send(message.message);
  }

  /**
   * In their order; a message that is refused does not hold up the others. As in `sendMany()`, they are of low priority unless they say
   * otherwise.
   *
   * @throws QueueUnavailableError when nothing at all was queued for it
   */
  async many(list: readonly unknown[], { client, idempotencyKey }: Submission): Promise<Submitted[]> {
    const submitted: Submitted[] = Array.from({ length: list.length });
    const composed: { index: number; message: AllowedMessage & { kind: 'composed' } }[] = [];
    const raw: { index: number; message: AllowedMessage & { kind: 'raw' } }[] = [];
    for (const [index, json] of list.entries()) {
      // Others have their turn.
      if (index % ITEMS_A_TURN === ITEMS_A_TURN - 1) await setImmediate();
      try {
        const key = idempotencyKey === undefined ? undefined : `${idempotencyKey}#${index}`;
        const message = this.#allowed(json, { client, idempotencyKey: key });
        if (message.kind === 'raw') raw.push({ index, message });
        else composed.push({ index, message });
      } catch (error) {
        submitted[index] = { error };
      }
    }
    await this.#sendMany(composed, submitted);
    await this.#sendRaw(raw, submitted);
    const failed = submitted.find((one) => 'error' in one && one.error instanceof QueueUnavailableError);
    if (failed && 'error' in failed && submitted.every((one) => 'error' in one)) throw failed.error;
    return submitted;
  }

  async #sendMany(
    composed: readonly { index: number; message: AllowedMessage & { kind: 'composed' } }[],
    submitted: Submitted[],
  ): Promise<void> {
    if (composed.length === 0) return;
    try {
      for await (const item of this.#mail.sendMany(composed.map(({ message }) => message.message))) {
        const { index: place, ...rest } = item;
        submitted[composed[place]!.index] = 'error' in rest ? rest : { result: rest };
      }
    } catch (error) {
      // The run is over; what it had not come to is not queued, or nobody knows.
      for (const { index } of composed) submitted[index] ??= { error };
    }
  }

  async #sendRaw(
    raw: readonly { index: number; message: AllowedMessage & { kind: 'raw' } }[],
    submitted: Submitted[],
  ): Promise<void> {
    let down: QueueUnavailableError | undefined;
    for (const { index, message } of raw) {
      const options = { priority: 'low' as const, ...message.options };
      const send = down ? Promise.reject(down) : this.#mail.sendRaw(message.raw, options);
      submitted[index] = await send.then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      const { error } = submitted[index] as { error?: unknown };
      // The others would wait for it in vain, each as long.
      if (error instanceof QueueUnavailableError) down = new QueueUnavailableError(false, error.message);
    }
  }

  #allowed(json: unknown, { client, idempotencyKey }: Submission): AllowedMessage {
    return allowedMessage(readApiMessage(json), { client, idempotencyKey, defaultFrom: this.#defaultFrom });
  }
}

const ITEMS_A_TURN = 20;
