import type { DynamicModule, InjectionToken, Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { MailService } from '../../mail.service.js';
import { partOfRelay } from '../../part-of-relay.js';
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
  useFactory: (options: RelaySubmissionOptions, modules: ModuleRef) => {
    const part = <T>(token: InjectionToken) => partOfRelay<T>(modules, token, options.relay, 'submission.relay');
    return new RelaySubmission(options, {
      modules,
      relay: () => part<MailService>(getMailServiceToken(options.relay)),
      store: () => part<OpenedQueue>(relayPart('queue', options.relay)).mailQueue.shared,
    });
  },
};
