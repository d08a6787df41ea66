import { readFileSync } from 'node:fs';

/**
 * A certificate for mx.acme.test, backup.acme.test and mta-sts.acme.test, its key, and the authority that signed it: for tests and nothing
 * else, since the key is public. Valid from 2020 to 2119.
 */
export const acme: { readonly key: string; readonly cert: string; readonly authority: string } = {
  key: readFileSync(new URL('acme-key.pem', import.meta.url), 'utf8'),
  cert: readFileSync(new URL('acme-cert.pem', import.meta.url), 'utf8'),
  authority: readFileSync(new URL('acme-authority.pem', import.meta.url), 'utf8'),
};

/** For the same names, and as if that authority had signed it, which it has not. */
export const forged: { readonly key: string; readonly cert: string } = {
  key: readFileSync(new URL('acme-forged-key.pem', import.meta.url), 'utf8'),
  cert: readFileSync(new URL('acme-forged-cert.pem', import.meta.url), 'utf8'),
};
