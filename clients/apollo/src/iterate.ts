import type { Observable } from 'rxjs';

/** The values of an observable, for `for await`; leaving the loop unsubscribes. */
export async function* iterate<T>(observable: Observable<T>): AsyncGenerator<T> {
  const values: T[] = [];
  let failure: { error: unknown } | null = null;
  let isComplete = false;
  let wake = () => {};
  const subscription = observable.subscribe({
    next: (value) => {
      values.push(value);
      wake();
    },
    error: (error: unknown) => {
      failure = { error };
      wake();
    },
    complete: () => {
      isComplete = true;
      wake();
    },
  });
  try {
    for (;;) {
      while (values.length > 0) yield values.shift() as T;
      if (failure !== null) throw (failure as { error: unknown }).error;
      if (isComplete) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    subscription.unsubscribe();
  }
}
