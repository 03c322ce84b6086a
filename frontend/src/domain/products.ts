import type { Schemas } from "@/api/client";

type Connection = Pick<Schemas["ConnectionAnswer"], "capabilities">;
export type ProductCapabilities = Schemas["ProductCapabilitiesAnswer"];

type Terms = Pick<Schemas["InstrumentAnswer"], "product" | "quantity_unit" | "base" | "settle">;

/** The label under which capabilities describe an instrument: crypto derivatives by how they settle, others by product. */
export function productLabel({ product, quantity_unit, base, settle }: Terms): string {
  const isDerivative = product === "perpetual" || product === "future";
  if (isDerivative && settle === base) return "inverse";
  const isCrypto = product === "perpetual" || (product === "future" && quantity_unit === "coins");
  return isCrypto ? "linear" : product;
}

/** What a connection offers for an instrument; null until its first session has told. */
export function productOf(connection: Connection | null, instrument: Terms): ProductCapabilities | null {
  return connection?.capabilities?.products[productLabel(instrument)] ?? null;
}
