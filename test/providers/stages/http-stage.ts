import type { MailTransport } from '../../../lib/index.js';
import { type HttpReply, type ReceivedRequest, startHttpServer } from '../../support/http/start-http-server.js';
import type { ArrivedMail } from './arrived-mail.js';
import { onlyNew, type Stage } from './stage.js';

interface HttpStage extends Omit<Stage, 'start' | 'create'> {
  transport(baseUrl: string): MailTransport;
  /** How it answers a request; one that it refuses is no mail. */
  answer(request: ReceivedRequest): HttpReply;
  read(request: ReceivedRequest): Promise<ArrivedMail>;
}

/** A provider that takes mails over an API. */
export function httpStage({ transport, answer, read, ...stage }: HttpStage): Stage {
  return {
    ...stage,
    async start() {
      const accepted: ReceivedRequest[] = [];
      const server = await startHttpServer((request) => {
        const reply = answer(request);
        if ((('status' in reply && reply.status) || 200) < 300) accepted.push(request);
        return reply;
      });
      const started = transport(server.url);
      return {
        transport: started,
        take: onlyNew(accepted, read),
        close: async () => {
          await started.close?.();
          await server.close();
        },
      };
    },
  };
}

/** An address that an API with no SMTPUTF8 behind it refuses. */
// oxlint-disable-next-line no-control-regex
export const MISFIT = /[^\s,"<]*[^\0-\x7f\s][^\s,"<]*@[a-z.-]+/;
