import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { MailOptions, MailStatus, RelayOptions, SendResult, TransportCapabilities } from '../../../lib/index.js';
import type { ArrivedMail } from './arrived-mail.js';
import { ORDER_TEMPLATES, OrderMail, type OrderParts } from './order.mail.js';
import { carried } from './parts.js';
import type { Stage, StageOptions } from './stage.js';
import { openStages, type Theatre } from './stages.js';

/** What the tests of one group do with their stages. */
export interface OnStage {
  capabilitiesOf(stage: Stage): TransportCapabilities | undefined;
  /** What the stage's transport can carry of a whole mail. */
  partsOf(stage: Stage): OrderParts;
  /** Sends the order mail. */
  send(stage: Stage, parts: OrderParts, options?: MailOptions): Promise<SendResult>;
  /** Sends it, and waits until every recipient has an outcome. */
  delivered(
    stage: Stage,
    parts: OrderParts,
    options?: MailOptions,
  ): Promise<{ status: MailStatus; arrived: ArrivedMail[] }>;
}

/** One application with a transport to each of the stages, for the length of a group of tests. */
export function onStage(stages: readonly Stage[], stage: StageOptions = {}, relay: RelayOptions = {}): OnStage {
  let theatre: Theatre;
  let templates: string;
  beforeAll(async () => {
    templates = await mkdtemp(join(tmpdir(), 'relay-test-'));
    for (const [name, content] of Object.entries(ORDER_TEMPLATES)) await writeFile(join(templates, name), content);
    const options = { templates: { dir: templates }, retry: { delay: 1, maxDelay: 10 }, ...relay };
    theatre = await openStages(stages, { stage, relay: options });
  });
  afterAll(async () => {
    await theatre.close();
    await rm(templates, { recursive: true });
  });

  const capabilitiesOf: OnStage['capabilitiesOf'] = ({ name }) => theatre.transports[name]!.capabilities;
  const send: OnStage['send'] = ({ name }, parts, options = {}) => {
    const { to, cc, bcc } = parts;
    return theatre.mail.send(new OrderMail(parts), { to, cc, bcc, transport: name, ...options });
  };
  return {
    capabilitiesOf,
    partsOf: (one) => carried(one, capabilitiesOf(one)),
    send,
    async delivered(one, parts, options) {
      const { id } = await send(one, parts, options);
      const status = await theatre.mail.wait(id, { timeout: '20s' });
      return { status, arrived: await theatre.take(one.name) };
    },
  };
}

/** What became of each recipient. */
export function statesOf({ recipients }: MailStatus): Record<string, string> {
  return Object.fromEntries(recipients.map(({ address, state }) => [address, state]));
}
