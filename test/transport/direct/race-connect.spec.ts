import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inTurns, raceConnect } from '../../../lib/transport/direct/race-connect.js';

const never = new AbortController().signal;

async function listen(host: string): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A port that answers nobody, as behind a firewall: so many wait to be let in that the next ones are not even told so. */
async function blackHole(host: string, port = 0): Promise<number> {
  const python = spawn('python3', ['-c', BLACK_HOLE, host, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void python.kill());
  const [line] = (await once(python.stdout, 'data')) as [Buffer];
  return Number(line);
}

const BLACK_HOLE = `
import socket, sys
hole = socket.socket()
hole.bind((sys.argv[1], int(sys.argv[2])))
hole.listen(0)
waiting = []
for _ in range(8):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(hole.getsockname())
    waiting.append(one)
print(hole.getsockname()[1], flush=True)
sys.stdin.read()
`;

describe('connecting to one of several addresses', () => {
  it('goes to the next one when one refuses, at once', async () => {
    const port = await listen('127.0.0.3');
    const socket = await raceConnect({ addresses: ['127.0.0.9', '127.0.0.3'], port }, 10_000, never);
    expect(socket.remoteAddress).toBe('127.0.0.3');
    socket.destroy();
  });

  it('does not wait for one that says nothing', async () => {
    const port = await listen('127.0.0.3');
    await blackHole('127.0.0.2', port);
    const socket = await raceConnect({ addresses: ['127.0.0.2', '127.0.0.3'], port }, 10_000, never);
    expect(socket.remoteAddress).toBe('127.0.0.3');
    socket.destroy();
  });

  it('gives up in time, and when it is told to', async () => {
    const port = await blackHole('127.0.0.2');
    const target = { addresses: ['127.0.0.2'], port };
    await expect(raceConnect(target, 100, never)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const abort = new AbortController();
    const connecting = raceConnect(target, 60_000, abort.signal);
    abort.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await expect(raceConnect(target, 60_000, abort.signal)).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });

  it('says why the first one could not be reached', async () => {
    await expect(raceConnect({ addresses: ['127.0.0.9', '127.0.0.8'], port: 1 }, 10_000, never)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      message: expect.stringContaining('127.0.0.9') as string,
    });
  });
});

it('takes the families by turns, IPv6 first', () => {
  const order = inTurns(['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1', '2001:db8::2']);
  expect(order.map((address) => (address.includes(':') ? 6 : 4))).toEqual([6, 4, 6, 4, 4]);
  expect(inTurns(['192.0.2.1'])).toEqual(['192.0.2.1']);
});
