/**
 * Exact decimals as the API writes them: plain strings such as "-0.0125". No number of the order path is a float.
 *
 * A value is an integer of units of 10^-scale. Division is offered only with a stated scale and rounding down.
 */
export type Decimal = { readonly units: bigint; readonly scale: number };

const PLAIN = /^-?\d+(\.\d+)?$/;

/** Read a plain decimal; null for anything else, exponents and blanks included. */
export function parseDecimal(text: string): Decimal | null {
  if (!PLAIN.test(text)) return null;
  const point = text.indexOf(".");
  const scale = point < 0 ? 0 : text.length - point - 1;
  return { units: BigInt(text.replace(".", "")), scale };
}

/** Read a plain decimal that is known to be one; throws RangeError for anything else. */
export function decimal(text: string): Decimal {
  const value = parseDecimal(text);
  if (value === null) throw new RangeError(`not a plain decimal: ${text}`);
  return value;
}

export const ZERO: Decimal = { units: 0n, scale: 0 };

function unitsAt(value: Decimal, scale: number): bigint {
  return value.units * 10n ** BigInt(scale - value.scale);
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [unitsAt(a, scale), unitsAt(b, scale), scale];
}

export function add(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return { units: x + y, scale };
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return { units: x - y, scale };
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

export function negate(a: Decimal): Decimal {
  return { units: -a.units, scale: a.scale };
}

export function absolute(a: Decimal): Decimal {
  return a.units < 0n ? negate(a) : a;
}

/** Negative, 0 or positive, as a sorts before, with or after b. */
export function compare(a: Decimal, b: Decimal): number {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export function isZero(a: Decimal): boolean {
  return a.units === 0n;
}

/** a / b with `scale` decimals, rounded towards zero; null for a division by zero. */
export function divide(a: Decimal, b: Decimal, scale: number): Decimal | null {
  if (b.units === 0n) return null;
  const shift = scale + b.scale - a.scale;
  const dividend = shift >= 0 ? a.units * 10n ** BigInt(shift) : a.units;
  const divisor = shift >= 0 ? b.units : b.units * 10n ** BigInt(-shift);
  return { units: dividend / divisor, scale };
}

/** The nearest multiple of `step` at or below a value (towards negative infinity). */
export function floorToStep(value: Decimal, step: Decimal): Decimal {
  const [x, y, scale] = aligned(value, step);
  if (y <= 0n) throw new RangeError("a step is above 0");
  const rest = ((x % y) + y) % y;
  return { units: x - rest, scale };
}

export function isOnStep(value: Decimal, step: Decimal): boolean {
  return compare(floorToStep(value, step), value) === 0;
}

/** Decimals after the point that a step needs: "0.50" needs one. */
export function decimalsOf(step: Decimal): number {
  let { units, scale } = step;
  while (scale > 0 && units % 10n === 0n) {
    units /= 10n;
    scale -= 1;
  }
  return scale;
}

/** Round half away from zero to `scale` decimals: for showing, never for sending. */
export function rounded(value: Decimal, scale: number): Decimal {
  if (value.scale <= scale) return { units: unitsAt(value, scale), scale };
  const factor = 10n ** BigInt(value.scale - scale);
  const half = factor / 2n;
  const units = value.units < 0n ? -((-value.units + half) / factor) : (value.units + half) / factor;
  return { units, scale };
}

/** Write a value as the API reads it. */
export function toPlain(value: Decimal): string {
  const sign = value.units < 0n ? "-" : "";
  const digits = (value.units < 0n ? -value.units : value.units).toString().padStart(value.scale + 1, "0");
  if (value.scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -value.scale)}.${digits.slice(-value.scale)}`;
}

/** A typed value moved by whole steps, on the grid of the step and never below 0; what is no number counts as 0. */
export function stepped(text: string, step: string, steps: number): string {
  const one = decimal(step);
  const value = parseDecimal(text) ?? ZERO;
  const base = floorToStep(value, one);
  const isBetween = compare(base, value) !== 0;
  const moved = add(
    base,
    multiply(one, { units: BigInt(isBetween && steps < 0 ? steps + 1 : steps), scale: 0 }),
  );
  return toPlain(rounded(moved.units < 0n ? ZERO : moved, Math.max(decimalsOf(one), 0)));
}

/** For charts only, where a pixel is coarser than a float. */
export function toChartNumber(value: Decimal): number {
  return Number(toPlain(value));
}
