import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DkimKey } from '../dkim/generate-dkim-key.js';

/** Writes the private key for its owner only, never over another file; gives its path. */
export async function writeKey({ domain, selector, privateKey }: DkimKey, folder: string): Promise<string> {
  const file = join(folder, `${selector}.${domain}.pem`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(file, privateKey, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new Error(`${file} is there already; choose another --selector or --out`, { cause: error });
    throw new Error(`${file} cannot be written (${code})`, { cause: error });
  }
  return file;
}
