import { useId } from 'preact/hooks';

/** `options`: values, or values with what they are called. */
export function SelectField({
  label,
  value,
  options,
  choose,
}: {
  label: string;
  value: string;
  options: readonly (string | readonly [value: string, name: string])[];
  choose: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {options.map((option) => {
          const [key, name] = typeof option === 'string' ? [option, option] : option;
          return (
            <option key={key} value={key}>
              {name}
            </option>
          );
        })}
      </select>
    </div>
  );
}

/** A filter that takes any word, with those that are known to choose from. */
export function WordField({
  label,
  value,
  known,
  choose,
}: {
  label: string;
  value: string;
  known: readonly string[];
  choose: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        list={`${id}-known`}
        placeholder="any"
        maxLength={100}
        autocomplete="off"
        value={value}
        onChange={({ currentTarget }) => choose(currentTarget.value.trim())}
      />
      <datalist id={`${id}-known`}>
        {known.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
    </div>
  );
}
