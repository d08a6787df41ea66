/** Whether a promise resolves within so many milliseconds. Meanwhile it keeps the process alive, and afterwards nothing does. */
export async function within(limit: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, limit, false)));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer!);
  }
}
