import type { CanActivate, Type } from '@nestjs/common';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { readMountPath } from '../http/mount-handler.js';
import { refuseUnknown } from '../refuse-unknown.js';
import type { RelayConsoleOptions } from './console-options.interface.js';

/** {@link RelayConsoleOptions} checked. */
export interface ConsoleSettings {
  /** With a slash before it, and none behind. */
  readonly path: string;
  readonly authorize?: Type<CanActivate>;
  readonly readonly: boolean;
  readonly relay?: string;
  readonly privateLinks: boolean;
}

/** @throws RelayConfigurationError that names the option */
export function readConsoleOptions(options: RelayConsoleOptions | undefined): ConsoleSettings {
  if (typeof options !== 'object' || options === null)
    throw new RelayConfigurationError('console', 'is an object; did the factory return nothing?');
  refuseUnknown(options, ['path', 'authorize', 'readonly', 'relay', 'privateLinks'], 'console.');
  const { path = 'relay', authorize, readonly = false, relay, privateLinks = false } = options;
  if (authorize !== undefined && typeof authorize !== 'function')
    throw new RelayConfigurationError('console.authorize', 'is a guard: a class with canActivate()');
  if (authorize === undefined && process.env.NODE_ENV === 'production')
    throw new RelayConfigurationError(
      'console.authorize',
      'is missing, and NODE_ENV is production: give a guard that lets only those in who may read your mails, ' +
        'RelayConsoleModule.forRoot({ authorize: AdminGuard })',
    );
  for (const [name, value] of Object.entries({ readonly, privateLinks }))
    if (typeof value !== 'boolean') throw new RelayConfigurationError(`console.${name}`, 'is true or false');
  if (relay !== undefined && typeof relay !== 'string')
    throw new RelayConfigurationError('console.relay', "is a relay's name");
  return {
    path: readMountPath(path, 'console.path'),
    ...(authorize && { authorize }),
    readonly,
    ...(relay !== undefined && { relay }),
    privateLinks,
  };
}
