// What the console's HTTP API answers (docs/console.md). Times are ISO 8601.

import { type RecipientState, STATE_RANK } from '../../../delivery/outcome-store.interface.js';
import { COUNTED_TYPES, type CountedType } from '../../../events/count-store.interface.js';

export const RECIPIENT_STATES = Object.keys(STATE_RANK) as RecipientState[];
export type { RecipientState };

/** RFC 9457. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  field?: string;
}

export interface Session {
  relay: string;
  relays: string[];
  readonly: boolean;
  csrf: string;
  version: string;
  environment: string;
  features: { content: boolean; previews: boolean; tracking: boolean; clear: boolean };
}

export interface MailRow {
  id: string;
  messageId: string;
  mail?: string;
  subject?: string;
  from?: string;
  /** The first three. */
  to: string[];
  recipients: number;
  /** The one that needs most attention. */
  state: RecipientState;
  states: Partial<Record<RecipientState, number>>;
  stream: string;
  tenant?: string;
  tags: string[];
  transport?: string;
  at: string;
  changedAt: string;
  size?: number;
  attachments?: number;
  opened?: number;
  clicked?: number;
}

export interface MailPage {
  mails: MailRow[];
  cursor?: string;
  total?: number;
  /** What was not searched, if anything. */
  note?: string;
}

export interface RecipientStatus {
  address: string;
  state: RecipientState;
  error?: { message: string; replyCode?: number; enhancedCode?: string; reason?: string };
}

export interface Attempt {
  transport: string;
  at: string;
  outcome: string;
  error?: { message: string; scope: string; ambiguous: boolean; replyCode?: number };
  passed?: { transport: string; message?: string; error?: string }[];
}

export interface MailEvent {
  id: string;
  type: string;
  recipient: string;
  timestamp: string;
  provider: string;
  transport?: string;
  reason?: string;
  description?: string;
  replyCode?: number;
  enhancedCode?: string;
  url?: string;
  userAgent?: string;
  ip?: string;
  feedbackType?: string;
  /** An open or a click of a machine: a proxy, a scanner. */
  machine?: boolean | string;
}

export interface MailDetail extends MailRow {
  metadata: Record<string, string>;
  envelopeFrom?: string;
  recipientStates: RecipientStatus[];
  attempts: Attempt[];
  events: MailEvent[];
  content: 'available' | 'gone' | 'sealed';
  retryable: boolean;
  cancellable: boolean;
}

export interface ContentLink {
  url: string;
  text: string;
  kind: 'http' | 'mailto' | 'tel' | 'anchor' | 'other';
  warning?: string;
}

export interface ContentWarning {
  code: string;
  severity: 'info' | 'warn' | 'error';
  message: string;
  help?: string;
}

export interface MailContentView {
  subject: string;
  from: string;
  to: string[];
  cc: string[];
  replyTo: string[];
  date?: string;
  headers: [name: string, value: string][];
  html?: string;
  text?: string;
  attachments: { index: number; filename?: string; contentType: string; size: number; cid?: string }[];
  size: number;
  links: ContentLink[];
  warnings: ContentWarning[];
}

export interface CheckedLink {
  url: string;
  status?: number;
  ok: boolean;
  why?: string;
}

export interface PreviewList {
  mails: { mail: string; previews: { id: string; name: string; locales: string[] }[] }[];
}

export interface TemplateProblem {
  message: string;
  template?: string;
  line?: number;
  column?: number;
}

export interface PreviewView extends MailContentView {
  locale?: string;
  error?: TemplateProblem;
}

export const QUEUE_STATES = ['waiting', 'scheduled', 'deferred', 'sending', 'dead'] as const;
export type QueueState = (typeof QUEUE_STATES)[number];
export type QueueCounts = Record<QueueState, number>;

export interface StreamView {
  name: string;
  paused: boolean;
  until?: string;
  why?: string;
}

export interface TransportView {
  name: string;
  /** Its URL, without secrets. */
  printed: string;
  breaker: 'closed' | 'open' | 'half-open';
  why?: string;
  until?: string;
  paused: boolean;
  rate?: { limit: string; used?: number };
  quota?: { limit: string; used: number; until?: string };
  concurrency?: { limit: number; used: number };
}

export interface QueueView {
  backend: string;
  counts: QueueCounts;
  streams: StreamView[];
  transports: TransportView[];
}

export type QueuedMail = MailRow & { due?: string; why?: string };

export interface BulkAnswer {
  done: string[];
  failed: { id: string; why: string }[];
}

export { COUNTED_TYPES as COUNTED };
export type Counted = CountedType;

export interface Rate {
  provider: string;
  stream?: string;
  bounceRate: number;
  complaintRate: number;
  limits: { bounceRate?: number; complaintRate?: number; source?: string };
  sent: number;
}

export interface Statistics {
  days: string[];
  series: { key: string; counts: Partial<Record<Counted, number[]>> }[];
  /** Milliseconds from send() to the provider's answer, by day. */
  latency: Record<'p50' | 'p95' | 'p99', (number | null)[]>;
  rates: Rate[];
}

export interface SuppressionEntry {
  address: string;
  reason: string;
  stream?: string;
  tenant?: string;
  source?: string;
  at: string;
  expires?: string;
}

export interface DnsRecord {
  name: string;
  type: string;
  value: string;
}

export interface DomainReport {
  domain: string;
  status: 'pass' | 'warn' | 'fail';
  checks: {
    name: string;
    subject: string;
    status: 'pass' | 'warn' | 'fail' | 'skip';
    summary: string;
    details: string[];
    record?: DnsRecord;
  }[];
  checkedAt: string;
}
