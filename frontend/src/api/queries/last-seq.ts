/**
 * The number of the newest event, found by asking whether there is one after a number: the API does not tell it.
 *
 * Doubles until nothing follows, then halves: about twice the binary logarithm of the number in questions. 0 = empty.
 */
export async function lastSeq(isAfter: (seq: number) => Promise<boolean>): Promise<number> {
  if (!(await isAfter(0))) return 0;
  let below = 0;
  let above = 1_024;
  while (await isAfter(above)) {
    below = above;
    above *= 2;
  }
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (await isAfter(middle)) below = middle;
    else above = middle;
  }
  return above;
}
