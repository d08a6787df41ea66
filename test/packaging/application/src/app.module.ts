import { Module } from '@nestjs/common';
import { MemoryTransport, RelayModule } from 'nestjs-mail-relay';
import { ReportMail, Reports } from './report.mail.js';

export const kept = new MemoryTransport();

@Module({
  imports: [
    RelayModule.forRoot({ from: 'Acme <hello@acme.test>', transport: kept, templates: { dir: './src/mails' } }),
  ],
  providers: [ReportMail, Reports],
})
export class AppModule {}
