import { type DynamicModule, Module } from '@nestjs/common';
import { DirectTransport, failover, RelayModule, type RelayOptions, type TransportInput } from 'nestjs-mail-relay';
import { RelayApiModule, RelaySubmissionModule } from 'nestjs-mail-relay/submission';
import { ListedUsers } from './listed-users.js';
import type { Settings } from './settings.js';

/** A relay of its own: mail comes in over SMTP and HTTP, and goes out as the settings say. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const { name, certificate, listen, users, trusted, apiKeys } = settings;
    return {
      module: AppModule,
      imports: [
        RelayModule.forRoot(relayOptions(settings)),
        RelaySubmissionModule.forRoot({
          listen,
          trusted,
          ...(name !== undefined && { name }),
          ...(certificate && { tls: certificate }),
          ...(users.length > 0 && { authenticator: new ListedUsers(users) }),
        }),
        ...(apiKeys.length > 0 ? [RelayApiModule.forRoot({ apiKeys })] : []),
      ],
    };
  }
}

function relayOptions({ from, queue, bounces, delivery, ...settings }: Settings): RelayOptions {
  const common = { queue, ...(from !== undefined && { from }), ...(bounces && { bounces }) };
  // Without a way out, mails are kept in `.mail-relay/mails`.
  if (delivery.length === 0) return common;
  const names = delivery.map((_, index) => `way${index + 1}`) as [string, ...string[]];
  const transports = Object.fromEntries(delivery.map((way, index) => [names[index]!, transportOf(way, settings)]));
  return { ...common, transports, route: failover(...names) };
}

function transportOf(way: string, { name, dkim }: Pick<Settings, 'name' | 'dkim'>): TransportInput {
  if (way !== 'direct') return way;
  return new DirectTransport({ ...(name !== undefined && { name }), dkim });
}
