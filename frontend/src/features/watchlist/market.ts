/** One instrument of one connection: the same id on two connections is two markets. */
export type Market = { readonly connectionId: string; readonly instrumentId: string };

export function isSame(a: Market, b: Market): boolean {
  return a.connectionId === b.connectionId && a.instrumentId === b.instrumentId;
}
