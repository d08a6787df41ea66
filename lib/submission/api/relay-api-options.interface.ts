import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { Duration } from '../../duration.js';
import type { ApiClient, ApiKeyAuthenticator } from './api-key-authenticator.js';

/** One key of the configuration: itself, or its hash. */
export type ApiKeyOptions = ApiClient &
  (
    | { /** At least 16 characters; make one with `openssl rand -base64 32`. */ key: string; sha256?: undefined }
    | { key?: undefined; /** Of the key, in hexadecimal: `printf %s "$KEY" | sha256sum`. */ sha256: string }
  );

/** The relay over HTTP and JSON. `apiKeys` or `authenticator` must be there: nobody is let in without a key. */
export interface RelayApiOptions {
  /** In front of `/messages` and `/openapi.json`; default `relay`, whatever the application's global prefix is. */
  path?: string;
  apiKeys?: readonly ApiKeyOptions[];
  /** The application's own keys: a class (its provider, where it has one) or an instance. Not with `apiKeys`. */
  authenticator?: Type<ApiKeyAuthenticator> | ApiKeyAuthenticator;
  /** The name of the relay that takes the mails, where it has one. */
  relay?: string;
  /** Of a body, in bytes; default 35 MiB: 25 MiB of attachments in base64. Longer ones are refused with 413. */
  maxBody?: number;
  /** Of an array; default 1,000. */
  maxMessages?: number;
  /** The longest `?wait=`; default `'60s'`. */
  maxWait?: Duration;
  /** How long a body may take to come; default `'60s'`. */
  bodyTimeout?: Duration;
}

export interface RelayApiAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory: (...args: any[]) => RelayApiOptions | Promise<RelayApiOptions>;
}
