import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency } from '@nestjs/common';

/** Where tracked links and images are answered. */
export interface RelayTrackingOptions {
  /** Default `t`, whatever the application's global prefix is: `tracking.url` of the relay leads to it. */
  path?: string;
  /** The name of the relay whose mails they are, where it has one. */
  relay?: string;
}

export interface RelayTrackingAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory: (...args: any[]) => RelayTrackingOptions | Promise<RelayTrackingOptions>;
}
