import { MailError, MailTransport, type MailMessage, type TransportResult } from 'nestjs-mail-relay';

/** Takes mails as a provider would, but for those whose address says what is to go wrong: `busy@`, `nobody@`, `down@`. */
export class AcmeTransport extends MailTransport {
  async send({ envelope, raw, ...message }: MailMessage): Promise<TransportResult> {
    await raw.call({ envelope, raw, ...message });
    const [name = ''] = envelope.to[0]!.split('@');
    if (name === 'down') throw new MailError('Acme answered 503 Service Unavailable');
    if (name === 'busy')
      throw new MailError('450 4.2.2 The mailbox is full', {
        scope: 'recipient',
        replyCode: 450,
        enhancedCode: '4.2.2',
      });
    if (name === 'nobody')
      throw new MailError('550 5.1.1 There is no such user', {
        permanent: true,
        scope: 'recipient',
        replyCode: 550,
        enhancedCode: '5.1.1',
      });
    return { providerMessageId: `acme-${message.id.slice(0, 8)}`, response: '250 2.0.0 Ok: taken' };
  }
}
