import type { MailRow } from '../client/types.js';

export interface MailFilter {
  search: string;
  state: string;
  stream: string;
  tag: string;
  transport: string;
}

export const FILTERS = ['state', 'stream', 'tag', 'transport'] as const;

/** Whether a mail that the server tells of belongs in a list: as the server searches, as far as a row tells. */
export function fits(row: MailRow, { search, state, stream, tag, transport }: MailFilter): boolean {
  if (state && row.state !== state && !row.states[state as MailRow['state']]) return false;
  if (stream && row.stream !== stream) return false;
  if (tag && !row.tags.includes(tag)) return false;
  if (transport && row.transport !== transport) return false;
  return search === '' || found(row, search.toLowerCase());
}

function found(row: MailRow, search: string): boolean {
  if (search.startsWith('tag:')) return row.tags.some((tag) => tag.toLowerCase() === search.slice(4).trim());
  if (row.id === search || row.messageId.toLowerCase().includes(search)) return true;
  if (row.to.some((address) => address.toLowerCase().includes(search))) return true;
  const subject = row.subject?.toLowerCase() ?? '';
  return search.split(/\s+/).every((word) => subject.includes(word));
}
