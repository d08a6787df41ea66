import { QueueUnavailableError } from './errors/queue-unavailable.error.js';

/**
 * Asks for many what is asked one by one: while one call is under way, the questions that come are gathered for the next. So as many of
 * them as there are cost two round trips at most.
 */
export class Gathering<Question, Answer> {
  readonly #ask: Ask<Question, Answer>;
  readonly #keyOf: ((question: Question) => string) | undefined;
  #waiting: Waiting<Question, Answer>[] = [];
  #busy = false;

  /**
   * @param ask must do no harm when it is called again with the same questions: where it fails for several, each is asked alone, so that one
   * takes no others with it
   * @param keyOf questions of one key are asked one after another, in the order they came
   */
  constructor(ask: Ask<Question, Answer>, keyOf?: (question: Question) => string) {
    this.#ask = ask;
    this.#keyOf = keyOf;
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (!this.#busy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#busy = true;
    // Those of the same moment go together.
    await undefined;
    while (this.#waiting.length > 0) await this.#answer(this.#next());
    this.#busy = false;
  }

  #next(): Waiting<Question, Answer>[] {
    if (!this.#keyOf) return this.#waiting.splice(0, MOST);
    const next = new Map<string, Waiting<Question, Answer>>();
    const later: Waiting<Question, Answer>[] = [];
    for (const one of this.#waiting) {
      const key = this.#keyOf(one.question);
      if (next.size < MOST && !next.has(key)) next.set(key, one);
      else later.push(one);
    }
    this.#waiting = later;
    return [...next.values()];
  }

  async #answer(asked: readonly Waiting<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.#ask(asked.map(({ question }) => question));
      for (const [index, { resolve }] of asked.entries()) resolve(answers[index]!);
    } catch (error) {
      if (asked.length > 1 && !(error instanceof QueueUnavailableError)) {
        await Promise.all(asked.map((one) => this.#answer([one])));
      } else {
        for (const { reject } of asked) reject(error);
      }
    }
  }
}

/** Gives the answers in the order of the questions. */
type Ask<Question, Answer> = (questions: readonly Question[]) => Promise<readonly Answer[]>;

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Questions in one call. */
const MOST = 100;
