import { lastDays } from '../../events/mail-statistics.js';
import type { RelayAccess } from '../relay-access.js';
import { type TransportView, transportViewOf } from './transport-view.js';

export interface StreamView {
  readonly name: string;
  readonly paused: boolean;
  /** ISO 8601; left out until somebody resumes it. */
  readonly until?: string;
  readonly why?: string;
}

/** The streams that have sent something lately, that have places of their own, or are paused. */
export async function streamViews({ runtime, configuration }: RelayAccess): Promise<StreamView[]> {
  const known = await runtime.feedback.reputation.streams();
  const own = configuration.worker === false ? [] : Object.keys(configuration.worker.streams);
  const names = new Set(['transactional', ...own, ...known.map(({ stream }) => stream)]);
  return [...names].map((name) => {
    const paused = known.find(({ stream }) => stream === name)?.paused;
    return {
      name,
      paused: paused !== undefined,
      ...(paused?.until && { until: paused.until.toISOString() }),
      ...(paused && { why: paused.why === 'manual' ? 'by hand' : `too many ${paused.why}` }),
    };
  });
}

/** The transports of this process; in one that has none, those that others have used within the last week. */
export async function transportViews({ transports, queue }: RelayAccess): Promise<TransportView[]> {
  const { known } = transports;
  const all = known.length > 0 ? known : (await namesUsed(queue)).map((name) => ({ name, transport: undefined }));
  return Promise.all(
    all.map(async ({ name, transport }) => transportViewOf(name, transport, await transports.gateOf(name)!.look())),
  );
}

async function namesUsed({ counts }: RelayAccess['queue']): Promise<string[]> {
  const lately = await counts.read(lastDays(7, Date.now()));
  const sent = lately.filter(({ type, provider }) => type === 'sent' && provider !== 'relay');
  return [...new Set(sent.map(({ provider }) => provider))].slice(0, MOST);
}

const MOST = 50;
