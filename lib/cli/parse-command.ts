import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from './usage.error.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>>;

/** The options of a command line, and what stands between them. @throws UsageError */
export function parseCommand<const T extends Options>(
  args: readonly string[],
  options: T,
): Pick<Parsed<T>, 'values' | 'positionals'> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node's words say which option; what follows is about its own way to mend it.
    throw new UsageError((error as Error).message.split('. ')[0]!, error);
  }
}

/** The only word. @throws UsageError */
export function onlyWord(words: readonly string[], what: string): string {
  const [word, ...more] = words;
  if (word === undefined) throw new UsageError(`${what} is missing`);
  if (more.length > 0) throw new UsageError(`${JSON.stringify(more[0])} is one word too many`);
  return word;
}
