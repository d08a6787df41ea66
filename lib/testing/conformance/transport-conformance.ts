import type { MailTransport } from '../../transport/mail-transport.js';
import { CASES } from './conformance-cases.js';
import { ConformanceStage } from './conformance-stage.js';

/** What the fake of a provider is to answer next. */
export type ConformanceAnswer =
  /** The recipient does not exist. */
  | 'refused-recipient'
  /** Too many requests, or a temporary failure: HTTP 429, SMTP 450. */
  | 'busy'
  /** The provider is down: HTTP 503, SMTP 421, a connection that is closed. */
  | 'down'
  /** The key or the password is wrong. */
  | 'credentials'
  /** Takes all of the message and never answers; give the transport a short time-out of its own. */
  | 'silent'
  /** Says yes with something that is no answer: HTTP 200 with a page. */
  | 'garbage';

/** What a fake provider was given and has taken. */
export interface ConformanceDelivery {
  readonly to: readonly string[];
  readonly subject: string;
}

export interface TransportConformanceOptions {
  /** A new transport that talks to your fake of the provider. */
  create(): MailTransport | Promise<MailTransport>;
  /** All that the fake has taken so far, oldest first. */
  received(): readonly ConformanceDelivery[] | Promise<readonly ConformanceDelivery[]>;
  /** Makes the fake answer its next request so. Left out, the cases of failures are left out. */
  answer?(kind: ConformanceAnswer): void | Promise<void>;
  /** The kinds that your fake cannot give, or that your provider does not know. */
  without?: readonly ConformanceAnswer[];
  /** Keys and passwords, which no error and no printed form may hold. */
  secrets?: readonly string[];
}

/** One test; give it to the test runner of your choice. */
export interface ConformanceCase {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * What the relay relies on in a transport, as tests for any runner. A test that fails says what was expected, what the transport did and
 * how to mend it.
 *
 * @example
 * for (const { name, run } of transportConformance({ create: () => new AcmeTransport(fake.url), received: () => fake.mails }))
 *   it(name, run);
 */
export function transportConformance(options: TransportConformanceOptions): readonly ConformanceCase[] {
  const { answer, without = [] } = options;
  return CASES.filter(({ needs }) => needs === undefined || (answer && !without.includes(needs))).map(
    ({ name, run }) => ({
      name,
      run: () => ConformanceStage.with(options, run),
    }),
  );
}
