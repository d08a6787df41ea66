import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RelayModule, type RelayOptions } from 'nestjs-mail-relay';
import { FROM, HTML, TEXT } from './mails.js';

/** An application with a relay, as a user would set it up. */
export async function relayApplication(options: RelayOptions): Promise<INestApplicationContext> {
  const dir = await mkdtemp(join(tmpdir(), 'relay-bench-'));
  await writeFile(join(dir, 'welcome.hbs'), HTML);
  await writeFile(join(dir, 'welcome.txt.hbs'), TEXT);
  @Module({ imports: [RelayModule.forRoot({ from: FROM, templates: { dir }, ...options })] })
  class BenchModule {}
  return NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
}
