import { ref, type Schema, SCHEMAS } from './openapi-schemas.js';

export interface RelayApiDescriptionOptions {
  /** Where it is mounted; default `relay`. */
  path?: string;
  /** Of an array; default 1,000. */
  maxMessages?: number;
}

/** The HTTP API in OpenAPI 3.1, as `GET /relay/openapi.json` gives it. */
export function relayApiDescription({ path = 'relay', maxMessages = 1_000 }: RelayApiDescriptionOptions = {}): Schema {
  const base = `/${path.replace(/^\/|\/$/g, '')}`;
  return {
    openapi: '3.1.1',
    info: {
      title: 'Mail relay',
      version: '1',
      description: 'Takes mails, queues them durably, and tells what becomes of them.',
    },
    security: [{ key: [] }],
    paths: {
      [`${base}/messages`]: { post: submit(maxMessages) },
      [`${base}/messages/{id}`]: { parameters: [ID], get: STATUS, delete: CANCEL },
      [`${base}/openapi.json`]: { get: DESCRIPTION },
    },
    components: {
      schemas: SCHEMAS,
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key.' } },
    },
  };
}

const ID = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string' },
  description: 'The id of the message, its Message-ID, or the id that its provider gave it.',
} as const;

const WAIT = {
  name: 'wait',
  in: 'query',
  schema: { type: 'string', examples: ['10s'] },
  description: 'Answers with the status as soon as every recipient is past the queue, or after this time.',
} as const;

const KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  schema: { type: 'string', minLength: 1, maxLength: 246 },
  description: 'The same key is queued once: a second request gets the first message, with `duplicate: true`.',
} as const;

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'No JSON, or a parameter that there is not',
  401: 'No key, or one that is not known',
  403: 'The key has not the scope, or is for other senders, another tenant or stream',
  404: 'Not known, or of another tenant',
  405: 'Another method',
  408: 'The body did not come in time',
  409: 'Too late',
  413: 'Too large',
  415: 'Not application/json, or compressed',
  422: 'A message that cannot be sent; `field` names where',
  429: 'Too fast',
  500: 'Unforeseen',
  503: 'The queue, or whoever knows the keys, cannot be reached',
};

const EVERYWHERE = [401, 403, 405, 500, 503] as const;

/** Of a resource that needs a key. */
function problems(...statuses: readonly number[]): Schema {
  return described([...statuses, ...EVERYWHERE].toSorted((a, b) => a - b));
}

function described(statuses: readonly number[]): Schema {
  const content = { 'application/problem+json': { schema: ref('Problem') } };
  return Object.fromEntries(statuses.map((status) => [String(status), { description: DESCRIPTIONS[status], content }]));
}

function json(description: string, schema: Schema, more: Schema = {}): Schema {
  return { description, content: { 'application/json': { schema } }, ...more };
}

const LOCATION = { headers: { Location: { schema: { type: 'string' }, description: 'Where its status is.' } } };

function submit(maxMessages: number): Schema {
  const list = { type: 'array', items: ref('Message'), minItems: 1, maxItems: maxMessages };
  return {
    operationId: 'submitMessages',
    summary: 'Sends one message, or an array of them',
    description: 'Needs the scope `send`.',
    parameters: [WAIT, KEY],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { oneOf: [ref('Message'), list] } } },
    },
    responses: {
      200: json('With `wait`: every recipient is past the queue', ref('MailStatus'), LOCATION),
      202: json('Queued; with `wait`: still open', { oneOf: [ref('SendResult'), ref('MailStatus')] }, LOCATION),
      207: json('An array: an item for each message, in their order', { type: 'array', items: ref('Item') }),
      ...problems(400, 408, 413, 415, 422, 429),
    },
  };
}

const STATUS = {
  operationId: 'getMessage',
  summary: 'Tells what became of a message',
  description: 'Needs the scope `read`.',
  parameters: [WAIT],
  responses: { 200: json('Its recipients, attempts and events', ref('MailStatus')), ...problems(400, 404) },
} as const;

const CANCEL = {
  operationId: 'cancelMessage',
  summary: 'Cancels a message that has not been sent',
  description: 'Needs the scope `cancel`.',
  responses: { 200: json('What could be held back is cancelled', ref('MailStatus')), ...problems(400, 404, 409) },
} as const;

const DESCRIPTION = {
  operationId: 'getDescription',
  summary: 'This description',
  security: [],
  responses: { 200: json('OpenAPI 3.1', { type: 'object' }), ...described([405]) },
} as const;
