// A worker in a process of its own, for tests that kill or stop it: node worker.mjs '{"queue":{...},"transport":"smtp://...","lockDuration":2000}'
// It runs what is built in dist/. Locks are shorter than an application's, so that a test need not wait for half a minute.
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { RelayModule } from '../../dist/index.js';
import { openMailQueue } from '../../dist/queue/open-mail-queue.js';
import { relayPart } from '../../dist/relay.tokens.js';

const { queue, lockDuration, ...options } = JSON.parse(process.argv[2]);
const opened = await openMailQueue({ queue });
const work = opened.mailQueue.work.bind(opened.mailQueue);
opened.mailQueue.work = (handler, setting) => {
  const worker = work(handler, { ...setting, lockDuration, stalledInterval: lockDuration / 2 });
  const close = worker.close.bind(worker);
  worker.close = (deadline) => {
    const closed = close(deadline);
    process.send({ leaving: true });
    return closed;
  };
  return worker;
};

const imports = [RelayModule.forRoot({ from: 'hello@acme.test', queue, ...options })];
const builder = Test.createTestingModule({ imports }).setLogger(false);
builder.overrideProvider(relayPart('queue')).useValue(opened);
const app = (await builder.compile()).enableShutdownHooks();
await app.init();
process.send({ ready: true });
