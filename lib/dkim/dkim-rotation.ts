import type { DnsRecord } from '../dns/dns-record.interface.js';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { isDkimSelector } from './dkim-names.js';
import { revokedDkimRecord } from './dkim-record.js';
import { type DkimKey, type DkimKeyOptions, type DkimKeyType, generateDkimKeys } from './generate-dkim-key.js';

export interface DkimRotationOptions {
  domain: string;
  /** Selectors that are in the DNS now, in use or not: none of them is taken again. */
  current?: readonly string[];
  /** Default both: receivers that do not know Ed25519 go by RSA. */
  types?: readonly DkimKeyType[];
  bits?: DkimKeyOptions['bits'];
  /** What selectors begin with. Default `relay`. */
  prefix?: string;
  /** Default now. */
  at?: Date;
}

/** One thing to do. */
export interface DkimRotationStep {
  readonly action: 'publish' | 'sign' | 'revoke' | 'remove';
  /** What to wait for before it. */
  readonly when: string;
  readonly what: string;
  /** The records of this step. */
  readonly records: readonly DnsRecord[];
}

/** New keys, and the way to them, in the order in which nobody ever gets a signature that cannot be verified. */
export interface DkimRotation {
  readonly keys: readonly DkimKey[];
  readonly steps: readonly DkimRotationStep[];
}

/** New keys under selectors of their own. @throws RelayConfigurationError */
export async function rotateDkimKeys(options: DkimRotationOptions): Promise<DkimRotation> {
  const { domain, current = [], types = ['rsa', 'ed25519'], bits, prefix = 'relay', at = new Date() } = options;
  if (!Array.isArray(current) || current.some((one) => typeof one !== 'string' || !isDkimSelector(one)))
    throw new RelayConfigurationError('current', "is an array of selectors, such as ['relay202608a']");
  const selector = nextDkimSelector(current, { prefix, at });
  const keys = await generateDkimKeys(types, { domain, selector, ...(bits && { bits }) });
  return { keys, steps: stepsTo(keys, current) };
}

/** The first free one of the month: `relay202611a`, then `relay202611b`. */
export function nextDkimSelector(
  current: readonly string[] = [],
  { prefix = 'relay', at = new Date() }: { prefix?: string; at?: Date } = {},
): string {
  const month = at.toISOString().slice(0, 7).replace('-', '');
  const taken = current.map((selector) => selector.toLowerCase().replace(/-(?:rsa|ed25519)$/, ''));
  for (let number = 0; ; number++) {
    const selector = `${prefix}${month}${letters(number)}`;
    if (!taken.includes(selector.toLowerCase())) return selector;
  }
}

function stepsTo(keys: readonly DkimKey[], current: readonly string[]): DkimRotationStep[] {
  const domain = keys[0]!.domain;
  const fresh = keys.map(({ selector }) => selector).join(' and ');
  const steps: DkimRotationStep[] = [
    {
      action: 'publish',
      when: 'now',
      what: `Publish the new public keys (${fresh}).`,
      records: keys.map(({ record }) => record),
    },
    {
      action: 'sign',
      when: 'once `nestjs-mail-relay doctor` sees them, and the TTL of the zone has passed',
      what: `Give the transport the new keys in \`dkim\`, in place of the old ones, and restart the workers.`,
      records: [],
    },
  ];
  if (current.length === 0) return steps;
  const old = current.join(' and ');
  return [
    ...steps,
    {
      action: 'revoke',
      when: `${KEEP_DAYS} days after the last mail was signed with the old keys: until then some of it is still on its way`,
      what: `Revoke the old keys (${old}), and destroy the private ones.`,
      records: current.map((selector) => revokedDkimRecord(domain, selector)),
    },
    { action: 'remove', when: 'some weeks later', what: `Remove the records of ${old}.`, records: [] },
  ];
}

/** Servers try for five days (RFC 5321 section 4.5.4.1), and readers' programs verify late. */
const KEEP_DAYS = 7;

/** `a` to `z`, then `aa`. */
function letters(number: number): string {
  const last = String.fromCharCode(97 + (number % 26));
  return number < 26 ? last : letters(Math.floor(number / 26) - 1) + last;
}
