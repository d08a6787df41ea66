import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icon.js';

/** Asks a moment after the last key. `/` leads here from anywhere. */
export function SearchField({
  label,
  hint,
  value,
  search,
}: {
  label: string;
  hint: string;
  value: string;
  search: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => search(text.trim()), 300);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <form
      role="search"
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        search(text.trim());
      }}
    >
      <Icon name="search" />
      <input
        type="search"
        data-search
        aria-label={label}
        placeholder={hint}
        maxLength={320}
        spellcheck={false}
        autocomplete="off"
        value={text}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </form>
  );
}
