import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AcmeMail {
  to: string[];
  subject: string;
}

/** The provider, on loopback: takes mails, or answers as it is told. */
export class AcmeServer {
  readonly mails: AcmeMail[] = [];
  /** What every request is answered with; left out, mails are taken. */
  fault?: (response: ServerResponse) => void;
  readonly #server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.headers.authorization !== 'Bearer secret-of-acme') return response.writeHead(401).end();
      if (this.fault) return this.fault(response);
      this.mails.push(JSON.parse(body) as AcmeMail);
      return response.writeHead(200).end(JSON.stringify({ id: `acme-${this.mails.length}` }));
    });
  });

  static async start(): Promise<AcmeServer> {
    const acme = new AcmeServer();
    acme.#server.listen(0, '127.0.0.1');
    await once(acme.#server, 'listening');
    return acme;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
