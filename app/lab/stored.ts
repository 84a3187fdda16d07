/** Results of `npm run bench` that are stored in the repository. */

/** One line of them. */
export interface StoredRow {
  readonly bench: string;
  readonly case: string;
  readonly variant: string;
  readonly minMs: number;
  readonly gflops: number;
  readonly gbps: number;
  readonly ofCeiling: number;
}

/** What one machine did. */
export interface StoredResults {
  readonly date: string;
  readonly runtime: string;
  /** Number and model of its processors. */
  readonly machine: string;
  readonly adapter: { readonly description: string; readonly class: string };
  readonly results: readonly StoredRow[];
}

// RUNTIME_ADAPTER_MAKER.json, as `npm run bench` names them: the folder holds results of other kinds too.
const FILES = import.meta.glob<string>('../../bench/results/{chrome,dawn,deno,node}_*.json', {
  query: '?url',
  import: 'default',
  eager: true,
});

/** Of all machines. */
export async function storedResults(): Promise<StoredResults[]> {
  return Promise.all(
    Object.values(FILES).map(
      async (file) => (await fetch(new URL(file, document.baseURI))).json() as Promise<StoredResults>,
    ),
  );
}

/** Lines of an operation: forward or backward, and of its kind where the word has several. */
export function rowsOf({ results }: StoredResults, word: string, id: string): StoredRow[] {
  const backward = id.endsWith('backward');
  const kind = id.slice(word.length).replace('backward', '').trim();
  return results.filter(
    (one) =>
      one.bench === word && one.case.includes('backward') === backward && (kind === '' || one.case.startsWith(kind)),
  );
}
