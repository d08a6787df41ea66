import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

interface Question {
  title: string;
  text: string;
  action: string;
  danger: boolean;
  answer: (yes: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

/** Asks before something that cannot be undone, or that stops mails. */
export function confirm(title: string, text: string, action: string, danger = true): Promise<boolean> {
  question.peek()?.answer(false);
  return new Promise((answer) => {
    question.value = { title, text, action, danger, answer };
  });
}

export function ConfirmDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  // Whoever goes back meant another page.
  useEffect(() => {
    const leave = () => {
      question.peek()?.answer(false);
      question.value = undefined;
    };
    addEventListener('hashchange', leave);
    return () => removeEventListener('hashchange', leave);
  }, []);
  useEffect(() => {
    if (asked && !dialog.current?.open) dialog.current?.showModal();
    if (!asked && dialog.current?.open) dialog.current.close();
  }, [asked]);
  const end = (yes: boolean) => {
    asked?.answer(yes);
    question.value = undefined;
  };
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onClose={() => end(false)}
    >
      {asked && (
        <>
          <h2 id="confirm-title">{asked.title}</h2>
          <p id="confirm-text">{asked.text}</p>
          <div class="dialog-actions">
            <button type="button" onClick={() => end(false)}>
              Do nothing
            </button>
            <button type="button" class={asked.danger ? 'danger' : 'primary'} onClick={() => end(true)}>
              {asked.action}
            </button>
          </div>
        </>
      )}
    </dialog>
  );
}
