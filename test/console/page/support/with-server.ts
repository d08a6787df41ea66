import { afterEach, beforeEach } from 'vitest';
import { ContractServer } from './contract-server.js';
import { sampleMail } from './sample-data.js';

/** A server of its own for each test, with mails of the last hours. */
export function useServer(mails = 200): { server: ContractServer; url: string } {
  const held = {} as { server: ContractServer; url: string };
  beforeEach(async () => {
    held.server = new ContractServer();
    const now = Date.now();
    held.server.mails = Array.from({ length: mails }, (_, index) => sampleMail(index, now));
    held.url = await held.server.listen();
  });
  afterEach(() => held.server.close());
  return held;
}
