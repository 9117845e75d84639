/** A function that works each answer out once. */
export function memo<K, V extends object>(work: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return key => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const fresh = work(key);
    known.set(key, fresh);
    return fresh;
  };
}

/** A value that is worked out when it is first asked for. */
export function once<V extends object>(work: () => V): () => V {
  const known = memo(work);
  return () => known(undefined);
}
