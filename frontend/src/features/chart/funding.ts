import type { Schemas } from "@/api/client";
import { decimal, toPlain } from "@/domain/decimal";
import { MINUS, THIN_SPACE } from "@/domain/format";

/** "Funding +0.0100 % in 3:12:09", or that it is being settled. */
export function fundingWords({ rate, time }: Schemas["FundingRateAnswer"], nowMs: number): string {
  const leftS = Math.ceil((Date.parse(time) - nowMs) / 1000);
  const when = leftS > 0 ? `in ${clock(leftS)}` : "is being settled";
  return `Funding ${percent(rate)} ${when}`;
}

function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** A rate as a percentage, every digit of it: rates are a few hundredths of a percent. */
function percent(rate: string): string {
  const { units, scale } = decimal(rate);
  const text = toPlain({ units: units * 100n, scale }).replace(/(\.\d{4}\d*?)0+$/, "$1");
  return `${text.startsWith("-") ? text.replace("-", MINUS) : `+${text}`}${THIN_SPACE}%`;
}
