import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';

/** How long mails in flight may take when the application closes, in milliseconds. */
const DRAIN = 10_000;

/** What a worker's host starts and stops. */
export interface HostedWorker {
  start(): void;
  /** @param deadline milliseconds */
  drain(deadline: number): Promise<void>;
}

/**
 * Starts the worker with the application and drains it as it closes. It lives in a module of its own that is never global, since Nest
 * destroys global modules last: what a mail injects is still there while the last mails are sent.
 */
export class RelayWorkerHost implements OnApplicationBootstrap, OnModuleDestroy {
  #worker?: HostedWorker;

  attach(worker: HostedWorker): void {
    this.#worker = worker;
  }

  onApplicationBootstrap(): void {
    this.#worker?.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#worker?.drain(DRAIN);
  }
}
