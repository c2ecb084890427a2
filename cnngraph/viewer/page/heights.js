// How high things in columns lie: as near to what they are joined to as those above and below them allow, and so that
// lines run straight where they can. The same as `figure/lanes/heights.py`.

const SWEEPS = 8, STRAIGHT = 8;

/** Of each place's axis below that of the whole. *columns* have the numbers of places from top to bottom, *steps* are
 * pairs of places in neighbouring columns, *passes* says which let a line through, *sizes* how far each reaches above and
 * below its axis. The axis leads to *led*, and *fixed* lies on it. */
export function heights({ columns, steps, passes, sizes, between, led, fixed }) {
  const found = [], offset = [], above = [], below = [];
  const room = (upper, lower) => sizes[upper][1] + between + sizes[lower][0];
  for (const column of columns) {
    let at = 0;
    column.forEach((place, number) => {
      [above[place], below[place]] = [column[number - 1], column[number + 1]];
      offset[place] = at += number ? room(above[place], place) : 0;
    });
    const middle = (at + sizes[column.at(-1)][1] - sizes[column[0]][0]) / 2;
    for (const place of column) found[place] = offset[place] - middle;
  }
  // What draws each place from the column before it, and from the one behind.
  const weight = ([here, there]) => (passes[here] ? STRAIGHT : 1) * (passes[there] ? STRAIGHT : 1);
  const pulls = [sizes.map(() => []), sizes.map(() => [])];
  for (const step of steps) for (const end of [0, 1]) pulls[end][step[1 - end]].push([step[end], weight(step)]);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      const weights = column.map((place) => pulls[sweep % 2][place].reduce((total, pull) => total + pull[1], led.has(place) ? 1 : 0));
      const wanted = column.map((place, number) => {
        const drawn = pulls[sweep % 2][place].reduce((total, [other, weight]) => total + found[other] * weight, 0);
        return (weights[number] ? drawn / weights[number] : found[place]) - offset[place];
      });
      rising(wanted, weights.map((weight) => weight || 0.1)).forEach((y, number) => (found[column[number]] = y + offset[column[number]]));
      if (column[0] === fixed) found[fixed] = 0;
    }
  }
  const free = (place) => {
    if (place === fixed) return [0, 0];
    const least = above[place] === undefined ? -Infinity : found[above[place]] + room(above[place], place);
    const most = below[place] === undefined ? Infinity : found[below[place]] - room(place, below[place]);
    return [Math.min(least, found[place]), Math.max(most, found[place])];
  };
  const lines = runs(steps, passes);
  for (const run of [...lines, ...lines]) straighten(run, found, free);
  return found;
}

/** Places through which a line would run straight: where nothing else comes in or leaves, or a line passes. */
function runs(steps, passes) {
  const [out, into] = [passes.map(() => 0), passes.map(() => 0)];
  for (const [here, there] of steps) [out[here], into[there]] = [out[here] + 1, into[there] + 1];
  const follows = new Map(steps.filter(([here, there]) => (passes[here] && passes[there]) || (out[here] === 1 && into[there] === 1)));
  const inner = new Set(follows.values());
  return [...follows.keys()].filter((place) => !inner.has(place)).map((place) => {
    const run = [place];
    while (follows.has(run.at(-1))) run.push(follows.get(run.at(-1)));
    return run;
  });
}

/** Puts the places of *run* at one height, or, where others leave no room for that, at as few as will do. */
function straighten(run, found, free) {
  let [start, low, high] = [0, -Infinity, Infinity];
  [...run, null].forEach((place, number) => {
    const [least, most] = place === null ? [Infinity, -Infinity] : free(place);
    if (Math.max(low, least) <= Math.min(high, most)) return void ([low, high] = [Math.max(low, least), Math.min(high, most)]);
    const part = run.slice(start, number);
    const mean = part.reduce((total, each) => total + found[each], 0) / part.length;
    for (const each of part) found[each] = Math.min(Math.max(mean, low), high);
    [start, low, high] = [number, least, most];
  });
}

/** The numbers nearest to *wanted* of which none is below the one before it, by weighted squares (pool adjacent
 * violators; Ayer et al. 1955). */
function rising(wanted, weights) {
  const pools = [];
  wanted.forEach((value, number) => {
    let [weight, count] = [weights[number], 1];
    while (pools.length && pools.at(-1)[0] >= value) {
      const [other, others, more] = pools.pop();
      value = (value * weight + other * others) / (weight + others);
      [weight, count] = [weight + others, count + more];
    }
    pools.push([value, weight, count]);
  });
  return pools.flatMap(([value, , count]) => Array(count).fill(value));
}
