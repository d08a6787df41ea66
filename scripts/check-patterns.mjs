// Looks for regular expressions that a hostile text can make slow: npm install --no-save recheck && npm run check:patterns
// Exponential ones fail. Those that are polynomial, or too large to decide, are listed: each of them sees texts of a bounded length only.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';

process.env.RECHECK_BACKEND ??= 'pure';
const { check } = await import('recheck').catch(() => {
  console.error('The patterns are checked by recheck: npm install --no-save recheck');
  process.exit(2);
});
const dist = join(import.meta.dirname, '..', 'dist');
const patterns = new Map();
for (const file of readdirSync(dist, { recursive: true })) {
  if (!file.endsWith('.js')) continue;
  collect(parseSync(file, readFileSync(join(dist, file), 'utf8')).program, file);
}
const counts = {};
let exponential = 0;
for (const [source, file] of patterns.values()) {
  const { status, complexity } = await check(source.pattern, source.flags, { timeout: 3_000 });
  const kind = status === 'vulnerable' ? complexity.type : status;
  counts[kind] = (counts[kind] ?? 0) + 1;
  if (kind === 'exponential') exponential++;
  if (kind !== 'safe') console.log(`${kind.padEnd(12)} ${file}: ${source.pattern.slice(0, 120)}`);
}
console.log(`${patterns.size} patterns: ${JSON.stringify(counts)}`);
process.exit(exponential > 0 ? 1 : 0);

function collect(node, file) {
  if (node === null || typeof node !== 'object') return;
  if (node.type === 'Literal' && node.regex)
    patterns.set(`${node.regex.pattern}/${node.regex.flags}`, [node.regex, file]);
  for (const child of Object.values(node)) collect(child, file);
}
