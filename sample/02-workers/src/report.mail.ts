import { Injectable } from '@nestjs/common';
import { Mail, type Mailable, type MailContent } from 'nestjs-mail-relay';
import { Reports } from './reports.js';

/** An injectable mail. The web process names it; only a worker, which provides `Reports`, can render it. */
@Mail({ template: 'report', subject: 'Report for {{month}}' })
@Injectable()
export class ReportMail implements Mailable<{ month: string }> {
  constructor(private readonly reports: Reports) {}

  async render({ month }: { month: string }): Promise<MailContent> {
    const report = await this.reports.of(month);
    return {
      context: { month, worker: process.pid, ...report },
      attachments: [{ filename: `${month}.csv`, content: report.csv }],
    };
  }
}
