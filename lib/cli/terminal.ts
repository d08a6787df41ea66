/** Where a command writes. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Characters in a line. */
  readonly columns: number;
  /** Paints a text, where colours are wanted. */
  paint(colour: Colour, text: string): string;
}

export type Colour = 'green' | 'yellow' | 'red' | 'grey' | 'bold';

/** Colours only on a terminal, and not with NO_COLOR (https://no-color.org). */
export function terminalOf({ stdout, stderr, env, exit }: NodeJS.Process): Terminal {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads has read enough, such as `head`; that changes nothing of what the command has to say by its exit code.
    if (error.code === 'EPIPE') return;
    stderr.write(`nestjs-mail-relay: cannot write what is to be said: ${error.message}\n`);
    exit(1);
  });
  stderr.on('error', () => {});
  const isColoured = stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return {
    out: (text) => void stdout.write(`${text}\n`),
    error: (text) => void stderr.write(`${text}\n`),
    columns: Math.min(Math.max(stdout.columns ?? 100, 60), 140),
    paint: (colour, text) => (isColoured ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text),
  };
}

const CODES: Readonly<Record<Colour, number>> = { green: 32, yellow: 33, red: 31, grey: 90, bold: 1 };
