import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { readSecrets } from '../read-secrets.js';
import { refuseUnknown } from '../refuse-unknown.js';

/** How opens and clicks are tracked. What is tracked is said by `track`: of the relay, of `@Mail`, or of a mail. */
export interface TrackingOptions {
  /** Where the links of mails lead: `https://mail.acme.test/t`, with `RelayTrackingModule` behind it. */
  url: string;
  /** At least 16 characters each. Of several, the first signs and all are taken, so that a secret can be replaced. */
  secret: string | readonly string[];
  /** Links that begin with one of these are left alone. */
  except?: readonly string[];
  /** Stores the address of whoever opened or clicked. Default `false`. */
  storeIp?: boolean;
  /** How many proxies of one's own stand in front of the application, each adding to `X-Forwarded-For`. Default 0: the header is not believed. */
  proxies?: number;
  /** Stores the name of the program. Default `false`. */
  storeUserAgent?: boolean;
  /** Nothing is recorded of whoever sends `DNT: 1` or `Sec-GPC: 1`; links lead on. Default `true`. */
  respectDoNotTrack?: boolean;
}

/** The same, checked and complete. */
export interface TrackingSettings {
  /** Without a slash at its end. */
  readonly url: string;
  readonly secrets: readonly string[];
  readonly except: readonly string[];
  readonly storeIp: boolean;
  readonly proxies: number;
  readonly storeUserAgent: boolean;
  readonly respectDoNotTrack: boolean;
}

/** @throws RelayConfigurationError that names the option, and never a secret */
export function readTracking(options: TrackingOptions): TrackingSettings {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('tracking', "is an object: { url: 'https://mail.acme.test/t', secret }");
  refuseUnknown(options, OPTIONS, 'tracking.');
  const { secret, except = [], storeIp, proxies = 0, storeUserAgent, respectDoNotTrack } = options;
  const secrets = readSecrets(secret, 'tracking.secret');
  if (!Array.isArray(except) || !except.every((prefix) => typeof prefix === 'string' && /^https?:\/\/./i.test(prefix)))
    throw new RelayConfigurationError(
      'tracking.except',
      "is an array of beginnings of URLs: ['https://acme.test/account']",
    );
  if (!Number.isInteger(proxies) || proxies < 0)
    throw new RelayConfigurationError('tracking.proxies', 'is a whole number of 0 or more');
  return {
    url: urlOf(options.url),
    secrets,
    except: except.map(asGoneTo),
    storeIp: flag(storeIp, 'storeIp', false),
    proxies,
    storeUserAgent: flag(storeUserAgent, 'storeUserAgent', false),
    respectDoNotTrack: flag(respectDoNotTrack, 'respectDoNotTrack', true),
  };
}

const OPTIONS = [
  'url',
  'secret',
  'except',
  'storeIp',
  'proxies',
  'storeUserAgent',
  'respectDoNotTrack',
] as const satisfies readonly (keyof TrackingOptions)[];

/** It stands in the HTML of mails as it is here. */
function urlOf(given: unknown): string {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  const plain = url && `${url.origin}${url.pathname.replace(/\/$/, '')}`;
  if (plain && /^https?:\/\/[\w.:[\]-]+(?:\/[\w.~-]+)*$/.test(plain) && url.search + url.hash + url.username === '')
    return plain;
  throw new RelayConfigurationError('tracking.url', "is an http or https URL such as 'https://mail.acme.test/t'");
}

/** As it stands at the beginning of an URL that a browser would go to: `https://Bücher.test/a` is `https://xn--bcher-kva.test/a`. */
function asGoneTo(prefix: string): string {
  if (!URL.canParse(prefix)) return prefix;
  const { href, origin } = new URL(prefix);
  // Where it ends within the host, so does what begins with it.
  return /^https?:\/\/[^/?#]+$/i.test(prefix) ? origin : href;
}

function flag(value: unknown, option: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw new RelayConfigurationError(`tracking.${option}`, 'is true or false');
}
