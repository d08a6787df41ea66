import { type DynamicModule, type InjectionToken, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import type { MailService } from '../../mail.service.js';
import type { OpenedQueue } from '../../queue/open-mail-queue.js';
import { getMailServiceToken, relayPart } from '../../relay.tokens.js';
import type { RelaySubmissionAsyncOptions, RelaySubmissionOptions } from './relay-submission-options.interface.js';
import { RelaySubmission } from './relay-submission.js';

const OPTIONS = Symbol('RelaySubmission.options');

/**
 * Takes mail over SMTP from whatever speaks it.
 *
 * @example
 * imports: [
 *   RelayModule.forRoot(...),
 *   RelaySubmissionModule.forRoot({ listen: [{ port: 587 }, { port: 465 }], tls: { key, cert }, authenticator: MailUsers }),
 * ]
 */
export class RelaySubmissionModule {
  /** @throws RelayConfigurationError, when the application starts */
  static forRoot(options: RelaySubmissionOptions): DynamicModule {
    return RelaySubmissionModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: RelaySubmissionAsyncOptions): DynamicModule {
    return {
      module: RelaySubmissionModule,
      imports,
      providers: [{ provide: OPTIONS, inject, useFactory }, submission],
      exports: [RelaySubmission],
    };
  }
}

const submission: Provider = {
  provide: RelaySubmission,
  inject: [OPTIONS, ModuleRef],
  useFactory: (options: RelaySubmissionOptions, modules: ModuleRef) =>
    new RelaySubmission(options, {
      modules,
      relay: () => partOf<MailService>(modules, getMailServiceToken(options.relay), options.relay),
      store: () => partOf<OpenedQueue>(modules, relayPart('queue', options.relay), options.relay).mailQueue.shared,
    }),
};

function partOf<T>(modules: ModuleRef, token: InjectionToken, relay: string | undefined): T {
  try {
    return modules.get(token as string, { strict: false }) as T;
  } catch (cause) {
    throw new RelayConfigurationError(
      'submission.relay',
      relay === undefined ? 'import RelayModule.forRoot() too' : `there is no relay by the name ${relay}`,
      cause as Error,
    );
  }
}
