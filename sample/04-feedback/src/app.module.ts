import { Module } from '@nestjs/common';
import { RelayModule } from 'nestjs-mail-relay';
import { RelayWebhooksModule } from 'nestjs-mail-relay/webhooks';
import { DEMO_CERTIFICATE } from './demo-certificate.js';
import { DemoTransport } from './demo.transport.js';
import { FeedbackController } from './feedback.controller.js';
import { Ledger } from './ledger.js';
import { BOUNCE_SECRET, MAILGUN_SIGNING_KEY, POSTMARK, RESEND_SECRET, SENDGRID_KEYS, TOPIC_ARN } from './secrets.js';

export const transport = new DemoTransport();

@Module({
  imports: [
    RelayModule.forRoot({
      from: 'Acme <hello@acme.test>',
      transport,
      // Bounces that come by mail name their mail in a signed return path.
      bounces: { address: 'bounces@acme.test', secret: BOUNCE_SECRET },
      reputation: { bounceRate: 0.5, complaintRate: 0.2, minimum: 20 },
    }),
    RelayWebhooksModule.forRoot({
      // Amazon's certificate is fetched from Amazon; here it is our own.
      ses: { topicArns: [TOPIC_ARN], fetchCertificate: async () => DEMO_CERTIFICATE },
      postmark: POSTMARK,
      mailgun: { signingKey: MAILGUN_SIGNING_KEY },
      sendgrid: { publicKey: SENDGRID_KEYS.publicKey.export({ format: 'der', type: 'spki' }).toString('base64') },
      resend: { secret: `whsec_${RESEND_SECRET.toString('base64')}` },
    }),
  ],
  controllers: [FeedbackController],
  providers: [Ledger, { provide: DemoTransport, useValue: transport }],
})
export class AppModule {}
