import { MailService } from 'nestjs-mail-relay';
import { startSmtpSink } from '../test/support/smtp/smtp-sink.mjs';
import { FROM, recipient, welcome } from './mails.js';
import { pooled } from './pooled.js';
import { inParallel } from './measure.js';
import { relayApplication } from './relay.subject.js';

/** The time that each answer of the server takes, in milliseconds. */
const DELAY = 40;
const CONNECTIONS = 5;

/** A server that is far away: mails a second and connection, and how long this process worked for each. */
export async function distance(redis: string, mails: number): Promise<void> {
  const sink = await startSmtpSink({ delay: DELAY });
  const app = await relayApplication({
    transport: `${sink.url}?connections=${CONNECTIONS}&tls=never`,
    worker: false,
    queue: { redis, name: 'bench-distance' },
  });
  const mail = app.get(MailService);
  const pool = pooled(sink.port, CONNECTIONS);
  const { html, text } = (await mail.render(welcome(1), { to: recipient(1) })) as { html: string; text: string };
  const subjects: Record<string, (index: number) => Promise<unknown>> = {
    "nodemailer's pool": (index) => pool.sendMail({ from: FROM, to: recipient(index), subject: 'Welcome', html, text }),
    'nestjs-mail-relay, sendNow()': (index) => mail.sendNow({ to: recipient(index), subject: 'Welcome', html, text }),
  };
  console.log(`\nA server ${DELAY} ms away, ${CONNECTIONS} connections\n`);
  console.log('| | mails/s a connection | round trips a mail | CPU a mail, µs |\n|---|---:|---:|---:|');
  for (const [name, send] of Object.entries(subjects)) {
    await inParallel(CONNECTIONS * 4, CONNECTIONS * 4, send);
    const [began, used] = [performance.now(), process.cpuUsage()];
    await inParallel(mails, CONNECTIONS * 4, send);
    const seconds = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(used);
    const rate = mails / seconds / CONNECTIONS;
    console.log(
      `| ${name} | ${rate.toFixed(1)} | ${(1_000 / DELAY / rate).toFixed(2)} | ${Math.round((user + system) / mails)} |`,
    );
  }
  pool.close();
  await app.close();
  await sink.close();
}
