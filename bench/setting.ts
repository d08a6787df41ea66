/** Calls in flight, SMTP connections, and jobs at once: the same for every subject. */
export const WIDTH = 100;
export const CONNECTIONS = 10;
export const CONCURRENCY = 50;
