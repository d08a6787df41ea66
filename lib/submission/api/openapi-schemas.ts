import { STATE_RANK } from '../../delivery/outcome-store.interface.js';
import { MAIL_EVENT_TYPES } from '../../events/mail-event.interface.js';
import type { Attempt, MailStatus, SendResult } from '../../mail-status.js';
import type { ApiComposedMessage, ApiRawMessage } from './api-message.interface.js';
import type { ProblemDetails } from './problem-details.js';

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const time = { type: 'string', format: 'date-time' } as const;
const base64 = { type: 'string', contentEncoding: 'base64' } as const;
const record = { type: 'object', additionalProperties: text } as const;
const anything = { type: 'object', additionalProperties: true } as const;
const word = { type: 'string', minLength: 1, maxLength: 256 } as const;
const duration = {
  oneOf: [
    { type: 'number', minimum: 0, description: 'Milliseconds.' },
    { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$', examples: ['10s', '24h'] },
  ],
} as const;

export function ref(name: keyof typeof SCHEMAS): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: 'object', properties, ...(required.length > 0 && { required }), additionalProperties: false };
}

function oneOrMany(schema: Schema): Schema {
  return { oneOf: [schema, { type: 'array', items: schema }] };
}

const address = { $ref: '#/components/schemas/Address' } as const;
const addresses = oneOrMany(address);

const COMMON = {
  tags: { type: 'array', items: word },
  metadata: record,
  tenant: word,
  stream: { ...word, description: 'Default `transactional`.', examples: ['transactional', 'broadcast'] },
  priority: { enum: ['high', 'normal', 'low'], description: 'Default `normal`; in an array `low`.' },
  transport: word,
  delay: { ...duration, description: 'Not before this long from now. Not with `sendAt`.' },
  sendAt: { ...time, description: 'Not before this time. Not with `delay`.' },
  idempotencyKey: { type: 'string', minLength: 1, maxLength: 255, description: 'Instead of the header.' },
  retry: object({ maxAge: duration, delay: duration, maxDelay: duration }),
  provider: { type: 'object', additionalProperties: anything },
} as const satisfies Record<string, Schema>;

/** What the paths refer to. */
export const SCHEMAS = {
  Address: {
    oneOf: [
      { type: 'string', examples: ['ada@x.test', 'Ada <ada@x.test>'] },
      object({ address: text, name: text }, ['address']),
      object({ email: text, name: text, locale: text }, ['email']),
    ],
  },
  Attachment: object({ filename: text, content: base64, contentType: text, cid: text }, ['content']),
  ComposedMessage: {
    ...object({
      to: addresses,
      cc: addresses,
      bcc: addresses,
      from: address,
      replyTo: addresses,
      envelope: object({ from: { ...text, description: 'The return path; empty for the null sender.' } }),
      subject: text,
      html: text,
      text,
      template: text,
      context: { ...anything, description: 'Of the template.' },
      headers: record,
      attachments: { type: 'array', items: { $ref: '#/components/schemas/Attachment' } },
      locale: word,
      unsubscribe: {
        oneOf: [{ type: 'boolean' }, object({ list: { type: 'string', minLength: 1, maxLength: 100 } })],
        description: 'Whether the mail carries List-Unsubscribe. Default `true` for the stream `broadcast`.',
      },
      track: {
        oneOf: [{ type: 'boolean' }, object({ opens: { type: 'boolean' }, clicks: { type: 'boolean' } })],
        description: 'Whether opens and clicks are tracked. Default as the relay says.',
      },
      ...COMMON,
    } satisfies { [K in keyof ApiComposedMessage]-?: Schema }),
    description: 'With at least one recipient, and with `subject` or `template`.',
    anyOf: [{ required: ['to'] }, { required: ['cc'] }, { required: ['bcc'] }],
  },
  RawMessage: object(
    {
      raw: { ...base64, description: 'A finished message (RFC 5322).' },
      envelope: object({ from: text, to: { ...texts, minItems: 1 } }, ['to']),
      notify: { oneOf: [{ type: 'boolean' }, anything], description: 'What the sender is told by mail (RFC 3461).' },
      ...COMMON,
    } satisfies { [K in keyof ApiRawMessage]-?: Schema },
    ['raw', 'envelope'],
  ),
  Message: {
    oneOf: [{ $ref: '#/components/schemas/ComposedMessage' }, { $ref: '#/components/schemas/RawMessage' }],
  },
  State: {
    enum: Object.keys(STATE_RANK),
  },
  Recipient: object(
    {
      address: text,
      state: { $ref: '#/components/schemas/State' },
      error: object({ message: text, replyCode: { type: 'integer' }, enhancedCode: text, reason: text }, ['message']),
    },
    ['address', 'state'],
  ),
  SendResult: object(
    {
      id: text,
      messageId: text,
      duplicate: { type: 'boolean', description: 'It was queued before, under the same idempotency key.' },
      recipients: { type: 'array', items: { $ref: '#/components/schemas/Recipient' } },
    } satisfies { [K in keyof SendResult]-?: Schema },
    ['id', 'messageId', 'duplicate', 'recipients'],
  ),
  Attempt: object(
    {
      transport: text,
      at: time,
      outcome: text,
      error: object(
        {
          message: text,
          scope: { enum: ['message', 'recipient', 'transport'] },
          ambiguous: { type: 'boolean' },
          replyCode: { type: 'integer' },
        },
        ['message', 'scope', 'ambiguous'],
      ),
      passed: { type: 'array', items: object({ transport: text, why: text }, ['transport', 'why']) },
    } satisfies { [K in keyof Attempt]-?: Schema },
    ['transport', 'at', 'outcome'],
  ),
  Event: {
    type: 'object',
    description: 'What happened to the mail; what else it says depends on its type.',
    properties: {
      id: text,
      type: { enum: MAIL_EVENT_TYPES },
      recipient: text,
      timestamp: time,
      provider: text,
      mailId: text,
      messageId: text,
      tags: texts,
      metadata: record,
    },
    required: ['id', 'type', 'recipient', 'timestamp', 'provider', 'tags', 'metadata'],
  },
  MailStatus: object(
    {
      id: text,
      messageId: text,
      duplicate: { type: 'boolean' },
      recipients: { type: 'array', items: { $ref: '#/components/schemas/Recipient' } },
      mail: text,
      stream: text,
      tenant: text,
      attempts: { type: 'array', items: { $ref: '#/components/schemas/Attempt' } },
      events: { type: 'array', items: { $ref: '#/components/schemas/Event' } },
      moreEvents: { type: 'integer', description: 'Opens and clicks that were not kept.' },
    } satisfies { [K in keyof MailStatus]-?: Schema },
    ['id', 'messageId', 'duplicate', 'recipients', 'attempts', 'events'],
  ),
  Item: {
    description: 'What became of one message of an array.',
    oneOf: [
      object(
        {
          status: { enum: [200, 202] },
          result: {
            oneOf: [{ $ref: '#/components/schemas/SendResult' }, { $ref: '#/components/schemas/MailStatus' }],
          },
        },
        ['status', 'result'],
      ),
      object({ status: { type: 'integer', minimum: 400 }, error: { $ref: '#/components/schemas/Problem' } }, [
        'status',
        'error',
      ]),
    ],
  },
  Problem: {
    ...object(
      {
        type: { const: 'about:blank' },
        title: text,
        status: { type: 'integer', minimum: 400, maximum: 599 },
        code: { ...text, description: 'One word for programs.' },
        detail: text,
        field: { ...text, description: 'Where in the message: `to[1]`, `attachments[0].path`.' },
        template: text,
        line: { type: 'integer' },
        column: { type: 'integer' },
        variable: text,
        feature: text,
        transport: text,
        stored: { enum: [false, 'unknown'] },
      } satisfies { [K in keyof ProblemDetails]-?: Schema },
      ['type', 'title', 'status', 'code', 'detail'],
    ),
    description: 'RFC 9457.',
  },
} as const satisfies Record<string, Schema>;
