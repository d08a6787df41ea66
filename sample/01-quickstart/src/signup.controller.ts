import { BadRequestException, Body, Controller, Get, Header, Post, Redirect, Sse } from '@nestjs/common';
import { MailMessageError } from 'nestjs-mail-relay';
import { from, map, merge, type Observable } from 'rxjs';
import { Catcher } from './catcher.js';
import { PAGE } from './page.js';
import { SignupService } from './signup.service.js';

@Controller()
export class SignupController {
  constructor(
    private readonly signups: SignupService,
    private readonly catcher: Catcher,
  ) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }

  @Post('signup')
  @Redirect('/', 303)
  async signup(@Body() { name, email }: { name?: string; email?: string }): Promise<void> {
    try {
      await this.signups.signup(name?.trim() || 'stranger', email ?? '');
    } catch (error) {
      if (error instanceof MailMessageError) throw new BadRequestException(error.message);
      throw error;
    }
  }

  /** What was there before the page was opened, and all that comes after. */
  @Sse('events')
  events(): Observable<{ type: string; data: object }> {
    const states = merge(from([...this.signups.known.values()]), this.signups.progress);
    const mails = merge(from([...this.catcher.mails]), this.catcher.caught);
    return merge(
      states.pipe(map((data) => ({ type: 'state', data }))),
      mails.pipe(map((data) => ({ type: 'mail', data }))),
    );
  }
}
