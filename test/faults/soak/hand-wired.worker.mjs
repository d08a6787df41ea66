// What people wire by hand: a BullMQ worker with nodemailer's pool. node hand-wired.worker.mjs '{"port":2525,"redis":6379}'
import { Worker } from 'bullmq';
import { createTransport } from 'nodemailer';

const { port, redis } = JSON.parse(process.argv[2]);
const transport = createTransport({ host: '127.0.0.1', port, pool: true, maxConnections: 5, ignoreTLS: true });
const worker = new Worker(
  'hand-wired',
  ({ data: { to } }) => transport.sendMail({ from: 'hello@acme.test', to, subject: 'Soak', text: `For ${to}` }),
  { connection: { host: '127.0.0.1', port: redis }, concurrency: 20, lockDuration: 1_500, stalledInterval: 750 },
);
worker.on('error', () => {});
await worker.waitUntilReady();
process.send({ ready: true });
