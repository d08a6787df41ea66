import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** What it reads from its standard input. */
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Milliseconds after which it is ended. Default 60 seconds. */
  readonly timeout?: number;
}

/** Runs a program to its end, whatever its exit code; the process goes on meanwhile, so that a server in it can answer. */
export async function runProgram(
  command: string,
  args: readonly string[],
  { input = '', env, cwd, timeout = 60_000 }: ProgramOptions = {},
): Promise<ProgramRun> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout, env, cwd });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A program that ends without reading all is judged by its exit code.
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** The same for a program that must succeed: returns what it printed. */
export async function outputOf(command: string, args: readonly string[], options?: ProgramOptions): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}
