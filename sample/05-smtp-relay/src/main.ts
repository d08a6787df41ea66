import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { RelaySubmission } from 'nestjs-mail-relay/submission';
import { AppModule } from './app.module.js';
import { readSettings } from './settings.js';

const settings = readSettings();
const app = await NestFactory.create(AppModule.with(settings), { logger: ['log', 'warn', 'error'] });
// So that a stop lets messages under way finish, and mails in flight.
app.enableShutdownHooks();
await app.listen(settings.http.port, settings.http.host);

const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
const [smtp] = app.get(RelaySubmission, { strict: false }).addresses;
console.log(`
The relay takes mail: swaks --server ${smtp!.host}:${smtp!.port} --from ada@acme.test --to bob@example.test
${settings.apiKeys.length > 0 ? `Over HTTP: http://${settings.http.host}:${port}/relay/openapi.json` : 'RELAY_API_KEYS opens its HTTP API.'}
${settings.delivery.length > 0 ? `It delivers by ${settings.delivery.map((way) => way.replace(/\/\/.*@/, '//***@').replace(/\?.*/, '')).join(', then ')}.` : 'Mails are kept in .mail-relay/mails; RELAY_DELIVERY=direct, or the URL of a transport, sends them.'} Ctrl-C ends it.
`);
