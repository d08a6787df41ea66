import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  Post,
  Req,
  Sse,
} from '@nestjs/common';
import {
  MailEvents,
  MailFeedback,
  MailMessageError,
  MailService,
  MailStatistics,
  type MailStatus,
  SuppressionList,
} from 'nestjs-mail-relay';
import { bufferTime, filter, from, map, merge, mergeMap, type Observable } from 'rxjs';
import { bounceMail } from './bounce-mail.js';
import { feedbackOf, type Kind, KINDS, type Provider, PROVIDERS } from './demo-provider.js';
import { DemoTransport } from './demo.transport.js';
import { PAGE } from './page.js';

@Controller()
export class FeedbackController {
  readonly #mails: string[] = [];

  constructor(
    private readonly mail: MailService,
    private readonly events: MailEvents,
    private readonly feedback: MailFeedback,
    private readonly statistics: MailStatistics,
    private readonly suppressions: SuppressionList,
    private readonly transport: DemoTransport,
  ) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }

  @Post('mails')
  async send(@Body() { to }: { to?: string }): Promise<{ id: string }> {
    try {
      const { id } = await this.mail.send({
        to: to ?? '',
        subject: 'Your order',
        text: 'It is on its way.',
        tags: ['order'],
      });
      this.#mails.push(id);
      return { id };
    } catch (error) {
      if (error instanceof MailMessageError) throw new BadRequestException(error.message);
      throw error;
    }
  }

  /** Does what a provider does: posts to this application's own webhook. */
  @Post('mails/:id/:provider/:kind')
  async post(
    @Req() { socket }: { socket: { localPort: number } },
    @Param('id') id: string,
    @Param('provider') provider: Provider,
    @Param('kind') kind: Kind,
  ): Promise<{ status: number }> {
    if (!PROVIDERS.includes(provider) || !KINDS.includes(kind)) throw new NotFoundException();
    const { messageId, recipients } = await this.#find(id);
    const request = feedbackOf(provider, kind, { id, messageId, address: recipients[0]!.address });
    const url = `http://127.0.0.1:${socket.localPort}/relay/webhooks/${provider}`;
    const { status } = await fetch(url, { method: 'POST', ...request });
    return { status };
  }

  /** Does what a mail server does: writes to the mail's return path. */
  @Post('mails/:id/bounce-mail')
  async bounce(@Param('id') id: string): Promise<{ recorded: number }> {
    const { recipients } = await this.#find(id);
    const returnPath = this.transport.returnPaths.get(id);
    if (returnPath === undefined) throw new NotFoundException('The mail was not sent');
    const { events } = await this.feedback.ingest(bounceMail(returnPath, recipients[0]!.address));
    return { recorded: events.length };
  }

  @Post('suppressions/remove')
  async remove(@Body() { address }: { address?: string }): Promise<void> {
    await this.suppressions.remove(address ?? '');
  }

  /** All mails now, and again whenever something happens to one. */
  @Sse('events')
  stream(): Observable<{ type: string; data: object }> {
    const changed = this.events.pipe(
      bufferTime(100),
      filter((some) => some.length > 0),
      mergeMap((some) => from(new Set(some.flatMap(({ mailId }) => mailId ?? [])))),
    );
    return merge(from(this.#mails), changed).pipe(
      mergeMap((id) => this.mail.status(id)),
      filter((status) => status !== null),
      mergeMap(async (status) => ({
        status,
        counts: await this.statistics.total({ days: 1 }),
        suppressed: (await this.suppressions.list()).entries,
      })),
      map((data) => ({ type: 'mail', data })),
    );
  }

  async #find(id: string): Promise<MailStatus> {
    const status = await this.mail.status(id);
    if (!status) throw new NotFoundException();
    return status;
  }
}
