import 'reflect-metadata';
import { Body, Controller, Get, Module, NotFoundException, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MailService, type MailStatus, RelayModule, type SendResult } from 'nestjs-mail-relay';
import { ReportMail } from './report.mail.js';

@Controller('reports')
class ReportController {
  constructor(private readonly mail: MailService) {}

  @Post()
  send(@Body() { to, month }: { to: string; month: string }): Promise<SendResult> {
    return this.mail.send(ReportMail, { to, data: { month } });
  }

  @Get(':id')
  async status(@Param('id') id: string): Promise<MailStatus> {
    const status = await this.mail.status(id);
    if (!status) throw new NotFoundException();
    return status;
  }
}

@Module({
  // Only queues: no transports, no templates.
  imports: [
    RelayModule.forRoot({ from: 'Acme <hello@acme.test>', worker: false, queue: { redis: process.env.REDIS_URL! } }),
  ],
  controllers: [ReportController],
})
class WebModule {}

const app = await NestFactory.create(WebModule, { logger: ['warn', 'error'] });
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
process.send?.({ url: await app.getUrl() });
