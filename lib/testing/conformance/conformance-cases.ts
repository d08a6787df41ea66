import { setImmediate } from 'node:timers/promises';
import { MailError } from '../../errors/mail.error.js';
import type { MailMessage } from '../../mail/mail-message.interface.js';
import { conformanceMessage } from './conformance-message.js';
import { check, type ConformanceOutcome, type ConformanceStage } from './conformance-stage.js';
import type { ConformanceAnswer } from './transport-conformance.js';

interface Case {
  readonly name: string;
  /** What the fake provider must be able to answer. */
  readonly needs?: ConformanceAnswer;
  run(stage: ConformanceStage): Promise<void>;
}

/** What the relay relies on. */
export const CASES: readonly Case[] = [
  {
    name: 'hands a message to the provider',
    async run(stage) {
      await stage.sent(conformanceMessage({ subject: 'Hello there' }));
      const [mail, ...more] = await stage.received();
      check(
        mail?.subject === 'Hello there' && more.length === 0,
        'the provider has it once',
        await stage.received(),
        ONCE,
      );
    },
  },
  {
    name: 'sends to the recipients of the attempt, and not to the others that the headers name',
    async run(stage) {
      const to = ['ada@acme.test', 'bob@acme.test'];
      if (tooMany(stage, 2)) return;
      await stage.sent(conformanceMessage({ to, envelopeTo: ['bob@acme.test'] }));
      const got = (await stage.received()).flatMap((mail) => mail.to);
      check(
        got.join() === 'bob@acme.test',
        'only bob@acme.test gets it',
        got,
        'send to message.envelope.to: the others have the mail already',
      );
    },
  },
  {
    name: 'carries any character',
    async run(stage) {
      const subject = 'Grüße, 日本, 👋';
      await stage.sent(conformanceMessage({ subject, html: '<p>Grüße, 👋</p>' }));
      const got = (await stage.received())[0]?.subject;
      check(got === subject, `the subject ${subject} arrives`, got, 'encode in UTF-8, or send message.raw()');
    },
  },
  {
    name: 'carries attachments and inline images, unless it says that it does not',
    async run(stage) {
      const { attachments, inline } = stage.transport.capabilities ?? {};
      if (attachments === false || inline === false) return;
      await stage.sent(conformanceMessage({ html: '<img src="cid:logo">', attached: true }));
    },
  },
  {
    name: 'says in proper form what it can carry',
    async run({ transport: { capabilities = {} } }) {
      for (const [name, value] of Object.entries(capabilities)) {
        const limit = LIMITS.has(name) && Number.isInteger(value) && (value as number) > 0;
        const flag = FLAGS.has(name) && typeof value === 'boolean';
        check(
          limit || flag,
          `capabilities.${name} is a limit or a flag that the relay knows`,
          value,
          'see TransportCapabilities',
        );
      }
    },
  },
  {
    name: 'keeps messages apart that are sent at the same time',
    async run(stage) {
      const subjects = Array.from({ length: 10 }, (_, index) => `Message ${index}`);
      await Promise.all(
        subjects.map((subject, index) => stage.sent(conformanceMessage({ subject, to: [`user${index}@acme.test`] }))),
      );
      const got = (await stage.received()).map((mail) => `${mail.subject} ${mail.to.join()}`).toSorted();
      const meant = subjects.map((subject, index) => `${subject} user${index}@acme.test`).toSorted();
      check(
        got.join('\n') === meant.join('\n'),
        'each message goes to its own recipient',
        got,
        'keep nothing of a message in the transport',
      );
    },
  },
  {
    name: 'sends nothing once the signal is aborted',
    async run(stage) {
      const signal = AbortSignal.abort(new Error('The worker shuts down'));
      const { error } = await stage.send(conformanceMessage(), { signal });
      check(
        error !== undefined,
        'send() throws',
        'it did not',
        'look at context.signal before the request, or pass it to fetch()',
      );
      check(
        !error.ambiguous,
        'the error is not ambiguous',
        error,
        'nothing was sent, and the mail can go to another transport',
      );
      check(
        (await stage.received()).length === 0,
        'nothing was sent',
        await stage.received(),
        'look at context.signal first',
      );
    },
  },
  {
    name: 'answers for each message of a batch',
    async run(stage) {
      if (!stage.transport.sendBatch) return;
      const messages = ['one', 'two', 'three'].map((subject) => conformanceMessage({ subject }));
      const context = { signal: new AbortController().signal, attempt: 1, idempotencyKey: 'batch' };
      const answers = await stage.transport.sendBatch(messages, context);
      check(
        answers.length === 3 && !answers.some((one) => one instanceof MailError),
        'three messages have three answers',
        answers,
        'answer in their order',
      );
      check((await stage.received()).length === 3, 'the provider has all three', await stage.received(), ONCE);
    },
  },
  {
    name: 'proves its way without sending',
    async run(stage) {
      await stage.transport.verify?.();
      check(
        (await stage.received()).length === 0,
        'verify() sends nothing',
        await stage.received(),
        'ask the provider for something that needs the key',
      );
    },
  },
  {
    name: 'lets a message in flight finish when it is closed',
    async run(stage) {
      const sending = stage.sent(conformanceMessage());
      // On its way, and not at its end.
      await setImmediate();
      await Promise.all([stage.transport.close?.(), sending]);
      check(
        (await stage.received()).length === 1,
        'the message arrives',
        await stage.received(),
        'wait in close() for what is under way',
      );
    },
  },
  {
    name: 'prints no secret',
    async run(stage) {
      stage.checkSecrets(stage.transport);
    },
  },
  {
    name: 'bounces a recipient that the provider refuses for good',
    needs: 'refused-recipient',
    run: (stage) =>
      fails(stage, 'refused-recipient', ({ error }) => [
        error!.permanent && error!.scope !== 'transport',
        'the error is permanent, of the recipient or the message',
        "new MailError(words, { permanent: true, scope: 'recipient' })",
      ]),
  },
  {
    name: 'has a mail tried again when the provider is busy',
    needs: 'busy',
    run: (stage) => fails(stage, 'busy', notForGood),
  },
  {
    name: 'says that the transport is at fault when the provider is down',
    needs: 'down',
    run: (stage) => fails(stage, 'down', transportsFault),
  },
  {
    name: 'says that the transport is at fault when the key is wrong',
    needs: 'credentials',
    run: (stage) => fails(stage, 'credentials', transportsFault),
  },
  {
    name: 'says that nobody knows when the answer to the message is lost',
    needs: 'silent',
    run: (stage) =>
      fails(stage, 'silent', ({ error }) => [
        error!.ambiguous,
        'the error is ambiguous',
        'once the request is out, a time-out is new MailError(words, { ambiguous: true }): another transport could send the mail twice',
      ]),
  },
  {
    name: 'takes nothing for an answer that is none',
    needs: 'garbage',
    run: (stage) =>
      fails(stage, 'garbage', ({ error }) => [
        !(error!.permanent && error!.scope !== 'transport'),
        'the mail does not bounce',
        'look for what only a real answer has, such as the id of the message, and throw an ambiguous MailError where it is missing',
      ]),
  },
];

const ONCE = 'send() resolves when the provider has taken the message, and hands it over once';
const LIMITS: ReadonlySet<string> = new Set(['recipients', 'bytes', 'tags', 'batch']);
const FLAGS: ReadonlySet<string> = new Set([
  'tags',
  'metadata',
  'headers',
  'cc',
  'bcc',
  'replyTo',
  'inline',
  'raw',
  'attachments',
]);

type Judgement = [holds: boolean, expected: string, mend: string];

async function fails(
  stage: ConformanceStage,
  kind: ConformanceAnswer,
  judge: (outcome: ConformanceOutcome) => Judgement,
): Promise<void> {
  await stage.answer(kind);
  const message: MailMessage = conformanceMessage();
  const outcome = await stage.send(message);
  check(outcome.error !== undefined, `send() fails when the answer is ${kind}`, outcome.result, 'throw a MailError');
  stage.checkSecrets(outcome.error);
  const [holds, expected, mend] = judge(outcome);
  const { permanent, scope, ambiguous, message: words } = outcome.error;
  check(holds, expected, { permanent, scope, ambiguous, message: words }, mend);
}

function notForGood({ error }: ConformanceOutcome): Judgement {
  return [
    !error!.permanent || error!.scope === 'transport',
    'the error is not permanent',
    'new MailError(words, { retryAfter })',
  ];
}

function transportsFault({ error, thrown }: ConformanceOutcome): Judgement {
  return [
    thrown && error!.scope === 'transport' && !error!.ambiguous,
    "an error of scope 'transport' is thrown, which is not ambiguous",
    "new MailError(words, { scope: 'transport' }): the route moves the mail on",
  ];
}

function tooMany({ transport }: ConformanceStage, recipients: number): boolean {
  return (transport.capabilities?.recipients ?? Infinity) < recipients;
}
