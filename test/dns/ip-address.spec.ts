import { expect, it } from 'vitest';
import { canonicalAddress, isLoopback, isSpecialPurpose, reverseName } from '../../lib/dns/ip-address.js';

it('tells loopback addresses from others', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1'])
    expect(isLoopback(address), address).toBe(true);
  for (const address of ['128.0.0.1', '2001:db8::1', 'localhost', '']) expect(isLoopback(address), address).toBe(false);
});

it('knows the addresses that no public server has, in each of their spellings', () => {
  for (const address of [
    '10.1.2.3',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '::10.0.0.1',
    '2001:db8::1',
  ])
    expect(isSpecialPurpose(address), address).toBe(true);
  for (const address of [
    '8.8.8.8',
    '172.32.0.1',
    '2001:4860:4860::8888',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::',
  ])
    expect(isSpecialPurpose(address), address).toBe(false);
});

it('writes equal addresses alike', () => {
  expect(canonicalAddress('2001:DB8:0:0:0:0:0:1')).toBe('2001:db8::1');
  expect(canonicalAddress('192.0.2.1')).toBe('192.0.2.1');
});

it('turns an address around for its PTR', () => {
  expect(reverseName('192.0.2.1')).toBe('1.2.0.192.in-addr.arpa');
  expect(reverseName('2001:db8::')).toBe(`${'0.'.repeat(24)}8.b.d.0.1.0.0.2.ip6.arpa`);
});
