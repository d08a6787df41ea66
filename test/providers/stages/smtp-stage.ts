import { startSmtpServer, type SmtpServerOptions } from '../../support/smtp/start-smtp-server.js';
import { localhost } from '../../support/tls/localhost.js';
import type { MailTransport, SmtpTransportOptions } from '../../../lib/index.js';
import { arrivedMime } from './arrived-mime.js';
import { onlyNew, type SmtpPlace, type Stage } from './stage.js';
import type { ArrivedMail } from './arrived-mail.js';

interface SmtpStage extends Pick<Stage, 'name' | 'provider' | 'extras'> {
  server?: SmtpServerOptions;
  /** The provider's own headers. */
  headers?: RegExp;
  own?: Stage['own'];
  givesId?: boolean;
  /** Whether it is one of our own transports. */
  ours: boolean;
  transport(options: SmtpPlace & Partial<SmtpTransportOptions>): MailTransport;
  /** What else is to be seen of a message. */
  look?(raw: Buffer): Promise<Record<string, unknown>>;
}

/** A provider that takes mails over SMTP. */
export function smtpStage({ server, headers, transport, ours, look, ...stage }: SmtpStage): Stage {
  return {
    own: () => ({}),
    givesId: false,
    ...stage,
    ...(ours && { create: transport }),
    async start({ smtputf8 = true, smtp = {} } = {}) {
      const running = await startSmtpServer({ ...server, smtputf8 });
      const { host, port, mails } = running;
      const started = transport({ host, port, tlsOptions: { ca: localhost.cert }, ...(ours && smtp) });
      return {
        transport: started,
        take: onlyNew(mails, async ({ raw, envelope: { to } }): Promise<ArrivedMail> => {
          const arrived = await arrivedMime(raw, to, headers);
          return look ? { ...arrived, own: { ...arrived.own, ...(await look(raw)) } } : arrived;
        }),
        close: async () => {
          await started.close?.();
          await running.close();
        },
      };
    },
  };
}
