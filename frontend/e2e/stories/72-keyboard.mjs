import { BITCOIN, bringToLife, leaveNothing } from "../harness/life.mjs";
import { PLACES } from "../harness/places.mjs";

export const name = "every control of every screen is reached by Tab, and shows that it has the focus";

export async function story({ open, product }) {
  const found = [];
  try {
    await bringToLife(product);
    const screen = await open();
    await screen.visit("/trade");
    await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
    for (const place of PLACES) {
      await screen.visit(place);
      await screen.settled();
      found.push(...(await unreached(screen.page)).map((each) => `${place}: ${each}`));
    }
  } finally {
    await leaveNothing(product);
  }
  if (found.length > 0) throw new Error(`not reached by keyboard\n  ${found.join("\n  ")}`);
}

const MOST_TABS = 400;
const CONTROLS = "a[href], button, input, select, textarea, summary, [role=tab]";

/** Walk once round the page; what a pointer reaches and Tab did not, and what had the focus without showing it. */
async function unreached(page) {
  await page.evaluate((controls) => {
    document.activeElement?.blur();
    globalThis.walk = { there: [...document.querySelectorAll(controls)], reached: new Set(), plain: [] };
  }, CONTROLS);
  for (let turn = 0; turn < MOST_TABS; turn += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(isRound)) break;
  }
  return page.evaluate(missed);
}

/**
 * Runs in the page: note what has the focus; true when the walk is back at its first element. A field of several parts
 * keeps the focus for several presses, and what a moving market takes away leaves it to the page.
 */
function isRound() {
  const { reached, plain } = globalThis.walk;
  const element = document.activeElement;
  const [first] = reached;
  if (element === null || element === document.body) return false;
  if (element === first) return reached.size > 1;
  if (reached.has(element)) return false;
  reached.add(element);
  const shown = [element, element.closest("label"), element.parentElement].some(
    (each) => each !== null && getComputedStyle(each).outlineStyle !== "none",
  );
  if (!shown) plain.push(element);
  return false;
}

/** Runs in the page. One radio or tab of a group stands for all of it: the arrows lead to the others. */
function missed() {
  const nameOf = (each) =>
    `${each.tagName} ${each.getAttribute("aria-label") ?? each.labels?.[0]?.textContent ?? each.textContent.trim().slice(0, 40)}`;
  const groupOf = (each) => each.closest("[role=tablist], fieldset, [role=radiogroup]");
  const { there, reached, plain } = globalThis.walk;
  const groups = new Set([...reached].map(groupOf).filter((each) => each !== null));
  const left = there.filter((each) => {
    const isThere = each.checkVisibility() && each.closest("[inert], :disabled") === null;
    const isRoving = each.type === "radio" || each.getAttribute("role") === "tab";
    if (!isThere || !each.isConnected || reached.has(each)) return false;
    return !(isRoving && groups.has(groupOf(each)));
  });
  return [
    ...left.map((each) => `not reached: ${nameOf(each)}`),
    ...plain.filter((each) => each.isConnected).map((each) => `no outline: ${nameOf(each)}`),
  ];
}
