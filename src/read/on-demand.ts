/**
 * Readers that are loaded when an input turns out to be theirs: each brings a decoder or a package along, and loading them
 * all takes longer than reading a small capture.
 */
export interface OnDemand<M> {
  load(): Promise<void>;
  /** @throws Error when it was not loaded */
  readonly module: M;
}

export function onDemand<M>(load: () => Promise<M>): OnDemand<M> {
  let module: M | undefined;
  return {
    load: async () => {
      module ??= await load();
    },
    get module() {
      if (module === undefined) throw new Error('a format was opened before it was loaded (StreamFormat.load)');
      return module;
    },
  };
}

/** A reader that may find zstd in what it reads, where it can wait for nothing. */
export async function withZstd<M>(loading: Promise<M>): Promise<M> {
  const [module, { loadZstd }] = await Promise.all([loading, import('./zstd.ts')]);
  await loadZstd();
  return module;
}
