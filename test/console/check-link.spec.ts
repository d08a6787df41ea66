import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkLink } from '../../lib/console/links/check-link.js';

let asked = 0;
const server = createServer((_request, response) => {
  asked++;
  response.end();
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

it.each(['127.0.0.1', '[::ffff:127.0.0.1]', 'localhost', '2130706433', '0x7f.1'])(
  'does not ask %s, whatever is written there',
  async (host) => {
    const { port } = server.address() as AddressInfo;
    const link = await checkLink(`http://${host}:${port}/`, { privateAddresses: false });
    expect(link).toMatchObject({ ok: false, why: expect.stringContaining('no address of the public Internet') });
    expect(asked).toBe(0);
  },
);

it.each(['http://169.254.169.254/latest', 'http://10.0.0.1/', 'http://[fd00::1]/', 'http://[::1]/'])(
  'does not ask %s',
  async (url) => expect(await checkLink(url, { privateAddresses: false })).toMatchObject({ ok: false }),
);

it.each(['file:///etc/passwd', 'ftp://x.test/', 'http://user:pass@x.test/', 'nonsense'])(
  'does not ask %s',
  async (url) =>
    expect(await checkLink(url, { privateAddresses: true })).toMatchObject({ ok: false, why: expect.any(String) }),
);

it('gives a link and all that it leads on to one span of time', async () => {
  const slow = createServer((_request, response) => {
    setTimeout(() => response.writeHead(302, { location: '/on' }).end(), 150);
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = slow.address() as AddressInfo;
    const link = await checkLink(`http://127.0.0.1:${port}/`, { privateAddresses: true, time: 400 });
    expect(link).toMatchObject({ ok: false, why: `127.0.0.1:${port} does not answer` });
  } finally {
    slow.closeAllConnections();
    slow.close();
  }
});
