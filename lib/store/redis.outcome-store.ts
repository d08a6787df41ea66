import type { Cluster, Redis } from 'ioredis';
import {
  providerKey,
  providerKeys,
  RETENTION,
  type MailAbout,
  type MailHead,
  type MailRecord,
  type OutcomeChange,
  type OutcomeStore,
} from '../delivery/outcome-store.interface.js';
import { type BegunMail, GatheredOutcomes, type SavedMail } from './gathered-outcomes.js';
import { packAttempt, packOutcome, packOutcomes, reopened, unpackAttempt, unpackOutcome } from './outcome-codec.js';
import { OUTCOME_SCRIPTS } from './redis-outcome-scripts.js';

/** Guards a call to the backend: see QueueBackend. */
export type Guard = <T>(work: () => Promise<T>) => Promise<T>;

/** Outcomes in Redis, a hash a mail, beside the queue's own keys. */
export class RedisOutcomeStore implements OutcomeStore {
  readonly #client: Redis | Cluster;
  readonly #prefix: string;
  readonly #history: string;
  readonly #guard: Guard;
  readonly #retention: number;
  readonly #gathered = new GatheredOutcomes({
    beginAll: (mails) => this.#beginAll(mails),
    saveAll: (mails) => this.#saveAll(mails),
  });

  /**
   * @param prefix of its keys, with the hash tag of the queue's keys
   * @param history where the history counts its mails
   * @param retention in milliseconds
   */
  constructor(client: Redis | Cluster, prefix: string, history: string, guard: Guard, retention = RETENTION) {
    this.#retention = retention;
    this.#client = client;
    this.#prefix = prefix;
    this.#history = history;
    this.#guard = guard;
    for (const [name, lua] of Object.entries(OUTCOME_SCRIPTS)) client.defineCommand(COMMAND + name, { lua });
  }

  async load(id: string): Promise<MailRecord | null> {
    const fields = await this.#guard(() => this.#client.hgetall(this.#prefix + id));
    return Object.keys(fields).length === 0 ? null : recordOf(fields);
  }

  loadMany(ids: readonly string[]): Promise<(MailRecord | null)[]> {
    return Promise.all(ids.map((id) => this.load(id)));
  }

  begin(id: string, at: number, stalls: number, transport: string): Promise<'go' | 'cancelled'> {
    return this.#gathered.begin(id, at, stalls, transport);
  }

  save(id: string, change: OutcomeChange): Promise<number | undefined> {
    return this.#gathered.save(id, change);
  }

  async cancel(id: string): Promise<{ sending: boolean }> {
    return { sending: (await this.#run('cancel', this.#keys([id]), [])) === 1 };
  }

  async reopen(id: string, addresses: readonly string[], at: number): Promise<void> {
    const outcomes = addresses.flatMap((address) => [address, packOutcome(reopened(address, at))]);
    await this.#run('reopen', this.#keys([id]), [at, ...outcomes]);
  }

  async mailOf(providerMessageId: string): Promise<string | undefined> {
    const key = this.#prefix + PROVIDER_ID + providerKey(providerMessageId);
    return (await this.#guard(() => this.#client.get(key))) ?? undefined;
  }

  async #beginAll(mails: readonly BegunMail[]): Promise<('go' | 'cancelled')[]> {
    const args = mails.flatMap(({ at, stalls, transport }) => [at, stalls, transport]);
    const answers = (await this.#run('begin', this.#keys(idsOf(mails)), args)) as number[];
    return answers.map((answer) => (answer === 1 ? 'go' : 'cancelled'));
  }

  async #saveAll(mails: readonly SavedMail[]): Promise<(number | undefined)[]> {
    const indexed = mails.flatMap(({ id, change }) => providerKeys(change).map((key) => this.#index(key, id)));
    const args = mails.flatMap(({ change }) => saveArguments(change));
    // The index first, so that what is saved can be found; in the same write.
    const written = this.#run('save', [this.#history, ...this.#keys(idsOf(mails))], args);
    await Promise.all([...indexed, written]);
    return ((await written) as number[]).map((place) => place || undefined);
  }

  #keys(ids: readonly string[]): string[] {
    return ids.map((id) => this.#prefix + id);
  }

  #index(key: string, id: string): Promise<unknown> {
    return this.#guard(() => this.#client.set(this.#prefix + PROVIDER_ID + key, id, 'PX', this.#retention));
  }

  #run(name: keyof typeof OUTCOME_SCRIPTS, keys: string[], args: readonly (string | number)[]): Promise<unknown> {
    const client = this.#client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    return this.#guard(() => client[COMMAND + name]!(keys.length, ...keys, this.#retention, ...args));
  }
}

function idsOf(mails: readonly { readonly id: string }[]): string[] {
  return mails.map(({ id }) => id);
}

function saveArguments(change: OutcomeChange): (string | number)[] {
  const { messageId, mail = '', about, head, attempt, stallBaseline = '', deferrals = '', content } = change;
  const { opened = '', clicked = '', recipients = [] } = change;
  const line = attempt ? packAttempt(attempt) : '';
  const text = content === undefined ? '' : JSON.stringify(content);
  const what = about ? JSON.stringify(about) : '';
  const shown = head ? JSON.stringify(head) : '';
  const args = [messageId, mail, line, stallBaseline, deferrals, text, what, shown];
  const outcomes = packOutcomes(recipients);
  args.push(opened, clicked, outcomes.size);
  for (const pair of outcomes) args.push(...pair);
  return args;
}

const COMMAND = 'relayOutcome:';
const RECIPIENT = 'r:';
/** No mail's id has a colon. */
const PROVIDER_ID = 'provider:';

function recordOf(fields: Record<string, string>): MailRecord {
  const number = (name: string): number | undefined => (fields[name] === undefined ? undefined : Number(fields[name]));
  const recipients = Object.keys(fields).filter((name) => name.startsWith(RECIPIENT));
  return {
    messageId: fields['messageId'],
    mail: fields['mail'],
    about: fields['about'] === undefined ? undefined : (JSON.parse(fields['about']) as MailAbout),
    head: fields['head'] === undefined ? undefined : (JSON.parse(fields['head']) as MailHead),
    recipients: recipients.map((name) => unpackOutcome(fields[name]!)),
    attempts: fields['attempts']?.split('\n').map(unpackAttempt) ?? [],
    cancelled: fields['cancelled'] !== undefined,
    sendingSince: number('sendingSince'),
    sendingBy: fields['sendingBy'],
    stallBaseline: number('stallBaseline') ?? 0,
    sendingStalls: number('sendingStalls'),
    deferrals: number('deferrals') ?? 0,
    reopenedAt: number('reopenedAt'),
    opened: number('opened'),
    clicked: number('clicked'),
    content: fields['content'] === undefined ? undefined : (JSON.parse(fields['content']) as string),
  };
}
