import {
  absolute,
  type Decimal,
  decimal,
  decimalsOf,
  isZero,
  parseDecimal,
  rounded,
  toPlain,
} from "./decimal";

export const MINUS = "\u2212";
export const THIN_SPACE = "\u2009";
export const ABSENT = "\u2014";

/** Digits in groups of three with thin spaces, the true minus sign, the decimals as they are. */
export function grouped(value: Decimal): string {
  const [whole = "0", fraction] = toPlain(absolute(value)).split(".");
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
  const sign = value.units < 0n ? MINUS : "";
  return fraction === undefined ? sign + digits : `${sign}${digits}.${fraction}`;
}

/** A price with the decimals of its tick; an em dash for null. */
export function price(text: string | null, tick: string): string {
  const value = text === null ? null : parseDecimal(text);
  return value === null ? ABSENT : grouped(rounded(value, decimalsOf(decimal(tick))));
}

/** A quantity with the decimals of its step at least, more where it has them. */
export function quantity(text: string | null, step: string): string {
  const value = text === null ? null : parseDecimal(text);
  if (value === null) return ABSENT;
  return grouped(rounded(value, Math.max(decimalsOf(decimal(step)), decimalsOf(value))));
}

const MONEY_DECIMALS: Readonly<Record<string, number>> = { BTC: 8, ETH: 8, SOL: 6, JPY: 0 };

/** Money with the decimals that are usual for its currency (two, of coins more). */
export function money(text: string | null, currency: string): string {
  const value = text === null ? null : parseDecimal(text);
  return value === null ? ABSENT : grouped(rounded(value, MONEY_DECIMALS[currency] ?? 2));
}

/** Money with its sign always shown: what was won or lost. */
export function signedMoney(text: string | null, currency: string): string {
  const shown = money(text, currency);
  return signOfMoney(text, currency) === "up" ? `+${shown}` : shown;
}

/** A fraction as a percentage with two decimals and its sign. */
export function signedPercent(fraction: Decimal): string {
  const value = rounded({ units: fraction.units * 100n, scale: fraction.scale }, 2);
  return `${value.units > 0n ? "+" : ""}${grouped(value)}${THIN_SPACE}%`;
}

export type Sign = "up" | "down" | "flat";

/** Which way a number points; never tell it by colour alone. */
export function signOf(text: string | null): Sign {
  const value = text === null ? null : parseDecimal(text);
  if (value === null || isZero(value)) return "flat";
  return value.units > 0n ? "up" : "down";
}

/** Which way money points as it is shown: what rounds to zero points nowhere. */
export function signOfMoney(text: string | null, currency: string): Sign {
  const value = text === null ? null : parseDecimal(text);
  if (value === null) return "flat";
  return signOf(toPlain(rounded(value, MONEY_DECIMALS[currency] ?? 2)));
}

/** UTC time of day of a stamp, with milliseconds if wanted. */
export function timeOfDay(stamp: string, options: { milliseconds?: boolean } = {}): string {
  return stamp.slice(11, options.milliseconds ? 23 : 19);
}

/** UTC date and time of a stamp, to the second. */
export function dateTime(stamp: string): string {
  return `${stamp.slice(0, 10)} ${stamp.slice(11, 19)}`;
}

/** Time since a stamp in words of one unit: 4 s, 3 min, 2 h, 5 d. */
export function age(stamp: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(stamp)) / 1000));
  if (seconds < 60) return `${seconds}${THIN_SPACE}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${THIN_SPACE}min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}${THIN_SPACE}h`;
  return `${Math.floor(seconds / 86_400)}${THIN_SPACE}d`;
}
