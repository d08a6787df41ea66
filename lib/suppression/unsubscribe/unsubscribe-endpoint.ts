import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { beginAnswer } from '../../http/begin-answer.js';
import { readBody } from '../../http/read-body.js';
import { LogPace } from '../../log-pace.js';
import { type Subscription, TOKEN_PARAMETER, type UnsubscribeLinks } from '../../mail/unsubscribe-links.js';
import { type PostedAction, postedAction } from './posted-action.js';
import type { Subscriptions } from './subscriptions.interface.js';
import { hiddenAddress, PAGE_HEADERS, unsubscribePage, type UnsubscribePage } from './unsubscribe-page.js';
import type { UnsubscribeLanguages, UnsubscribeTexts } from './unsubscribe-texts.js';

export interface UnsubscribeEndpointParts {
  links: UnsubscribeLinks;
  subscriptions: Subscriptions;
  languages: UnsubscribeLanguages;
  /** Whose mails they are. */
  sender?: string;
}

interface Answer {
  status: number;
  page: Pick<UnsubscribePage, 'title' | 'words' | 'button'>;
  headers?: Readonly<Record<string, string>>;
}

/**
 * Answers the links of `List-Unsubscribe`. A GET shows a page and changes nothing, since scanners follow links; a POST is one click, of a
 * mail program or of the page's button (RFC 8058).
 */
export class UnsubscribeEndpoint {
  readonly #parts: () => UnsubscribeEndpointParts;
  readonly #logger = new Logger('MailRelay');
  readonly #pace = new LogPace(1_000);
  /** Requests without a good token in this second. */
  #garbage = { second: 0, count: 0 };

  /** @param parts asked for with each request: they are there once the application has started */
  constructor(parts: () => UnsubscribeEndpointParts) {
    this.#parts = parts;
  }

  /** @param rest what stands behind the endpoint's path */
  async handle(request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
    const { links, languages, sender } = this.#parts();
    const { language, texts } = languages.choose(request.headers['accept-language']);
    const subscription = rest === '' ? links.read(tokenOf(request)) : null;
    if (!subscription && this.#isTooMuch()) return void response.writeHead(429, { Connection: 'close' }).end();
    const { status, page, headers } = await this.#answer(request, subscription, texts).catch((error: unknown) => {
      this.#log(error);
      return failed(texts);
    });
    const text = unsubscribePage({ language, ...(sender !== undefined && { sender }), ...page });
    await write(request, response, status, { ...PAGE_HEADERS, ...headers }, text);
  }

  async #answer(request: IncomingMessage, found: Subscription | null, texts: UnsubscribeTexts): Promise<Answer> {
    const method = request.method ?? '';
    if (!METHODS.includes(method)) return { ...unclear(405, texts), headers: { Allow: METHODS.join(', ') } };
    if (!found) return invalid(400, texts);
    const { subscriptions } = this.#parts();
    if (method !== 'POST') return page(found, texts, (await subscriptions.hasEnded(found)) ? 'ended' : 'asked');
    const action = await actionOf(request);
    if (action === 'unsubscribe') await subscriptions.end(found);
    else if (action === 'subscribe') await subscriptions.renew(found);
    else return unclear(400, texts);
    return page(found, texts, action === 'unsubscribe' ? 'ended' : 'renewed');
  }

  /** A token costs next to nothing to look at; a page and a line for each of a flood's would cost more. */
  #isTooMuch(): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#garbage.second) this.#garbage = { second, count: 0 };
    return ++this.#garbage.count > MOST_GARBAGE;
  }

  #log(error: unknown): void {
    if (!this.#pace.isDue()) return;
    this.#logger.warn(`Nobody could unsubscribe: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const METHODS = ['GET', 'HEAD', 'POST'];

/** A second, of a process. */
const MOST_GARBAGE = 50;
/** Bytes, and milliseconds: what is posted is a word. */
const BODY = { most: 10_000, time: 10_000 } as const;

function tokenOf({ url = '' }: IncomingMessage): string {
  const mark = url.indexOf('?');
  return (mark >= 0 && new URLSearchParams(url.slice(mark + 1)).get(TOKEN_PARAMETER)) || '';
}

async function actionOf(request: IncomingMessage): Promise<PostedAction | undefined> {
  try {
    const body = await readBody(request, { ...BODY, reject: (_status, why) => new Error(why) });
    return postedAction(body.toString('latin1'), (request.headers['content-type'] ?? '').slice(0, 200));
  } catch {
    // Too long, too slow, or gone.
    return undefined;
  }
}

function page({ recipient }: Subscription, texts: UnsubscribeTexts, state: 'asked' | 'ended' | 'renewed'): Answer {
  const unsubscribe = { action: 'unsubscribe', label: texts.unsubscribe } as const;
  const subscribe = { action: 'subscribe', label: texts.subscribe } as const;
  const [title, words, button] = {
    asked: [texts.title, texts.question, unsubscribe] as const,
    ended: [texts.doneTitle, texts.done, subscribe] as const,
    renewed: [texts.subscribedTitle, texts.subscribed, unsubscribe] as const,
  }[state];
  const address = hiddenAddress(recipient);
  return { status: 200, page: { title, words: words.replaceAll('{address}', () => address), button } };
}

function invalid(status: number, { invalidTitle, invalid: words }: UnsubscribeTexts): Answer {
  return { status, page: { title: invalidTitle, words } };
}

function unclear(status: number, { unclearTitle, unclear: words }: UnsubscribeTexts): Answer {
  return { status, page: { title: unclearTitle, words } };
}

function failed({ laterTitle, later }: UnsubscribeTexts): Answer {
  return { status: 503, page: { title: laterTitle, words: later }, headers: { 'Retry-After': '60' } };
}

async function write(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
): Promise<void> {
  if (!(await beginAnswer(request, response))) return;
  const bytes = Buffer.from(text);
  response.writeHead(status, { ...headers, 'Content-Length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
