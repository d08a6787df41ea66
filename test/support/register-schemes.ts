import { registerTransportScheme, transportSchemes } from '../../lib/transport/transport-schemes.js';
import type { TransportScheme } from '../../lib/transport/transport-scheme.interface.js';

/** Makes a provider's schemes known, where they are not yet. */
export function registerSchemes(schemes: Readonly<Record<string, TransportScheme>>): void {
  for (const [name, scheme] of Object.entries(schemes)) {
    if (!transportSchemes().has(name)) registerTransportScheme(name, scheme);
  }
}
