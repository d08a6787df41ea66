/** RFC 8461 section 3.2. */
export interface MtaStsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none';
  /** Names of servers, or `*.` and what stands behind one label. */
  readonly mx: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
}

/** The identifier of a policy out of the TXT records at `_mta-sts.<domain>`; undefined where there is none, or more than one: section 3.1. */
export function policyId(records: readonly string[]): string | undefined {
  const ours = records.filter((text) => /^v=STSv1\s*(?:;|$)/.test(text));
  if (ours.length !== 1) return undefined;
  const fields = ours[0]!
    .slice(0, 1_000)
    .split(';')
    .map((field) => field.trim());
  return fields.map((field) => /^id\s*=\s*([A-Za-z0-9]{1,32})$/.exec(field)?.[1]).find((id) => id !== undefined);
}

/** @throws Error that says what is wrong with it */
export function parsePolicy(text: string): MtaStsPolicy {
  const fields = text.split(/\r?\n/, MOST_LINES).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, Math.max(0, colon)).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  const first = (key: string): string | undefined => fields.find(([name]) => name === key)?.[1];
  if (first('version') !== 'STSv1') throw new Error('it is no policy of version STSv1');
  const mode = first('mode') ?? '';
  if (!isMode(mode)) throw new Error('its mode is none of enforce, testing and none');
  const maxAge = first('max_age') ?? '';
  if (!/^\d{1,10}$/.test(maxAge)) throw new Error('its max_age is no number');
  const mx = fields
    .filter(([name, value]) => name === 'mx' && value !== '')
    .map(([, value]) => value.toLowerCase().replace(/\.$/, ''));
  if (mx.length === 0 && mode !== 'none') throw new Error('it names no mx');
  return { mode, mx, maxAge: Math.min(Number(maxAge), LONGEST_AGE) };
}

/** Section 4.1: `*.` stands for exactly one label. */
export function allowsHost({ mx }: MtaStsPolicy, host: string): boolean {
  const parent = host.slice(host.indexOf('.') + 1);
  return mx.some((pattern) =>
    pattern.startsWith('*.') ? host.includes('.') && pattern.slice(2) === parent : pattern === host,
  );
}

const MOST_LINES = 2_000;
/** About a year: section 3.2. */
const LONGEST_AGE = 31_557_600;

function isMode(mode: string): mode is MtaStsPolicy['mode'] {
  return mode === 'enforce' || mode === 'testing' || mode === 'none';
}
