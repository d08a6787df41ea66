import type * as relay from '../lib/index.js';

/** The package's exports. */
type Exported = typeof relay;

export const ROWS: readonly { name: string; ownId: boolean; create(exported: Exported): relay.MailTransport }[];
export function capabilityTable(exported: Exported): string;
export function withTable(page: string, table: string): string;
