import type { IncomingMessage } from 'node:http';
import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { firstValueFrom, isObservable } from 'rxjs';
import { isLoopback } from '../../dns/ip-address.js';
import type { FrameworkRequest } from '../../http/mount-handler.js';
import { instanceOf } from '../../instance-of.js';
import { ConsoleRejectedError } from './console-rejected.error.js';

/** Who may see the console. */
export interface ConsoleGuard {
  /** @throws ConsoleRejectedError, or what the application's guard throws */
  check(request: IncomingMessage, framework: FrameworkRequest): Promise<void>;
}

/** The application's own guard, called as Nest calls guards before a controller. */
export class ApplicationGuard implements ConsoleGuard {
  readonly #type: Type<CanActivate>;
  readonly #modules: ModuleRef;
  #guard?: Promise<CanActivate>;

  constructor(type: Type<CanActivate>, modules: ModuleRef) {
    this.#type = type;
    this.#modules = modules;
  }

  async check(_request: IncomingMessage, framework: FrameworkRequest): Promise<void> {
    const guard = await (this.#guard ??= instanceOf(this.#type, this.#modules));
    const answer = guard.canActivate(new HttpContext(framework));
    const may = isObservable(answer) ? await firstValueFrom(answer) : await answer;
    if (!may) throw new ConsoleRejectedError(403, 'You may not see the console');
  }
}

/**
 * In development, without a guard: this machine only. A page of somebody else's whose name leads to 127.0.0.1 (DNS rebinding) is known by the
 * name it asks for, and what a proxy hands on by where that had it from.
 */
export class LoopbackGuard implements ConsoleGuard {
  async check({ socket, headers }: IncomingMessage): Promise<void> {
    const forwarded = [headers['x-forwarded-for'] ?? []].flat().flatMap((list) => list.split(','));
    const local =
      isLoopback(socket.remoteAddress ?? '') &&
      forwarded.every((address) => isLoopback(address.trim())) &&
      headers['forwarded'] === undefined &&
      isLocalHost(headers.host ?? '');
    if (!local)
      throw new ConsoleRejectedError(
        403,
        'Without a guard the console answers only on this machine, by the name localhost: give RelayConsoleModule.forRoot({ authorize })',
      );
  }
}

/** @param host as in the header: with a port, perhaps */
function isLocalHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1');
  return isLoopback(name) || /^(?:[a-z\d-]{1,63}\.){0,8}localhost\.?$/i.test(name);
}

/** What a guard asks of the request. The handler and its class are the console's own, without metadata. */
class HttpContext implements ExecutionContext {
  readonly #args: [request: object, response: object, next: () => void];

  constructor({ request, response }: FrameworkRequest) {
    this.#args = [request, response, () => {}];
  }

  getClass<T>(): Type<T> {
    return HttpContext as unknown as Type<T>;
  }

  getHandler(): Function {
    return HttpContext.prototype.getHandler;
  }

  getArgs<T extends unknown[]>(): T {
    return this.#args as unknown as T;
  }

  getArgByIndex<T>(index: number): T {
    return this.#args[index] as T;
  }

  getType<T extends string>(): T {
    return 'http' as T;
  }

  switchToHttp(): ReturnType<ExecutionContext['switchToHttp']> {
    return {
      getRequest: <T>() => this.#args[0] as T,
      getResponse: <T>() => this.#args[1] as T,
      getNext: <T>() => this.#args[2] as T,
    };
  }

  switchToRpc(): never {
    throw new TypeError('The console is asked over HTTP');
  }

  switchToWs(): never {
    throw new TypeError('The console is asked over HTTP');
  }
}
