import { type FSWatcher, watch } from 'node:fs';

/** Notices that something in a set of folders has changed. It never keeps the process alive. */
export class TemplateWatcher {
  #watchers: FSWatcher[] = [];
  #changed = false;
  /** Some folder cannot be watched (the system's limit, a network drive): then everything counts as changed. */
  #blind = false;

  get changed(): boolean {
    return this.#changed || this.#blind;
  }

  /** Told the name of a file, where the system gives it. */
  onChange?: (file: string | null) => void;

  add(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, file) => {
        this.#changed = true;
        this.onChange?.(file);
      });
      watcher.on('error', () => (this.#blind = true));
      this.#watchers.push(watcher);
    } catch {
      this.#blind = true;
    }
  }

  /** Forgets all folders and what happened to them. */
  close(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    this.#changed = false;
  }
}
