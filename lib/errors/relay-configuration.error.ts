/** A wrong option, found at start. Its message names the option and says how to mend it; it never holds a secret. */
export class RelayConfigurationError extends Error {
  /** The option, as written: `transports.ses`, `queue.redis`. */
  readonly option: string;
  /** What is wrong with it, and how to mend it. */
  readonly problem: string;

  constructor(option: string, message: string, cause?: unknown) {
    super(`${asWritten(option)}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.option = option;
    this.problem = message;
  }
}

/** Options of the other modules go by a first name that nobody writes. */
function asWritten(option: string): string {
  const [first = '', ...rest] = option.split('.');
  const module = MODULES.get(first);
  if (module === undefined) return `RelayModule: ${option}`;
  return rest.length === 0 ? module : `${module}: ${rest.join('.')}`;
}

const MODULES: ReadonlyMap<string, string> = new Map([
  ['submission', 'RelaySubmissionModule'],
  ['api', 'RelayApiModule'],
  ['unsubscribePage', 'RelayUnsubscribeModule'],
  ['trackingEndpoint', 'RelayTrackingModule'],
  ['webhooks', 'RelayWebhooksModule'],
  ['console', 'RelayConsoleModule'],
  ['bounceMailbox', 'BounceMailboxModule'],
]);
