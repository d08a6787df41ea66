import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { onTestFinished } from 'vitest';
import type { RawOptions } from '../../../lib/index.js';
import { MemorySharedStore } from '../../../lib/store/memory.shared-store.js';
import {
  RelaySubmission,
  type RelaySubmissionOptions,
  SubmissionAuthenticator,
  type SubmissionCredentials,
  type SubmissionUser,
} from '../../../lib/submission.js';
import { LogRecorder } from '../../support/log-recorder.js';
import { localhost } from '../../support/tls/localhost.js';

/** What was logged. */
export const log = new LogRecorder();
Logger.overrideLogger(log);

/** Lets in whoever has the password `secret`, or the token `token`. */
export class Users extends SubmissionAuthenticator {
  readonly asked: SubmissionCredentials[] = [];

  constructor(private readonly user: Partial<SubmissionUser> = {}) {
    super();
  }

  async authenticate(credentials: SubmissionCredentials): Promise<SubmissionUser | null> {
    this.asked.push(credentials);
    const { username, password, accessToken } = credentials;
    return password === 'secret' || accessToken === 'token' ? { id: username, ...this.user } : null;
  }
}

export interface Taken {
  readonly raw: string;
  readonly options: RawOptions;
}

export interface OpenSubmission {
  readonly submission: RelaySubmission;
  /** Of the first listener. */
  readonly port: number;
  readonly taken: Taken[];
  close(): Promise<void>;
}

export const tls = { key: localhost.key, cert: localhost.cert };
export const CLEAR = { port: 0, host: '127.0.0.1', tls: 'none' } as const;

/**
 * A submission server that keeps what it takes, on a clear port of the loopback for user `ada`; it ends with the test.
 *
 * @param sendRaw what the relay does instead
 */
export async function openSubmission(
  options: Partial<RelaySubmissionOptions> = {},
  sendRaw?: (raw: Uint8Array, options: RawOptions) => Promise<{ id: string }>,
): Promise<OpenSubmission> {
  const taken: Taken[] = [];
  const relay = {
    async sendRaw(raw: Uint8Array, rawOptions: RawOptions) {
      const result = await (sendRaw?.(raw, rawOptions) ?? { id: `mail-${taken.length + 1}` });
      taken.push({ raw: Buffer.from(raw).toString('latin1'), options: rawOptions });
      return result;
    },
  };
  const store = new MemorySharedStore(Date.now);
  const submission = new RelaySubmission(
    { listen: [CLEAR], authenticator: new Users(), name: 'mail.acme.test', ...options },
    { modules: {} as ModuleRef, relay: () => relay, store: () => store },
  );
  await submission.onApplicationBootstrap();
  const close = () => submission.beforeApplicationShutdown();
  onTestFinished(close);
  return { submission, port: submission.addresses[0]!.port, taken, close };
}

export const MESSAGE = [
  'From: Ada <ada@acme.test>',
  'To: bob@x.test',
  'Subject: Hello',
  'Message-ID: <one@acme.test>',
  'Date: Fri, 27 Nov 2026 10:00:00 +0000',
  '',
  'Hello there.',
  '.. two dots, and none:',
  '.',
  '',
].join('\r\n');

/** A message with these header fields more, or instead. */
export function messageWith(...fields: string[]): string {
  return `${fields.join('\r\n')}\r\n${MESSAGE}`;
}
