import { describe, expect, it } from 'vitest';
import type { DeliveryNotifications } from '../../lib/mail/delivery-notifications.interface.js';
import { faultyServer, transportTo } from '../support/smtp/smtp-fixtures.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';
import { directTransport, dnsServer } from './direct/support.js';

const notify: DeliveryNotifications = {
  ret: 'HDRS',
  envid: 'a+b',
  recipients: {
    'ada@acme.test': { notify: ['SUCCESS', 'FAILURE'], orcpt: 'rfc822;ada=x@y.test' },
    'bob@acme.test': { notify: ['NEVER'], orcpt: 'utf-8;dörte@y.test' },
  },
};
const message = { ...testMessage({ to: ['ada@acme.test', 'bob@acme.test'] }), notify };

describe('what the sender asked to be told (RFC 3461)', () => {
  it('is asked of a server that understands it, which then tells it', async () => {
    const server = await faultyServer({ host: '127.0.0.2', extensions: ['DSN'] });
    const result = await transportTo(server).send(message, sendContext());
    expect(result).toMatchObject({ notifies: true });
    const asked = [
      'MAIL FROM:<ada@acme.test> RET=HDRS ENVID=a+2Bb',
      'RCPT TO:<ada@acme.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ada+3Dx@y.test',
      // An original address that is not ASCII would need another encoding.
      'RCPT TO:<bob@acme.test> NOTIFY=NEVER',
    ];
    expect(server.commands).toEqual(expect.arrayContaining(asked));

    const dns = await dnsServer({ 'acme.test': { A: '127.0.0.2' } });
    const { recipients } = await directTransport(dns, { port: server.port }).send(message, sendContext());
    expect(recipients).toMatchObject([
      { state: 'sent', notifies: true },
      { state: 'sent', notifies: true },
    ]);
    const all = server.commands.filter((command) => /^(?:MAIL|RCPT)/.test(command));
    expect(all).toEqual([...asked, ...asked]);
  });

  it('is kept from a server that does not, which tells nothing', async () => {
    const server = await faultyServer({ host: '127.0.0.2', extensions: [] });
    const dns = await dnsServer({ 'acme.test': { A: '127.0.0.2' } });
    for (const transport of [transportTo(server), directTransport(dns, { port: server.port })]) {
      const { notifies, recipients = [] } = await transport.send(message, sendContext());
      expect([notifies, ...recipients.map((recipient) => recipient.notifies)].filter(Boolean)).toEqual([]);
    }
    expect(server.commands.filter((command) => / (?:RET|ENVID|NOTIFY|ORCPT)=/.test(command))).toEqual([]);
    expect(server.mails).toHaveLength(2);
  });
});
