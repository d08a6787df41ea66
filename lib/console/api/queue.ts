import type { MailRecord } from '../../delivery/outcome-store.interface.js';
import type { FoundMail } from '../../queue/mail-queue.interface.js';
import type { QueuePlace } from '../../queue/queue-inspection.interface.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import { type ConsoleRequest, limitOf, wordOf } from '../http/console-request.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import type { RelayAccess } from '../relay-access.js';
import { foundOf } from '../view/mail-source.js';
import { type MailRow, rowOfFound } from '../view/mail-row.js';
import { type StreamView, streamViews, transportViews } from '../view/relay-flow.js';
import type { TransportView } from '../view/transport-view.js';

/** What waits, why and until when; and holding streams and transports back. */
export const QUEUE_ROUTES: ConsoleRoutes = {
  'GET queue': async (relay) => {
    const [counts, streams, transports] = await Promise.all([
      relay.queue.inspection.counts(),
      streamViews(relay),
      transportViews(relay),
    ]);
    return { json: { backend: relay.queue.backend, counts, streams, transports } };
  },
  'GET queue/mails': async (relay, request) => ({ json: await list(relay, request) }),
  'POST streams/:/pause': async ({ runtime }, { parts }) => {
    await runtime.feedback.reputation.pause(nameOf(parts[0]!));
    return {};
  },
  'POST streams/:/resume': async ({ runtime }, { parts }) => {
    await runtime.feedback.reputation.resume(nameOf(parts[0]!));
    return {};
  },
  'POST transports/:/pause': async (relay, { parts }) => {
    await (await gateOf(relay, parts[0]!)).hold();
    return {};
  },
  'POST transports/:/resume': async (relay, { parts }) => {
    await (await gateOf(relay, parts[0]!)).release();
    return {};
  },
};

interface WaitingRow extends MailRow {
  /** When it is tried at the earliest. */
  readonly due?: string;
  /** Why it has not gone yet. */
  readonly why?: string;
}

async function list(relay: RelayAccess, { query }: ConsoleRequest): Promise<{ mails: WaitingRow[]; cursor?: string }> {
  const { queue } = relay;
  const place = placeOf(wordOf(query, 'state'));
  const { ids, cursor } = await queue.inspection.page(place, wordOf(query, 'cursor'), limitOf(query));
  // One whose key is not here is passed over.
  const found = await Promise.all(ids.map((id) => foundOf(relay, id)));
  const records = await queue.store.loadMany(ids);
  const [streams, transports] =
    place === 'sending' || ids.length === 0 ? [[], []] : await Promise.all([streamViews(relay), transportViews(relay)]);
  return {
    mails: found.flatMap((one, index) =>
      one && one !== 'sealed' ? rowOf(place, one, records[index] ?? null, streams, transports) : [],
    ),
    ...(cursor !== undefined && { cursor }),
  };
}

function rowOf(
  place: QueuePlace,
  found: FoundMail,
  record: MailRecord | null,
  streams: readonly StreamView[],
  transports: readonly TransportView[],
): WaitingRow {
  const due = found.due ?? (place === 'scheduled' ? found.snapshot.notBefore : undefined);
  const why = whyOf(place, found, record, streams, transports);
  return {
    ...rowOfFound(found, record),
    ...(due !== undefined && { due: new Date(due).toISOString() }),
    ...(why !== undefined && { why }),
  };
}

/** What holds it back now comes before what it was told the last time. */
function whyOf(
  place: QueuePlace,
  { snapshot }: FoundMail,
  record: MailRecord | null,
  streams: readonly StreamView[],
  transports: readonly TransportView[],
): string | undefined {
  const error = record?.recipients.find((one) => one.error)?.error ?? record?.attempts.at(-1)?.error;
  if (place === 'dead') return error?.message;
  if (place === 'sending') return undefined;
  if (place === 'scheduled') return 'It is to go later';
  const stream = streams.find(({ name }) => name === snapshot.stream);
  if (stream?.paused) return `The stream ${stream.name} is paused ${stream.why}`;
  if (error) return error.message;
  const troubled = transports.filter(({ name, why }) => why !== undefined && isItsOwn(name, snapshot.transport));
  if (troubled.length > 0) return troubled.map(({ name, why }) => `${name}: ${why}`).join('; ');
  return place === 'deferred' ? 'It waits for its turn: a rate, a quota or a free place' : 'It is its turn next';
}

function isItsOwn(name: string, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === name;
}

function placeOf(state: string | undefined): QueuePlace {
  if (state === undefined) return 'waiting';
  if ((PLACES as readonly string[]).includes(state)) return state as QueuePlace;
  throw new ConsoleRejectedError(422, `state is one of ${PLACES.join(', ')}`, 'state');
}

const PLACES = ['waiting', 'scheduled', 'deferred', 'sending', 'dead'] as const satisfies readonly QueuePlace[];

async function gateOf(
  relay: RelayAccess,
  name: string,
): Promise<NonNullable<ReturnType<RelayAccess['transports']['gateOf']>>> {
  const views = await transportViews(relay);
  if (!views.some((view) => view.name === name))
    throw new ConsoleRejectedError(404, 'There is no transport of that name');
  return relay.transports.gateOf(name)!;
}

function nameOf(name: string): string {
  if (name.length <= 256) return name;
  throw new ConsoleRejectedError(404, 'There is no stream of that name');
}
