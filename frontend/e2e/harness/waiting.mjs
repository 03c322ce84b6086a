/** How long a condition may take to come true, ms; the machine may be busy. */
export const PATIENCE_MS = Number(process.env.EDGERUNNER_E2E_PATIENCE_MS ?? 60_000);
/** The same for work that is done at low priority: a backtest waits for everybody else on the machine. */
export const LONG_PATIENCE_MS = 4 * PATIENCE_MS;
const EVERY_MS = 50;

/**
 * The first truthy answer of `ask`, asked again and again; throws with `what` and the last answer when there is none.
 * An `ask` that throws is asked again: a program that is being restarted refuses connections.
 */
export async function until(what, ask, patienceMs = PATIENCE_MS) {
  const deadline = performance.now() + patienceMs;
  let last;
  for (;;) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`waited ${patienceMs} ms in vain until ${what}; last: ${shown(last)}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function shown(value) {
  return value instanceof Error ? value.message : JSON.stringify(value);
}

/** Throws with `what` unless `condition` holds. */
export function check(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

/** Throws unless both are the same text, number or JSON. */
export function checkEqual(found, expected, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: found ${a}, expected ${b}`);
}
