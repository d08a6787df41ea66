import { RelayConfigurationError } from '../../errors/relay-configuration.error.js';
import { readMountPath } from '../../http/mount-handler.js';
import { refuseUnknown } from '../../refuse-unknown.js';
import type { RelayUnsubscribeOptions } from './relay-unsubscribe-options.interface.js';
import { TEXTS, UnsubscribeLanguages } from './unsubscribe-texts.js';

export interface UnsubscribePageSettings {
  /** Begins with a slash, ends without. */
  readonly path: string;
  readonly sender?: string;
  readonly languages: UnsubscribeLanguages;
}

/** @throws RelayConfigurationError that names the option */
export function readUnsubscribePageOptions(options: RelayUnsubscribeOptions): UnsubscribePageSettings {
  refuseUnknown(options, ['path', 'relay', 'sender', 'texts'], 'unsubscribePage.');
  const { path = 'unsubscribe', sender, texts = {} } = options;
  if (sender !== undefined && (typeof sender !== 'string' || sender === ''))
    throw new RelayConfigurationError('unsubscribePage.sender', "is a name such as 'Acme'");
  if (typeof texts !== 'object' || texts === null)
    throw new RelayConfigurationError('unsubscribePage.texts', "is an object by language: { nl: { title: '…' } }");
  for (const [language, own] of Object.entries(texts)) {
    const option = `unsubscribePage.texts.${language}`;
    if (!/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/.test(language))
      throw new RelayConfigurationError(option, "is no language; give e.g. 'nl' or 'pt-BR' (RFC 5646)");
    refuseUnknown(own, Object.keys(TEXTS['en']!), `${option}.`);
    for (const [name, text] of Object.entries(own))
      if (typeof text !== 'string') throw new RelayConfigurationError(`${option}.${name}`, 'is a text');
  }
  return {
    path: readMountPath(path, 'unsubscribePage.path'),
    ...(sender !== undefined && { sender }),
    languages: new UnsubscribeLanguages(texts),
  };
}
