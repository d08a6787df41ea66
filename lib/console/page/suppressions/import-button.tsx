import { useRef, useState } from 'preact/hooks';
import { change } from '../client/request.js';
import { say, sayProblem } from '../parts/announcer.js';
import { confirm } from '../parts/confirm.js';
import { bytes, many } from '../parts/format.js';
import { Icon } from '../parts/icon.js';

/** Takes a CSV file: the export of this list, of another provider, or one with a column `address`. */
export function ImportButton({ done }: { done: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const take = async (file: File) => {
    const text = `All addresses in ${file.name} (${bytes(file.size)}) get no more mails.`;
    if (!(await confirm('Import this file?', text, 'Import', false))) return;
    setBusy(true);
    try {
      const { added, invalid } = await change<{ added: number; invalid: number }>(
        'POST',
        'suppressions/import',
        await file.text(),
      );
      const words = `${many(added, 'address', 'addresses')} added.`;
      if (invalid === 0) say(words);
      else say(`${words} ${many(invalid, 'row was', 'rows were')} not valid and left out.`, true);
      done();
    } catch (error) {
      sayProblem(error);
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" disabled={busy} onClick={() => field.current?.click()}>
        <Icon name="upload" /> {busy ? 'Importing …' : 'Import CSV'}
      </button>
      <input
        ref={field}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label="CSV file to import"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          // So that the same file can be taken again.
          currentTarget.value = '';
          if (file) void take(file);
        }}
      />
    </>
  );
}
