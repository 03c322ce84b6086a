/** How long after one announcement the next may come, ms: a burst must not talk over itself. */
export const QUIET_MS = 5_000;

export type Announced = { readonly text: string; readonly isUrgent: boolean };

export type Announcer = {
  /** Take news in; say it at once, or put it off to the end of the quiet time. */
  readonly tell: (news: readonly Announced[]) => void;
  readonly stop: () => void;
};

type Timers = {
  readonly now: () => number;
  readonly later: (run: () => void, ms: number) => number;
  readonly cancel: (timer: number) => void;
};

/**
 * Says news at most once in `QUIET_MS`. What gathers meanwhile becomes one sentence: the newest urgent text, or else
 * the newest, and how many more there are. Nothing is lost: the list has them all.
 */
export function createAnnouncer(timers: Timers, say: (announced: Announced) => void): Announcer {
  let waiting: readonly Announced[] = [];
  let quietUntil = Number.NEGATIVE_INFINITY;
  let timer: number | null = null;

  function speak(): void {
    timer = null;
    const said = summed(waiting);
    waiting = [];
    if (said === null) return;
    quietUntil = timers.now() + QUIET_MS;
    say(said);
  }

  return {
    tell(news) {
      if (news.length === 0) return;
      waiting = [...waiting, ...news];
      const left = quietUntil - timers.now();
      if (left <= 0) speak();
      else timer ??= timers.later(speak, left);
    },
    stop() {
      if (timer !== null) timers.cancel(timer);
      timer = null;
      waiting = [];
    },
  };
}

function summed(news: readonly Announced[]): Announced | null {
  const newest = news.findLast((each) => each.isUrgent) ?? news.at(-1);
  if (newest === undefined) return null;
  const more = news.length - 1;
  return more === 0 ? newest : { ...newest, text: `${newest.text} And ${more} more.` };
}

/** What came since a time, oldest first; rows come newest first, as the stream lists them. */
export function newSince<Row extends { readonly time: string }>(
  rows: readonly Row[],
  since: string,
): readonly Row[] {
  return rows.filter((row) => row.time > since).reverse();
}
