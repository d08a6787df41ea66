import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency } from '@nestjs/common';
import type { UnsubscribeTexts } from './unsubscribe-texts.js';

/** The page behind the links of `RelayModule`'s `unsubscribe`. */
export interface RelayUnsubscribeOptions {
  /**
   * Where it is mounted; default `unsubscribe`, whatever the application's global prefix is. The relay's `unsubscribe.url` leads there,
   * and everything beneath it is the page's.
   */
  path?: string;
  /** The name of the relay, where it has one. */
  relay?: string;
  /** Whose mails they are, above the page's words. Default the name of the relay's `from`. */
  sender?: string;
  /** The page's words, by language: `{ nl: { title: 'Afmelden', ... } }`. What is left out is as it is by itself, or in English. */
  texts?: Record<string, Partial<UnsubscribeTexts>>;
}

export interface RelayUnsubscribeAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  useFactory: (...args: any[]) => RelayUnsubscribeOptions | Promise<RelayUnsubscribeOptions>;
}
