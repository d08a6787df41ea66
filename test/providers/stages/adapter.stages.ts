import { SmtpTransport as NestSmtpTransport } from '@nestjs/mail';
import SMTPTransport from 'nodemailer/lib/smtp-transport';
import { fromNestMail, fromNodemailer } from '../../../lib/index.js';
import { smtpStage } from './smtp-stage.js';

/** Transports of other mailers. */
export const ADAPTER_STAGES = [
  smtpStage({
    name: 'nodemailer',
    ours: false,
    transport: ({ host, port }) => fromNodemailer(new SMTPTransport({ host, port, ignoreTLS: true })),
  }),
  smtpStage({
    name: '@nestjs/mail',
    ours: false,
    transport: ({ host, port }) => fromNestMail(new NestSmtpTransport({ host, port, startTls: 'never' })),
  }),
];
