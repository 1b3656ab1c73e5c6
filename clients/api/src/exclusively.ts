const queues = new Map<string, Promise<unknown>>();

/** Do the work while nobody else does any under this name: in no other tab either, where the browser has locks. */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (typeof navigator !== 'undefined' && 'locks' in navigator) {
    // Not its result alone: the types unwrap the promise twice.
    return (await navigator.locks.request(name, work)) as T;
  }
  const before = queues.get(name) ?? Promise.resolve();
  const mine = before.then(work, work);
  queues.set(name, mine);
  return mine;
}
