/** Answers to single questions, asked together. */
export interface Batches<T> {
  /** Rejects when its batch failed, or has no answer for this id. */
  load: (id: string) => Promise<T>;
}

interface Waiting<T> {
  id: string;
  resolve: (found: T) => void;
  reject: (error: unknown) => void;
}

/** Gathers the ids of `gatherMs` milliseconds and asks for them at once, at most `most` in one question. */
export function batches<T>(
  ask: (ids: string[]) => Promise<Map<string, T>>,
  most: number,
  gatherMs: number,
): Batches<T> {
  let waiting: Waiting<T>[] = [];

  function flush(): void {
    const all = waiting;
    waiting = [];
    for (let first = 0; first < all.length; first += most) void answer(all.slice(first, first + most));
  }

  async function answer(some: Waiting<T>[]): Promise<void> {
    try {
      const found = await ask([...new Set(some.map(({ id }) => id))]);
      for (const { id, resolve, reject } of some) {
        const one = found.get(id);
        if (one === undefined) reject(new Error(`Nothing is known of ${id}.`));
        else resolve(one);
      }
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }

  return {
    load: (id) =>
      new Promise<T>((resolve, reject) => {
        if (waiting.length === 0) setTimeout(flush, gatherMs);
        waiting.push({ id, resolve, reject });
      }),
  };
}
