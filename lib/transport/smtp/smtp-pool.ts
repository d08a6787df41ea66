import type { OpenSmtpConversation, SmtpConversation } from './smtp-conversation.interface.js';
import { closed, givenUp } from './smtp-errors.js';
import type { SmtpSettings } from './smtp-settings.js';
import { WaitingLine } from './waiting-line.js';

type PoolSettings = Pick<SmtpSettings, 'endpoint' | 'connections' | 'messagesPerConnection' | 'idle' | 'timeouts'>;

/**
 * Connections that are kept and used again. The one used last goes first, so that those which are not needed fall idle and close;
 * who comes when all are busy waits in line.
 */
export class SmtpPool {
  readonly #open: OpenSmtpConversation;
  readonly #settings: PoolSettings;
  readonly #idle: IdleConversation[] = [];
  readonly #line = new WaitingLine<SmtpConversation>();
  /** How many have each connection: one, and those that go on behind it. */
  readonly #holders = new Map<SmtpConversation, number>();
  /** Connections opening, open and closing. */
  #size = 0;
  #opening = 0;
  #growAgainAt = 0;
  #closing?: Promise<void>;
  #emptied = (): void => undefined;
  /** Aborted when nobody needs what is still opening. */
  readonly #deserted = new AbortController();

  constructor(open: OpenSmtpConversation, settings: PoolSettings) {
    this.#open = open;
    this.#settings = settings;
  }

  /** A connection for one message; {@link give} it back. @throws SmtpError when none can be had */
  async take(signal: AbortSignal): Promise<SmtpConversation> {
    const { endpoint } = this.#settings;
    if (this.#closing) throw closed(endpoint);
    const idle = this.#idle.pop();
    if (!idle) {
      const turn = this.#line.wait(signal, () => givenUp(endpoint, 'connect', signal.reason));
      this.#grow();
      return turn;
    }
    clearTimeout(idle.timer);
    const { conversation } = idle;
    this.#holders.set(conversation, 1);
    if (performance.now() - idle.since < CHECK_AFTER) return conversation;
    try {
      return await this.#stillThere(conversation, signal);
    } catch (error) {
      this.give(conversation);
      throw error;
    }
  }

  /** A new connection in the place of one that turned out to be dead. When there is none to be had, the dead one is to be given back. */
  async replace(dead: SmtpConversation, signal: AbortSignal): Promise<SmtpConversation> {
    dead.destroy();
    const conversation = this.#watched(await this.#open(signal));
    this.#holders.set(conversation, 1);
    // Somebody else has the dead one as well, and will give its place back.
    if (this.#release(dead)) this.#size++;
    return conversation;
  }

  /** Lets the next in line have a connection as well whose holder has written all that he had to write. */
  lend(conversation: SmtpConversation): void {
    if (conversation.closed || conversation.messages >= this.#settings.messagesPerConnection) return;
    if (this.#line.serve(conversation)) this.#hold(conversation);
  }

  give(conversation: SmtpConversation): void {
    if (this.#release(conversation)) return;
    if (conversation.closed) this.#left();
    else if (conversation.messages >= this.#settings.messagesPerConnection) void this.#retire(conversation);
    else if (this.#line.serve(conversation)) this.#hold(conversation);
    else if (this.#closing) void this.#retire(conversation);
    else this.#keep(conversation);
  }

  /** No connection is there, and nobody waits for one. */
  get isEmpty(): boolean {
    return this.#size === 0 && this.#line.length === 0;
  }

  /** Gives up the connection that has rested longest; `false` when none rests. */
  closeIdle(): boolean {
    const idle = this.#idle.shift();
    if (!idle) return false;
    clearTimeout(idle.timer);
    void this.#retire(idle.conversation);
    return true;
  }

  /** Takes no more; those in line and under way are finished, then every connection says QUIT. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#emptied = resolve;
    });
    for (const { conversation, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      void this.#retire(conversation);
    }
    this.#checkEmpty();
    return this.#closing;
  }

  #grow(): void {
    const { connections } = this.#settings;
    while (this.#line.length > this.#opening && this.#size < connections) {
      const open = this.#size - this.#opening;
      if (open > 0 && performance.now() < this.#growAgainAt) return;
      void this.#add();
    }
  }

  async #add(): Promise<void> {
    this.#size++;
    this.#opening++;
    try {
      const conversation = this.#watched(await this.#open(this.#deserted.signal));
      this.#opening--;
      this.give(conversation);
    } catch (error) {
      this.#opening--;
      this.#size--;
      // A server may allow fewer connections than we do: who waits is served by those there are, if there are any.
      this.#growAgainAt = performance.now() + GROW_AGAIN_AFTER;
      if (this.#size === 0) this.#line.turnAway(error as Error);
      this.#checkEmpty();
    }
  }

  async #stillThere(conversation: SmtpConversation, signal: AbortSignal): Promise<SmtpConversation> {
    try {
      await this.#reset(conversation);
      return conversation;
    } catch {
      return await this.replace(conversation, signal);
    }
  }

  #watched(conversation: SmtpConversation): SmtpConversation {
    conversation.onClose(() => {
      const index = this.#idle.findIndex((idle) => idle.conversation === conversation);
      if (index === -1) return;
      clearTimeout(this.#idle[index]!.timer);
      this.#idle.splice(index, 1);
      this.#left();
    });
    return conversation;
  }

  #keep(conversation: SmtpConversation): void {
    const timer = setTimeout(() => {
      const [expired] = this.#idle.splice(this.#idle.indexOf(idle), 1);
      void this.#retire(expired!.conversation);
    }, this.#settings.idle);
    const idle: IdleConversation = { conversation, since: performance.now(), timer };
    this.#idle.push(idle);
  }

  #hold(conversation: SmtpConversation): void {
    this.#holders.set(conversation, (this.#holders.get(conversation) ?? 0) + 1);
  }

  /** Whether somebody else has it still. */
  #release(conversation: SmtpConversation): boolean {
    const left = (this.#holders.get(conversation) ?? 1) - 1;
    if (left > 0) this.#holders.set(conversation, left);
    else this.#holders.delete(conversation);
    return left > 0;
  }

  #reset(conversation: SmtpConversation): Promise<void> {
    return conversation.reset(Math.min(this.#settings.timeouts.command, CHECK_TIMEOUT));
  }

  async #retire(conversation: SmtpConversation): Promise<void> {
    await conversation.quit();
    this.#left();
  }

  #left(): void {
    this.#size--;
    this.#grow();
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (!this.#closing) return;
    if (this.#line.length === 0) this.#deserted.abort();
    if (this.#size === 0) this.#emptied();
  }
}

interface IdleConversation {
  readonly conversation: SmtpConversation;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

/** A connection that rested longer is asked whether it is still there: servers and firewalls drop them without a word. Milliseconds. */
const CHECK_AFTER = 5_000;
const CHECK_TIMEOUT = 10_000;

/** How long to make do with the connections there are when one more was refused. Milliseconds. */
const GROW_AGAIN_AFTER = 5_000;
