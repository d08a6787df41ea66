import type { CanActivate, DynamicModule, InjectionToken, OptionalFactoryDependency, Type } from '@nestjs/common';

export interface RelayConsoleOptions {
  /** Where the page is, behind the application's global prefix. Default `relay`. */
  path?: string;
  /**
   * A guard of the application's, which is asked at each request. In production there must be one; in development, without one, the console
   * answers on this machine only.
   */
  authorize?: Type<CanActivate>;
  /** Nothing can be changed: no retry, no pause, no entry. Default `false`. */
  readonly?: boolean;
  /** The relay that is shown first. Default the one without a name, else the first. */
  relay?: string;
  /** Lets the links of mails be checked that lead to this machine and private networks, for development. Default `false`. */
  privateLinks?: boolean;
}

export interface RelayConsoleAsyncOptions {
  imports?: DynamicModule['imports'];
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory: (...args: any[]) => RelayConsoleOptions | Promise<RelayConsoleOptions>;
}
