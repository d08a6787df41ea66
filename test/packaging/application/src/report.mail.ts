import { Injectable } from '@nestjs/common';
import { Mail, type Mailable, type MailContent } from 'nestjs-mail-relay';

@Injectable()
export class Reports {
  async visitors(month: Date) {
    return month.getUTCMonth() * 1000;
  }
}

@Mail({ subject: '{{visitors}} visitors' })
@Injectable()
export class ReportMail implements Mailable<{ month: Date }> {
  constructor(private readonly reports: Reports) {}

  async render({ month }: { month: Date }): Promise<MailContent> {
    return { text: 'Thank you.', context: { visitors: await this.reports.visitors(month) } };
  }
}
