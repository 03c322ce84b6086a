export type Entry = {
  readonly key: string;
  readonly group: string;
  readonly words: string;
  /** Beside the words: a key, a product. */
  readonly hint: string;
  readonly run: () => void;
};

/** Entries whose words have every typed word in them; all of them for nothing typed. */
export function matchingEntries(entries: readonly Entry[], typed: string): readonly Entry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    const text = `${entry.group} ${entry.words}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** What Enter takes: the marked entry as long as it is listed, else the first one. */
export function markedKey(entries: readonly Entry[], marked: string): string {
  return entries.some((entry) => entry.key === marked) ? marked : (entries[0]?.key ?? "");
}

export function grouped(
  entries: readonly Entry[],
): readonly { readonly name: string; readonly entries: readonly Entry[] }[] {
  const names = [...new Set(entries.map((entry) => entry.group))];
  return names.map((name) => ({ name, entries: entries.filter((entry) => entry.group === name) }));
}
