import { addressOf } from './addresses-in.js';
import type { RecipientAction } from './bounce-report.interface.js';
import { textOf } from './decode-text.js';
import { headerOf, type MimePart, readFields } from './mime-reader.js';

/** What a report says of a recipient in fields. */
export interface StatusFields {
  readonly address: string;
  readonly originalAddress?: string;
  readonly action: RecipientAction;
  readonly status?: string;
  readonly diagnostic: string;
}

/** The recipients of a delivery status notification (RFC 3464 section 2.3), empty for a mail that has none. */
export function readDeliveryStatus(parts: readonly MimePart[]): StatusFields[] {
  return parts.filter(({ type }) => TYPES.has(type)).flatMap((part) => readStatusFields(textOf(part)));
}

/** Of a text that has such fields anywhere: hosts send them without the part that they belong into. */
export function readStatusFields(text: string): StatusFields[] {
  return text
    .replace(/^\s+/, '')
    .split(/\n[ \t]*\n/)
    .slice(0, MOST)
    .flatMap(groupsOf)
    .slice(0, MOST)
    .flatMap((group) => readGroup(group.trimStart()) ?? []);
}

/** Usually one; some hosts leave the empty line between them out. */
function groupsOf(block: string): string[] {
  const starts = [...block.matchAll(/^final-recipient:/gim)].map(({ index }) => index);
  return starts.length < 2 ? [block] : starts.map((at, index) => block.slice(at, starts[index + 1] ?? block.length));
}

function readGroup(block: string): StatusFields | undefined {
  const { headers } = readFields(block);
  const field = (name: string) => headerOf({ headers }, name);
  const final = addressOf(field('final-recipient'));
  const original = addressOf(field('original-recipient'));
  const actual = addressOf(field('x-actual-recipient'));
  const action = /^\s*"?([a-z]+)/i.exec(field('action'))?.[1]?.toLowerCase() ?? '';
  const status = /\b([245]\.\d{1,3}\.\d{1,3})\b/.exec(field('status'))?.[1];
  const address = [final, original, actual].find((one) => one?.includes('@')) ?? final ?? original;
  if (address === undefined || (action === '' && status === undefined)) return undefined;
  const other = [original, actual].find((one) => one !== undefined && one.includes('@') && one !== address);
  return {
    address,
    ...(other !== undefined && { originalAddress: other }),
    action: ACTIONS[action] ?? actionOf(status),
    ...(status !== undefined && { status }),
    diagnostic:
      field('diagnostic-code').replace(/^\s*[\w-]{1,20}\s*;\s*/, '') || headers.get('diagnostic-code')?.[1] || '',
  };
}

/** Where the action is missing, or a word of the host's own. */
function actionOf(status: string | undefined): RecipientAction {
  if (status?.startsWith('2')) return 'delivered';
  return status?.startsWith('4') ? 'delayed' : 'failed';
}

/** Also as hosts misspell them. */
const ACTIONS: Readonly<Record<string, RecipientAction>> = {
  failed: 'failed',
  failure: 'failed',
  fail: 'failed',
  expired: 'failed',
  delayed: 'delayed',
  deferred: 'delayed',
  delivered: 'delivered',
  deliverable: 'delivered',
  relayed: 'relayed',
  expanded: 'expanded',
};

const TYPES: ReadonlySet<string> = new Set([
  'message/delivery-status',
  'message/global-delivery-status',
  'text/delivery-status',
]);

/** Recipients looked at. */
const MOST = 1_000;
