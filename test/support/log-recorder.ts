import type { RelayLogger } from '../../lib/queue/outage-log.js';

/** A logger that keeps its lines. */
export class LogRecorder implements RelayLogger {
  readonly lines: string[] = [];

  log(message: string): void {
    this.lines.push(`log ${message}`);
  }

  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }

  error(message: string): void {
    this.lines.push(`error ${message}`);
  }
}
