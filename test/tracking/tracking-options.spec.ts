import { describe, expect, it } from 'vitest';
import { RelayConfigurationError } from '../../lib/index.js';
import { readConfiguration } from '../../lib/relay-configuration.js';
import { readTracking } from '../../lib/tracking/tracking-options.js';

const secret = 'a secret of this test';
const url = 'https://mail.acme.test/t';

describe('options of tracking', () => {
  it.each([
    ['tracking.url', { url: 'mail.acme.test/t', secret }],
    ['tracking.url', { url: 'ftp://mail.acme.test/t', secret }],
    ['tracking.url', { url: 'https://mail.acme.test/t?x=1', secret }],
    ['tracking.url', { url: 'https://mail.acme.test/"><script>', secret }],
    ['tracking.url', { secret }],
    ['tracking.secret', { url }],
    ['tracking.secret', { url, secret: 'short' }],
    ['tracking.secret', { url, secret: [] }],
    ['tracking.secret', { url, secret: [secret, 'short'] }],
    ['tracking.except', { url, secret, except: ['/account'] }],
    ['tracking.proxies', { url, secret, proxies: -1 }],
    ['tracking.storeIp', { url, secret, storeIp: 'yes' }],
    ['tracking.storeIP', { url, secret, storeIP: true }],
  ])('names %s where it is wrong', (option, given) => {
    expect(() => readTracking(given as never)).toThrow(RelayConfigurationError);
    try {
      readTracking(given as never);
    } catch (error) {
      expect((error as RelayConfigurationError).option).toBe(option);
      expect((error as Error).message).not.toContain(secret);
    }
  });

  it('stores nobody’s address unless told to, and heeds who does not want to be tracked', () => {
    expect(readTracking({ url: `${url}/`, secret })).toEqual({
      url,
      secrets: [secret],
      except: [],
      storeIp: false,
      proxies: 0,
      storeUserAgent: false,
      respectDoNotTrack: true,
    });
  });

  it('take beginnings of URLs as browsers have them', () => {
    const except = ['https://Bücher.test/Über', 'HTTPS://Acme.test/a?b=', 'https://Acme', 'https://x.test/'];
    expect(readTracking({ url, secret, except }).except).toEqual([
      'https://xn--bcher-kva.test/%C3%9Cber',
      'https://acme.test/a?b=',
      'https://acme',
      'https://x.test/',
    ]);
  });

  it('are needed where anything is to be tracked', () => {
    expect(() => readConfiguration({ transport: 'log:', track: { opens: true } }, 'default')).toThrow(
      /track: needs tracking/,
    );
    expect(() => readConfiguration({ transport: 'log:', track: { open: true } }, 'default')).toThrow(/track\.open/);
    expect(readConfiguration({ transport: 'log:', track: false }, 'default').defaults.tracks).toBe(false);
  });
});
