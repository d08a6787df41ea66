import { describe, expect, it } from 'vitest';
import { MACHINE_RULES, machineOf } from '../../lib/events/machines.js';

describe('machines', () => {
  it.each([
    ['Mozilla/5.0', 'apple-mail-privacy'],
    ['Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)', 'gmail-image-proxy'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0',
      'gmail-prefetch',
    ],
    ['YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html', 'yahoo-image-proxy'],
    ['Mozilla/5.0 (compatible; BarracudaCentral/1.0)', 'security-scanner'],
    ['Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5', 'link-preview'],
    ['python-requests/2.32.3', 'http-client'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0 Safari/537.36',
      'http-client',
    ],
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'crawler'],
  ])('are known by their names: %s', (userAgent, machine) => expect(machineOf(userAgent)).toBe(machine));

  it.each([
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    'Mozilla/5.0 (Windows NT 10.0; WOW64; rv:128.0) Gecko/20100101 Thunderbird/128.0',
    'Mozilla/4.0 (compatible; ms-office; MSOffice 16)',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  ])('are not people with a mail client or a browser: %s', (userAgent) => expect(machineOf(userAgent)).toBeUndefined());

  it('stand in a table that says who says so', () => {
    for (const { machine, equals, contains, source } of MACHINE_RULES) {
      expect(machine).toMatch(/^[a-z-]+$/);
      expect(URL.canParse(source)).toBe(true);
      for (const part of [equals ?? '', ...(contains ?? [])]) expect(part).toBe(part.toLowerCase());
    }
  });

  it('do not take long to be told, whatever they call themselves', () => {
    expect(machineOf('a'.repeat(10_000_000))).toBeUndefined();
  });
});
