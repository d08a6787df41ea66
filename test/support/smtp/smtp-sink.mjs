// An SMTP server that throws everything away, as fast as it can: the other side of a measurement, in a process of its own.
//
//   import { startSmtpSink } from './smtp-sink.mjs';           const sink = await startSmtpSink({ delay: 5 });
//   node smtp-sink.mjs --delay 5                               prints {"port":40123}, then the count of messages once a second
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(import.meta.url);

/** See smtp-sink.d.mts. */
export async function startSmtpSink({ delay = 0 } = {}) {
  const child = fork(FILE, ['--delay', String(delay)], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [{ port }] = await once(child, 'message');
  // It must not keep the measuring process alive.
  child.unref();
  child.channel.unref();
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    async count() {
      child.channel.ref();
      child.send('count');
      const [{ messages, connections }] = await once(child, 'message');
      child.channel.unref();
      return { messages, connections };
    },
    async close() {
      if (child.exitCode !== null) return;
      child.ref();
      child.kill();
      await once(child, 'exit');
    },
  };
}

if (process.argv[1] === FILE) serve(Number(process.argv[process.argv.indexOf('--delay') + 1]) || 0);

const END = Buffer.from('\r\n.\r\n');
const ANSWERS = {
  EHLO: '250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n',
  DATA: '354 Go on\r\n',
  QUIT: '221 Bye\r\n',
};

function serve(delay) {
  const count = { messages: 0, connections: 0 };
  const server = createServer({ noDelay: true }, (socket) => {
    count.connections++;
    receive(socket, delay, () => ++count.messages);
  });
  server.listen(0, '127.0.0.1', () => report(server.address(), count));
}

function report({ port }, count) {
  if (process.send) {
    process.send({ port });
    process.on('message', () => process.send({ ...count }));
    process.on('disconnect', () => process.exit());
    return;
  }
  process.stdout.write(`${JSON.stringify({ port })}\n`);
  setInterval(() => process.stdout.write(`${JSON.stringify(count)}\n`), 1000);
}

function receive(socket, delay, onMessage) {
  let rest = '';
  // The end of the message as far as it has come, over the edges of chunks.
  let tail = Buffer.alloc(0);
  let inData = false;
  let answers = '';
  // One write for all that came at once, as servers that know PIPELINING do.
  const answer = () => {
    const text = answers;
    answers = '';
    if (text === '') return;
    if (delay > 0) setTimeout(() => socket.write(text), delay);
    else socket.write(text);
  };

  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let at = 0;
    while (at < chunk.length) at = inData ? message(chunk, at) : commands(chunk, at);
    answer();
  });
  socket.write('220 sink.test ESMTP\r\n');

  function message(chunk, at) {
    const from = tail.length > 0 ? Buffer.concat([tail, chunk.subarray(at, at + END.length)]) : undefined;
    const inTail = from ? from.indexOf(END) : -1;
    const end = inTail >= 0 ? at + inTail + END.length - tail.length : after(chunk.indexOf(END, at));
    if (end < 0) {
      tail = Buffer.concat([tail, chunk.subarray(Math.max(at, chunk.length - END.length + 1))]).subarray(
        1 - END.length,
      );
      return chunk.length;
    }
    inData = false;
    answers += `250 2.0.0 Ok: queued as ${onMessage()}\r\n`;
    return end;
  }

  function commands(chunk, at) {
    let end = chunk.indexOf(10, at);
    while (end >= 0 && !inData) {
      const verb = (rest + chunk.latin1Slice(at, Math.min(end, at + 4))).slice(0, 4).toUpperCase();
      rest = '';
      answers += ANSWERS[verb] ?? '250 Ok\r\n';
      at = end + 1;
      if (verb === 'QUIT') {
        socket.end(answers);
        answers = '';
      }
      if (verb === 'DATA') {
        inData = true;
        tail = Buffer.from('\r\n');
      } else end = chunk.indexOf(10, at);
    }
    if (inData) return at;
    rest += chunk.latin1Slice(at);
    return chunk.length;
  }
}

function after(index) {
  return index < 0 ? index : index + END.length;
}
