import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";

export type Column<Row> = {
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** Left out on phones. */
  readonly isMinor?: boolean;
  /** Buttons of the row: stays in sight when the table is wider than its place. */
  readonly isActions?: boolean;
};

type Props<Row> = {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly rowLook?: (row: Row) => string;
  /** A full-width row beneath one row: an editor, a confirmation. */
  readonly beneath?: (row: Row) => ReactNode;
};

/** A guess for rows that were never in sight; those that are get measured. */
const ROW_HEIGHT = 33;
/** Above this many rows only those in sight are in the page. */
export const MOST_DRAWN = 100;

/** A table of records: head stays, numbers right-aligned, long ones draw only what is in sight. */
export function DataTable<Row>({ caption, columns, rows, keyOf, rowLook, beneath }: Props<Row>) {
  const place = useRef<HTMLDivElement>(null);
  const isLong = rows.length > MOST_DRAWN;
  const virtual = useVirtualizer({
    count: rows.length,
    enabled: isLong,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const first = items[0];
  const last = items[items.length - 1];
  const from = isLong ? (first?.index ?? 0) : 0;
  const to = isLong ? (last?.index ?? -1) + 1 : rows.length;
  const above = isLong ? (first?.start ?? 0) : 0;
  const below = isLong ? virtual.getTotalSize() - (last?.end ?? 0) : 0;
  const name = `${caption}, as a table`;

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
    <section ref={place} aria-label={name} tabIndex={0} className="h-full min-h-0 overflow-auto">
      <table className="w-full border-collapse text-sm" aria-rowcount={rows.length + 1}>
        <caption className="sr-only">{caption}</caption>
        <thead className="sticky top-0 z-10 bg-surface text-xs text-muted">
          <tr>
            {columns.map((column) => (
              <th
                key={column.name}
                scope="col"
                className={`px-2 py-1 font-normal max-md:px-1.5 ${lookOf(column)}`}
              >
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <Spacer height={above} columns={columns.length} />
        {rows.slice(from, to).map((row, index) => {
          const extra = beneath?.(row);
          return (
            <tbody key={keyOf(row)} data-index={from + index} ref={isLong ? virtual.measureElement : null}>
              <tr
                aria-rowindex={from + index + 2}
                className={`border-b border-line ${rowLook?.(row) ?? ""}`}
                style={{ height: ROW_HEIGHT }}
              >
                {columns.map((column) => (
                  <td key={column.name} className={`px-2 py-0.5 max-md:px-1.5 ${lookOf(column)}`}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
              {extra != null && extra !== false && (
                <tr className="border-b border-line bg-raised">
                  <td colSpan={columns.length} className="px-2 py-2">
                    {extra}
                  </td>
                </tr>
              )}
            </tbody>
          );
        })}
        <Spacer height={below} columns={columns.length} />
      </table>
    </section>
  );
}

function lookOf<Row>(column: Column<Row>): string {
  if (column.isActions) return "num sticky right-0 bg-surface";
  const align = column.isNumber ? "num" : "text-left whitespace-nowrap";
  return column.isMinor ? `${align} max-md:hidden` : align;
}

function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tbody>
      <tr style={{ height }}>
        <td colSpan={columns} className="p-0" />
      </tr>
    </tbody>
  );
}
