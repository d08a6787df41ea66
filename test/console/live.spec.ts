import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { expect, it } from 'vitest';
import { LiveClients } from '../../lib/console/live/live-clients.js';
import type { OpenedQueue } from '../../lib/queue/open-mail-queue.js';
import { relayPart } from '../../lib/relay.tokens.js';
import { startConsole } from './console-application.js';

it('keeps no place for a browser that left before it was answered', async () => {
  const counts: number[] = [];
  const clients = new LiveClients((count) => counts.push(count));
  const left = new Promise<void>((resolve) => {
    void serve((_request, response) => {
      response.on('close', () => {
        clients.add(response);
        resolve();
      });
      browser.destroy();
    }).then((server) => (browser = follow(server)));
  });
  let browser: Socket;
  await left;
  expect(counts).toEqual([]);
});

it('lets go of a browser that does not read what it was told to the end', async () => {
  const clients = new LiveClients(() => {});
  let browser: Socket;
  await new Promise<void>((resolve) => {
    void serve(async (_request, response) => {
      response.on('close', resolve);
      clients.add(response);
      // Until the kernel takes no more.
      while (response.writableLength < 500_000) {
        clients.send('mail', 'x'.repeat(20_000));
        await setImmediate();
      }
      clients.close();
    }).then((server) => (browser = follow(server).pause()));
  });
  browser!.destroy();
});

it.each([
  { followed: true, name: 'is there' },
  { followed: false, name: 'was not' },
])('takes nobody while the application closes, where a follower $name before', async ({ followed }) => {
  const statuses: number[] = [];
  @Injectable()
  class ComesBack {
    async beforeApplicationShutdown(): Promise<void> {
      const { status, body } = await fetch(`${application.url}/api/events`);
      statuses.push(status);
      await body?.cancel();
    }
  }
  const application = await startConsole({ metadata: { providers: [ComesBack] } });
  if (followed) expect((await fetch(`${application.url}/api/events`)).status).toBe(200);
  await application.close();
  expect(statuses).toEqual([503]);
});

it('follows nobody who asks for the header only', async () => {
  const application = await startConsole();
  const ask = (method: string) => fetch(`${application.url}/api/events`, { method });
  const answers = await Promise.all(Array.from({ length: 60 }, () => ask('HEAD')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const { status, body } = await ask('GET');
  expect(status).toBe(200);
  await body?.cancel();
  await application.close();
});

it('says so when it does not tell of all that has changed', async () => {
  const application = await startConsole();
  const { mailQueue } = application.app.get<OpenedQueue>(relayPart('queue'));
  const response = await fetch(`${application.url}/api/events`);
  const mails = Array.from({ length: 51 }, (_, index) => ({
    id: randomUUID(),
    place: index + 1,
    terms: [],
    states: [],
  }));
  await mailQueue.history.note(mails);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('event: more')) break;
  }
  expect(text).toContain('event: more');
  await application.close();
});

async function serve(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  return server;
}

function follow(server: Server): Socket {
  const { port } = server.address() as AddressInfo;
  return connect(port, '127.0.0.1')
    .on('error', () => {})
    .setKeepAlive(true)
    .once('connect', function (this: Socket) {
      this.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    });
}
