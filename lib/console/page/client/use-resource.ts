import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiProblem, asProblem, isAbort } from './problem.js';

export interface Resource<T> {
  data: T | undefined;
  problem: ApiProblem | undefined;
  loading: boolean;
  /** Reads again; what is there stays until then. */
  reload: () => void;
}

/** What a request answers: asked for again when `key` changes. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<{ key: string; data?: T; problem?: ApiProblem; loading: boolean }>({
    key,
    loading: true,
  });
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<AbortController>(undefined);

  const reload = useCallback(() => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setState((was) => (was.key === key ? { ...was, loading: true } : { key, loading: true }));
    latest.current(controller.signal).then(
      (data) => !controller.signal.aborted && setState({ key, data, loading: false }),
      (error: unknown) => {
        if (isAbort(error) || controller.signal.aborted) return;
        setState(({ data }) => ({
          key,
          ...(data !== undefined && { data }),
          problem: asProblem(error),
          loading: false,
        }));
      },
    );
  }, [key]);

  useEffect(() => {
    reload();
    return () => running.current?.abort();
  }, [reload]);

  // Between a change of the key and its effect, what is there is another's.
  const own = state.key === key;
  return {
    data: own ? state.data : undefined,
    problem: own ? state.problem : undefined,
    loading: !own || state.loading,
    reload,
  };
}
