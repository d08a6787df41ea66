import type { MailTransport, RelayOptions } from '../../../lib/index.js';
import { type RelayApplication, startRelay } from '../../support/relay-application.js';
import { ADAPTER_STAGES } from './adapter.stages.js';
import type { ArrivedMail } from './arrived-mail.js';
import { GOOGLE_WORKSPACE_STAGE } from './google-workspace.stage.js';
import { LOCAL_STAGES } from './local.stages.js';
import { MAILGUN_STAGES } from './mailgun.stages.js';
import { PLAIN_SMTP_STAGES } from './plain-smtp.stages.js';
import { POSTMARK_STAGES } from './postmark.stages.js';
import { SENDSTREAK_STAGE } from './sendstreak.stage.js';
import { SES_STAGES } from './ses.stages.js';
import type { RunningStage, Stage, StageOptions } from './stage.js';

/** Every transport of the relay. */
export const STAGES: readonly Stage[] = [
  ...PLAIN_SMTP_STAGES,
  ...SES_STAGES,
  GOOGLE_WORKSPACE_STAGE,
  ...POSTMARK_STAGES,
  ...MAILGUN_STAGES,
  SENDSTREAK_STAGE,
  ...ADAPTER_STAGES,
  ...LOCAL_STAGES,
];

export interface Theatre extends RelayApplication {
  readonly transports: Readonly<Record<string, MailTransport>>;
  /** What has come to one of them since the last call. */
  take(name: string): Promise<ArrivedMail[]>;
}

/** One application with a transport to each of the stages, by the stage's name. */
export async function openStages(
  stages: readonly Stage[],
  { stage = {}, relay = {} }: { stage?: StageOptions; relay?: RelayOptions } = {},
): Promise<Theatre> {
  const running = new Map<string, RunningStage>();
  for (const one of stages) running.set(one.name, await one.start(stage));
  const transports = Object.fromEntries([...running].map(([name, { transport }]) => [name, transport]));
  const application = await startRelay({ transports, route: stages[0]!.name, ...relay });
  return {
    ...application,
    transports,
    take: (name) => running.get(name)!.take(),
    close: async () => {
      await application.close();
      await Promise.all([...running.values()].map((one) => one.close()));
    },
  };
}
