// 1,000 messages a second into the Trade screen: busy main thread, heap growth, longest task. node e2e/performance.mjs [SECONDS]
import { loadavg } from "node:os";
import { launch } from "./harness/browser.mjs";
import { Feed } from "./harness/feed.mjs";
import { BITCOIN, bringToLife } from "./harness/life.mjs";
import { Product } from "./harness/product.mjs";
import { Screen } from "./harness/screen.mjs";
import { checkEqual, until } from "./harness/waiting.mjs";

const SECONDS = Number(process.argv[2] ?? 60);
const WARM_UP_S = 10;
const PER_SECOND = 1_000;
const GOALS = { busy: 50, heap: 5, longest: 200 };
const WATCHED = ["ETHUSDT-LINEAR.BYBIT", "SOLUSDT-LINEAR.BYBIT", "BTCUSDT-SPOT.BYBIT"];

const product = await Product.begin();
const browser = await launch(["--js-flags=--expose-gc", "--enable-precise-memory-info"]);
let feed = null;
try {
  await bringToLife(product);
  await product.ask("POST", "/strategies/sample-sma/stop");
  feed = await Feed.begin(product);
  const screen = await openTrade(feed);
  feed.flow(PER_SECOND);
  const figures = await measure(screen.page, feed);
  checkEqual(screen.complaints, [], "what the page complained about");
  report(figures);
} finally {
  await browser.close();
  await feed?.stop();
  await product.stop();
}

async function openTrade(server) {
  const screen = await Screen.open(browser, server);
  await screen.visit("/trade");
  for (const id of [...WATCHED, BITCOIN.instrument_id]) {
    await screen.chooseMarket(BITCOIN.connection_id, id.split("-")[0], id);
  }
  await screen.panel("Depth").getByRole("button").first().waitFor();
  return screen;
}

async function measure(page, server) {
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable", { timeDomain: "threadTicks" });
  await seconds(WARM_UP_S);
  const before = await reading(client);
  await browser.startTracing(page, { categories: ["toplevel"] });
  const [sentBefore, began] = [server.sent, performance.now()];
  const load = loadavg()[0];
  await stillMoves(page);
  await seconds(SECONDS - (performance.now() - began) / 1000);
  const took = (performance.now() - began) / 1000;
  const busy = await metrics(client);
  const tasks = tasksOf(JSON.parse(String(await browser.stopTracing())));
  await stillMoves(page);
  const after = await reading(client);
  return {
    took,
    rate: (server.sent - sentBefore) / took,
    busy: (100 * (busy.TaskDuration - before.TaskDuration)) / took,
    script: (100 * (busy.ScriptDuration - before.ScriptDuration)) / took,
    heap: (after.JSHeapUsedSize - before.JSHeapUsedSize) / 1e6,
    heapNow: after.JSHeapUsedSize / 1e6,
    tasks,
    mostUnsent: server.mostUnsent,
    load: [load, loadavg()[0]],
  };
}

/** The tasks of the page's main thread: the longest by its own time and by the clock, ms. */
function tasksOf({ traceEvents }) {
  const isMain = (each) => each.name === "thread_name" && each.args.name === "CrRendererMain";
  const mains = new Set(traceEvents.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(
    ({ ph, name, pid, tid }) => ph === "X" && name.endsWith("RunTask") && mains.has(`${pid} ${tid}`),
  );
  if (tasks.length === 0) throw new Error("the trace has no tasks of the main thread");
  const most = (values) => values.reduce((a, b) => Math.max(a, b), 0) / 1000;
  return {
    count: tasks.length,
    longest: most(tasks.map(({ tdur }) => tdur ?? 0)),
    longestByClock: most(tasks.map(({ dur }) => dur)),
  };
}

/** The metrics with a heap that holds nothing but what is in use. */
async function reading(client) {
  for (let turn = 0; turn < 2; turn += 1) await client.send("HeapProfiler.collectGarbage");
  return metrics(client);
}

async function metrics(client) {
  const { metrics: listed } = await client.send("Performance.getMetrics");
  return Object.fromEntries(listed.map(({ name, value }) => [name, value]));
}

/** The page takes in what is sent: the tape changes. */
async function stillMoves(page) {
  const read = () => page.getByRole("region", { name: "Trades" }).innerText();
  const first = await read();
  await until("the tape changed", async () => (await read()) !== first);
}

function seconds(count) {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

function report({ took, rate, busy, script, heap, heapNow, tasks, mostUnsent, load }) {
  const lines = [
    [
      "ok    ",
      `${rate.toFixed(0)} messages/s for ${took.toFixed(0)} s, at most ${(mostUnsent / 1000).toFixed(0)} kB waiting`,
    ],
    [
      verdict(busy, GOALS.busy),
      `main thread busy ${busy.toFixed(1)} % (goal under ${GOALS.busy} %, its own time), scripts ${script.toFixed(1)} %`,
    ],
    [
      verdict(heap, GOALS.heap),
      `heap grew ${heap.toFixed(2)} MB (goal under ${GOALS.heap} MB) to ${heapNow.toFixed(1)} MB`,
    ],
    [
      verdict(tasks.longest, GOALS.longest),
      `longest of ${tasks.count} tasks ${tasks.longest.toFixed(0)} ms of its own time (goal ${GOALS.longest} ms), ${tasks.longestByClock.toFixed(0)} ms by the clock`,
    ],
    ["      ", `load average ${load.map((each) => each.toFixed(1)).join(" to ")}`],
  ];
  for (const [mark, text] of lines) process.stdout.write(`${mark} ${text}\n`);
}

function verdict(found, goal) {
  if (found < goal) return "ok    ";
  process.exitCode = 1;
  return "FAILED";
}
