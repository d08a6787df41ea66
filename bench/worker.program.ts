// A worker in a process of its own: node worker.program.js '{"transport":"smtp://...","queue":{...}}'. Tells its resident memory when asked.
import 'reflect-metadata';
import { relayApplication } from './relay.subject.js';
import './mails.js';

const app = await relayApplication(JSON.parse(process.argv[2]!) as Parameters<typeof relayApplication>[0]);
process.send!('ready');
process.on('message', (message) => {
  if (message === 'memory') process.send!(process.memoryUsage().rss);
  else void app.close().then(() => process.disconnect());
});
