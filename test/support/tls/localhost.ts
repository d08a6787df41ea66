import { readFileSync } from 'node:fs';

/**
 * A certificate for localhost, 127.0.0.1 and ::1, signed by itself, and its key: for tests and nothing else, since the key is public.
 * Valid from 2020 to 2119. A client that is to trust it takes `cert` as its `ca`.
 */
export const localhost: { readonly key: string; readonly cert: string } = {
  key: readFileSync(new URL('localhost-key.pem', import.meta.url), 'utf8'),
  cert: readFileSync(new URL('localhost-cert.pem', import.meta.url), 'utf8'),
};
