#!/usr/bin/env node
import { runCli } from './run-cli.js';
import { terminalOf } from './terminal.js';

const { stdout, stderr } = process;
process.exitCode = await runCli(process.argv.slice(2), terminalOf(process));
// Nobody waits for what the DNS is still asked; but all that was written goes out, and what went wrong with that is told.
stdout.write('', () => setImmediate(() => stderr.write('', () => process.exit())));
