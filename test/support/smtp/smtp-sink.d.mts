export interface SmtpSink {
  readonly port: number;
  readonly url: string;
  /** Messages and connections so far. */
  count(): Promise<{ messages: number; connections: number }>;
  close(): Promise<void>;
}

/** Starts a sink in a child process, on a port of its own on 127.0.0.1. `delay`: milliseconds before each answer, default none. */
export function startSmtpSink(options?: { delay?: number }): Promise<SmtpSink>;
