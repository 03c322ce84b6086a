import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const EXCEPTIONS = JSON.parse(
  readFileSync(new URL("../accessibility-exceptions.json", import.meta.url), "utf8"),
);
const GRAVE = ["serious", "critical"];

/** What axe finds grave on the page as it is now, one sentence each, without the exceptions that have a reason. */
export async function graveFindings(page, place) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => (await globalThis.axe.run(document)).violations);
  return violations
    .filter(({ impact }) => GRAVE.includes(impact))
    .flatMap(({ id, impact, nodes }) =>
      nodes
        .filter((node) => !isException(id, place, String(node.target)))
        .map((node) => `${impact} ${id} at ${node.target}: ${node.html.slice(0, 160)} (${because(node)})`),
    );
}

function isException(rule, place, target) {
  return EXCEPTIONS.some(
    (each) =>
      each.rule === rule && each.places.includes(place) && target.includes(each.target) && each.reason !== "",
  );
}

function because({ any, all, none }) {
  return [...any, ...all, ...none].map(({ message }) => message).join("; ");
}
