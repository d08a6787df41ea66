import type { ComponentChildren } from 'preact';
import type { ApiProblem } from '../client/problem.js';
import { Icon, type IconName } from './icon.js';

/** Nothing is here, and what to do about it. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children && <div class="empty-help">{children}</div>}
    </div>
  );
}

/** What went wrong, in the server's words, and a way on. */
export function ErrorNote({ problem, retry }: { problem: ApiProblem; retry?: () => void }) {
  return (
    <div class="note note-bad" role="alert">
      <Icon name="warning" />
      <div>
        <p>
          <strong>{problem.title}</strong>
          {problem.status > 0 && <span class="muted"> ({problem.status})</span>}
        </p>
        <p>{problem.message}</p>
        {retry && (
          <button type="button" onClick={retry}>
            <Icon name="retry" /> Try again
          </button>
        )}
      </div>
    </div>
  );
}

export function Note({ tone = 'info', children }: { tone?: 'info' | 'warn' | 'bad'; children: ComponentChildren }) {
  return (
    <div class={`note note-${tone}`}>
      <div>{children}</div>
    </div>
  );
}

/** The room that a list will take, while it is asked for. */
export function Skeleton({ rows = 6, tall = false }: { rows?: number; tall?: boolean }) {
  return (
    <div class="skeleton" role="status">
      <span class="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class={tall ? 'skeleton-row tall' : 'skeleton-row'} aria-hidden="true" />
      ))}
    </div>
  );
}
