import type { RecipientState } from '../../delivery/outcome-store.interface.js';
import { STATE_RANK } from '../../delivery/outcome-store.interface.js';
import { ENDED, type MailStatus, mailStatus } from '../../mail-status.js';
import type { RelayAccess } from '../relay-access.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import { type ConsoleRequest, jsonOf, limitOf, textsOf, wordOf } from '../http/console-request.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import { type MailRow, rowOf, rowOfFound } from '../view/mail-row.js';
import { contentStateOf, foundOf, isSealed } from '../view/mail-source.js';
import { mailIdIn, readSearch } from './read-search.js';

/** Lists of mails, one mail, and what can be done about them. */
export const MAIL_ROUTES: ConsoleRoutes = {
  'GET mails': async (relay, request) => ({ json: await list(relay, request) }),
  'GET mails/:': async (relay, { parts }) => ({ json: await detail(relay, parts[0]!) }),
  'POST mails/retry': async (relay, request) => ({
    json: await each(request, async (id) => {
      if (!(await relay.mail.retry(id))) throw new Error(await whyNotRetried(relay, id));
    }),
  }),
  'POST mails/cancel': async (relay, request) => ({
    json: await each(request, async (id) => {
      if (await relay.mail.cancel(id)) return;
      const status = await relay.mail.status(id);
      throw new Error(status ? 'It is too late: nobody’s copy could be held back' : UNKNOWN);
    }),
  }),
};

interface MailPage {
  mails: MailRow[];
  cursor?: string;
  total?: number;
  note?: string;
}

async function list(relay: RelayAccess, { query }: ConsoleRequest): Promise<MailPage> {
  if (!relay.configuration.history)
    return { mails: [], note: 'This relay keeps no history (history: false); mails that wait are under Queue.' };
  const limit = limitOf(query);
  const text = wordOf(query, 'search');
  const own = text === undefined ? undefined : await mailIdIn(text, relay.queue);
  const only = own === undefined ? undefined : await rowById(relay, own);
  if (only) return { mails: [only], total: 1 };
  const state = stateOf(wordOf(query, 'state'));
  if (state !== undefined && WAITING.has(state)) return { mails: [], note: 'Mails that wait are under Queue.' };
  const read = text === undefined ? undefined : readSearch(text, relay.configuration.queue.encryption !== undefined);
  if (read?.nothing) return { mails: [], note: read.note! };
  const [stream, tag, transport] = ['stream', 'tag', 'transport'].map((name) => wordOf(query, name));
  const search = {
    ...read?.search,
    ...(stream !== undefined && { stream }),
    ...(tag !== undefined && { tag }),
    ...(transport !== undefined && { transport }),
  };
  const before = cursorOf(wordOf(query, 'cursor'));
  const { mails, next, cut } = await relay.history.page({
    search,
    limit,
    ...(state !== undefined && { state }),
    ...(before !== undefined && { before }),
  });
  const isAll = state === undefined && Object.keys(search).length === 0;
  const note = [read?.note, cut ? 'There may be more: older mails are not searched yet.' : undefined]
    .filter((one) => one !== undefined)
    .join(' ');
  return {
    mails: mails.map(({ id, record }) => rowOf(id, record)),
    ...(next !== undefined && { cursor: String(next) }),
    ...(isAll && { total: await relay.queue.history.size() }),
    ...(note !== '' && { note }),
  };
}

/** Of a mail in the queue or the store. */
async function rowById(relay: RelayAccess, id: string): Promise<MailRow | undefined> {
  const found = await foundOf(relay, id);
  const record = await relay.queue.store.load(id);
  if (found && found !== 'sealed') return rowOfFound(found, record);
  return record?.messageId === undefined ? undefined : rowOf(id, record);
}

async function detail(relay: RelayAccess, given: string): Promise<object> {
  const status = await relay.mail.status(given).catch((error: unknown) => {
    if (isSealed(error)) return sealedStatus(relay, given);
    throw error;
  });
  if (!status) throw new ConsoleRejectedError(404, UNKNOWN);
  const { id } = status;
  const found = await foundOf(relay, id);
  const record = await relay.queue.store.load(id);
  const row = found && found !== 'sealed' ? rowOfFound(found, record) : record && rowOf(id, record);
  if (found === 'sealed')
    return { ...row, ...storyOf(status), content: 'sealed', retryable: false, cancellable: false };
  const { recipients } = status;
  return {
    ...row,
    ...storyOf(status),
    ...(found && { envelopeFrom: found.snapshot.envelope.from }),
    ...(found?.due !== undefined && { due: new Date(found.due).toISOString() }),
    content: await contentStateOf(relay, id, found),
    retryable: found?.state === 'failed',
    cancellable: found !== null && found.state !== 'failed' && recipients.some(({ state }) => !ENDED.has(state)),
  };
}

function storyOf({ recipients, attempts, events }: MailStatus): object {
  return {
    metadata: events[0]?.metadata ?? {},
    recipientStates: recipients,
    attempts,
    events: events.map(({ raw: _raw, ...event }) => event),
  };
}

/** Of a mail in the queue whose key is not here, what lies in clear. */
async function sealedStatus({ queue }: RelayAccess, id: string): Promise<MailStatus | null> {
  const [record, feedback] = await Promise.all([queue.store.load(id), queue.timeline.read(id)]);
  return mailStatus(id, null, record, feedback);
}

async function whyNotRetried(relay: RelayAccess, id: string): Promise<string> {
  const status = await relay.mail.status(id);
  if (!status) return UNKNOWN;
  return status.recipients.every(({ state }) => ENDED.has(state))
    ? 'It is no dead letter, and has not bounced'
    : 'It still waits, and is tried again by itself';
}

async function each(
  request: ConsoleRequest,
  act: (id: string) => Promise<void>,
): Promise<{ done: string[]; failed: { id: string; why: string }[] }> {
  const ids = textsOf((await jsonOf(request))['ids'], 'ids', MOST_IDS);
  const done: string[] = [];
  const failed: { id: string; why: string }[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE)
    await Promise.all(
      ids.slice(from, from + AT_ONCE).map((id) =>
        act(id).then(
          () => done.push(id),
          (error: Error) => failed.push({ id, why: error.message }),
        ),
      ),
    );
  return { done, failed };
}

function stateOf(state: string | undefined): RecipientState | undefined {
  if (state === undefined || Object.hasOwn(STATE_RANK, state)) return state as RecipientState | undefined;
  throw new ConsoleRejectedError(422, `state is one of ${Object.keys(STATE_RANK).join(', ')}`, 'state');
}

function cursorOf(cursor: string | undefined): number | undefined {
  if (cursor === undefined || /^\d{1,15}$/.test(cursor)) return cursor === undefined ? undefined : Number(cursor);
  throw new ConsoleRejectedError(422, 'cursor is one that an earlier page has given', 'cursor');
}

const WAITING: ReadonlySet<RecipientState> = new Set(['scheduled', 'queued', 'sending']);
const UNKNOWN = 'Nothing is known of this mail; it may be older than the retention';
const MOST_IDS = 1_000;
const AT_ONCE = 20;
