import { useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type ApiProblem } from '../client/problem.js';
import { change } from '../client/request.js';
import { say } from '../parts/announcer.js';

export function AddForm({ done }: { done: () => void }) {
  const [problem, setProblem] = useState<ApiProblem>();
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const submit = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    const value = (name: string) => String(fields.get(name) ?? '').trim() || undefined;
    const until = value('expires');
    const entry = {
      address: value('address'),
      reason: value('reason'),
      stream: value('stream'),
      tenant: value('tenant'),
      // The end of that day, where the reader is.
      expires: until && new Date(`${until}T23:59:59`).toISOString(),
    };
    setBusy(true);
    setProblem(undefined);
    try {
      await change('POST', 'suppressions', entry);
      say(`${entry.address} gets no more mails.`);
      done();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const wrong = problem?.field === 'address';
  return (
    <form
      class="card add-form"
      aria-label="Add an address"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <div class="filter-fields">
        <div class="field grow">
          <label for="add-address">Address</label>
          <input
            id="add-address"
            ref={first}
            name="address"
            type="email"
            required
            maxLength={320}
            autocomplete="off"
            aria-invalid={wrong}
            aria-describedby={problem ? 'add-problem' : undefined}
          />
        </div>
        <div class="field">
          <label for="add-reason">Reason</label>
          <select id="add-reason" name="reason">
            {['manual', 'bounced', 'complained', 'unsubscribed'].map((reason) => (
              <option key={reason}>{reason}</option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for="add-stream">Stream</label>
          <input id="add-stream" name="stream" placeholder="all" maxLength={100} autocomplete="off" />
        </div>
        <div class="field">
          <label for="add-tenant">Tenant</label>
          <input id="add-tenant" name="tenant" placeholder="all" maxLength={100} autocomplete="off" />
        </div>
        <div class="field">
          <label for="add-expires">Until</label>
          <input id="add-expires" name="expires" type="date" />
        </div>
        <button type="submit" class="primary" disabled={busy}>
          Add to the list
        </button>
      </div>
      {problem && (
        <p id="add-problem" class="bad-words" role="alert">
          {problem.title}: {problem.message}
        </p>
      )}
    </form>
  );
}
