import type { SuppressionScope } from '../suppression/suppression-entry.interface.js';
import type { SuppressionKey } from '../suppression/suppression-store.interface.js';

/** One text for a key, which sorts by the address first: no part of it holds a line break, or anything below it. */
export function keyText({ address, stream = '', tenant = '' }: SuppressionKey): string {
  return `${address}\n${stream}\n${tenant}`;
}

export function keyOfText(text: string): SuppressionKey {
  const [address, stream, tenant] = text.split('\n') as [string, string, string];
  return { address, ...(stream && { stream }), ...(tenant && { tenant }) };
}

/** Of all entries that apply to a mail of the scope to this address. */
export function applicableKeys(address: string, { stream, tenant }: SuppressionScope): string[] {
  const keys = [keyText({ address })];
  if (stream !== undefined) keys.push(keyText({ address, stream }));
  if (tenant !== undefined) keys.push(keyText({ address, tenant }));
  if (stream !== undefined && tenant !== undefined) keys.push(keyText({ address, stream, tenant }));
  return keys;
}
