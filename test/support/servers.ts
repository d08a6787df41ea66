import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

/** The test run's one Redis, started when the first spec asks for it. Share it by queue names. */
export async function redisUrl(): Promise<string> {
  return serverUrl('redis');
}

/** A new, empty database of the test run's one PostgreSQL. */
export async function postgresUrl(): Promise<string> {
  const url = new URL(await serverUrl('postgres'));
  const database = `relay_${randomUUID().replaceAll('-', '')}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(`CREATE DATABASE ${database}`);
  await client.end();
  url.pathname = `/${database}`;
  return url.href;
}

async function serverUrl(kind: 'redis' | 'postgres'): Promise<string> {
  const answer = await fetch(`${inject('servers')}/${kind}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: string;
  }
}
