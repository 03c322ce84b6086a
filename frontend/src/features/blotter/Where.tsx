/** An instrument over its connection: beside each other they leave no room for the rest of a row. */
export function Where({ instrument, at }: { readonly instrument: string; readonly at: string }) {
  return (
    <span className="block leading-tight max-md:w-24 max-md:whitespace-normal">
      {instrument}
      <span className="block text-xs text-muted">{at}</span>
    </span>
  );
}
