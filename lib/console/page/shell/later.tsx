import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiProblem } from '../client/problem.js';
import { ErrorNote, Skeleton } from '../parts/notes.js';

/** A page whose code is fetched when it is first asked for. */
export function later(load: () => Promise<ComponentType>): ComponentType {
  let Loaded: ComponentType | undefined;
  return function Later() {
    const [state, setState] = useState<'loading' | 'ready' | 'failed'>(Loaded ? 'ready' : 'loading');
    useEffect(() => {
      if (Loaded) return;
      load().then(
        (page) => {
          Loaded = page;
          setState('ready');
        },
        () => setState('failed'),
      );
    }, []);
    if (Loaded) return <Loaded />;
    if (state === 'failed') return <ErrorNote problem={OUTDATED} retry={() => location.reload()} />;
    return <Skeleton rows={8} tall />;
  };
}

const OUTDATED = new ApiProblem(
  'The application may have been updated meanwhile. Load the page again.',
  0,
  'This page cannot be loaded',
);
