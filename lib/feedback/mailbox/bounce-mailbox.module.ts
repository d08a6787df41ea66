import {
  type DynamicModule,
  type InjectionToken,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { getMailFeedbackToken } from '../../relay.tokens.js';
import type { MailFeedback } from '../mail-feedback.js';
import { BounceMailbox } from './bounce-mailbox.js';
import type { BounceMailboxOptions } from './bounce-mailbox-options.js';

const OPTIONS = Symbol('BounceMailbox.options');

export interface BounceMailboxAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory: (...args: any[]) => BounceMailboxOptions | Promise<BounceMailboxOptions>;
}

/**
 * Watches a mailbox that bounces and complaints are sent to, from the application's start to its end.
 *
 * @example
 * imports: [
 *   RelayModule.forRoot({ bounces: { address: 'bounces@acme.test', secret }, ... }),
 *   BounceMailboxModule.forRoot({ host: 'imap.acme.test', auth: { user: 'bounces@acme.test', pass } }),
 * ]
 */
export class BounceMailboxModule {
  /** @throws RelayConfigurationError, when the application starts */
  static forRoot(options: BounceMailboxOptions): DynamicModule {
    return BounceMailboxModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: BounceMailboxAsyncOptions): DynamicModule {
    return {
      module: BounceMailboxModule,
      imports,
      providers: [{ provide: OPTIONS, inject, useFactory }, mailbox],
    };
  }
}

const mailbox: Provider = {
  provide: BounceMailbox,
  inject: [OPTIONS, ModuleRef],
  useFactory: (options: BounceMailboxOptions, modules: ModuleRef) => {
    const feedback = () => feedbackOf(modules, options?.relay);
    // It may not be made yet, but it must be there.
    feedback();
    return new BounceMailbox(options, { ingest: (raw) => feedback().ingest(raw) });
  },
};

function feedbackOf(modules: ModuleRef, relay: string | undefined): MailFeedback {
  try {
    return modules.get<MailFeedback>(getMailFeedbackToken(relay) as string, { strict: false });
  } catch (cause) {
    throw new RelayConfigurationError(
      'bounceMailbox.relay',
      relay === undefined ? 'import RelayModule.forRoot() too' : `there is no relay by the name ${relay}`,
      cause as Error,
    );
  }
}
