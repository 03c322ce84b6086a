import type { Connection } from "@/api/queries/connections";
import { LIVE, Panel, type PanelState } from "@/ui/Panel";
import { type Cell, matrixOf, type Reason, reasonsOf } from "./capabilities";

const UNKNOWN: PanelState = {
  kind: "empty",
  title: "Not known yet",
  hint: "The broker tells it when the first session is open.",
};

/** What a connection offers, product by product, and the server's reasons for what it does not. */
export function CapabilityMatrix({ connection }: { readonly connection: Connection }) {
  const { capabilities, connection_id } = connection;
  if (capabilities === null) return <Panel title={`What ${connection_id} offers`} state={UNKNOWN} />;
  const { products, groups } = matrixOf(capabilities);
  return (
    <Panel title={`What ${connection_id} offers`} state={LIVE}>
      <div className="grid grid-cols-[minmax(0,3fr)_minmax(0,2fr)] max-lg:grid-cols-1">
        <div className="overflow-x-auto">
          <table className="w-full border-collapse text-sm">
            <caption className="sr-only">Capabilities of {connection_id} by product</caption>
            <thead className="text-xs text-muted">
              <tr>
                <th scope="col" className="px-2.5 py-1.5 text-left font-normal">
                  Capability
                </th>
                {products.map((product) => (
                  <th key={product} scope="col" className="px-2.5 py-1.5 text-left font-normal">
                    {product}
                  </th>
                ))}
              </tr>
            </thead>
            {groups.map(({ name, rows }) => (
              <tbody key={name}>
                <tr>
                  <th
                    scope="rowgroup"
                    colSpan={products.length + 1}
                    className="border-t border-line bg-raised px-2.5 py-1 text-left text-xs font-semibold"
                  >
                    {name}
                  </th>
                </tr>
                {rows.map((row) => (
                  <tr key={row.name} className="border-t border-line">
                    <th scope="row" className="px-2.5 py-1 text-left font-normal">
                      {row.name}
                    </th>
                    {row.cells.map((cell, index) => (
                      <td key={products[index]} className="px-2.5 py-1">
                        <CellMark cell={cell} />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </div>
        <Reasons reasons={reasonsOf(capabilities)} productCount={products.length} />
      </div>
      <p className="m-0 border-t border-line px-2.5 py-2 text-sm text-muted">
        Account: positions {capabilities.position_modes.join(" or ") || "not told"}; margin{" "}
        {capabilities.margin_modes.join(", ") || "has no modes to choose"}; history of the account{" "}
        {capabilities.account_history ? "yes" : "no"}; runs expert advisors{" "}
        {capabilities.run_ea ? "yes" : "no"}.
      </p>
    </Panel>
  );
}

function CellMark({ cell }: { readonly cell: Cell }) {
  if (cell.isOffered)
    return (
      <span className="whitespace-nowrap">
        <span aria-hidden="true" className="text-up">
          {"\u2713"}
        </span>{" "}
        {cell.words}
      </span>
    );
  return (
    <span className="whitespace-nowrap text-muted" title={cell.reason ?? undefined}>
      <span aria-hidden="true">{"\u2715"}</span> {cell.words}
      {cell.reason !== null && <span className="sr-only">: {cell.reason}</span>}
    </span>
  );
}

function Reasons({
  reasons,
  productCount,
}: {
  readonly reasons: readonly Reason[];
  readonly productCount: number;
}) {
  return (
    <section
      aria-label="Not offered, and why"
      className="border-line px-2.5 py-1.5 lg:border-l max-lg:border-t"
    >
      <h3 className="m-0 mb-1 text-sm font-semibold">Not offered, and why</h3>
      <ul className="m-0 flex list-none flex-col gap-1.5 p-0 text-sm">
        {reasons.map(({ text, names, products }) => (
          <li key={text} className="break-words">
            <code className="text-xs">{names.join(", ")}</code>
            {products.length < productCount && (
              <span className="text-xs text-muted"> ({products.join(", ")})</span>
            )}
            <div className="text-muted">{text}</div>
          </li>
        ))}
      </ul>
    </section>
  );
}
