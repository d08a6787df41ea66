import { BadRequestException, Body, Controller, Get, Header, Post, Redirect } from '@nestjs/common';
import { MailMessageError } from 'nestjs-mail-relay';
import { PAGE } from './page.js';
import { SignupService } from './signup.service.js';

@Controller()
export class SignupController {
  constructor(private readonly signups: SignupService) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }

  /** Leads to the mail in the console. */
  @Post('signup')
  @Redirect('/relay/', 303)
  async signup(@Body() { name, email }: { name?: string; email?: string }): Promise<{ url: string }> {
    try {
      const { id } = await this.signups.signup(name?.trim() || 'stranger', email ?? '');
      return { url: `/relay/#/mails/${id}` };
    } catch (error) {
      if (error instanceof MailMessageError) throw new BadRequestException(error.message);
      throw error;
    }
  }
}
