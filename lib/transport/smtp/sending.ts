import type { SMTPConnectionEnvelope, SMTPEnvelope } from 'nodemailer/lib/smtp-connection';
import type { SmtpPhase } from './smtp.error.js';

/** How far one message has come. */
export class Sending {
  /** `confirming`: the server said 354; `written`: the final "." is on its way, and cannot be taken back. */
  stage: 'envelope' | 'confirming' | 'writing' | 'written' = 'envelope';
  /** Whether the server said anything since MAIL. */
  heard = false;
  /** Nodemailer notes in it who was accepted and who was not. */
  readonly envelope: TrackedEnvelope;

  constructor(envelope: TrackedEnvelope) {
    this.envelope = envelope;
  }

  /** With PIPELINING all commands are out at once: what counts is the one whose answer is awaited. */
  get phase(): SmtpPhase {
    if (this.stage === 'written') return 'dot';
    if (this.stage !== 'envelope') return 'data';
    const answers = (this.envelope.accepted?.length ?? 0) + (this.envelope.rejected?.length ?? 0);
    if (answers > 0 && answers === this.envelope.to.length) return 'data';
    return answers > 0 || this.heard ? 'rcpt' : 'mail';
  }
}

type TrackedEnvelope = SMTPEnvelope & { to: string[] } & Partial<Pick<SMTPConnectionEnvelope, 'accepted' | 'rejected'>>;
