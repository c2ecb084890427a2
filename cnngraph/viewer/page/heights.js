// How high things in columns lie: as near to what they are joined to as those above and below them allow, and so that
// lines run straight where they can. The same as `figure/lanes/heights.py`.

const SWEEPS = 8, STRAIGHT = 8;
const passes = (name) => name.endsWith("/1");

/** Of each place's axis below that of the whole. `order` has the places of each column from top to bottom, `steps` pairs
 * of places in neighbouring columns, `led` places that a line from the axis leads to, `fixed` the one that lies on it. */
export function heights({ order, steps, size, between, led, fixed }) {
  const reach = new Map(order.flat().map((place) => [place, size(place)]));
  const room = (upper, lower) => reach.get(upper)[1] + between + reach.get(lower)[0];
  const offset = new Map(), found = new Map();
  for (const column of order) {
    let at = 0;
    column.forEach((place, number) => offset.set(place, (at += number ? room(column[number - 1], place) : 0)));
    const middle = (at + reach.get(column.at(-1))[1] - reach.get(column[0])[0]) / 2;
    for (const place of column) found.set(place, offset.get(place) - middle);
  }
  const [ahead, back] = [pulls(order, steps, led, 1), pulls(order, steps, led, 0)];
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const pull = sweep % 2 ? back : ahead;
    for (const column of sweep % 2 ? [...order].reverse() : order) {
      if (column[0] === fixed) {
        found.set(fixed, 0);
        continue;
      }
      const weights = column.map((place) => pull.get(place).total);
      const wanted = column.map((place, number) => {
        let aim = found.get(place);
        if (weights[number]) {
          aim = 0;
          for (const [other, weight] of pull.get(place).by) aim += found.get(other) * weight;
          aim /= weights[number];
        }
        return aim - offset.get(place);
      });
      rising(wanted, weights.map((weight) => weight || 0.1)).forEach((y, number) => found.set(column[number], y + offset.get(column[number])));
    }
  }
  const neighbour = new Map(order.flatMap((column) => column.map((place, at) => [place, [column[at - 1], column[at + 1]]])));
  const free = (place) => {
    if (place === fixed) return [0, 0];
    const [above, below] = neighbour.get(place);
    const least = above ? found.get(above) + room(above, place) : -Infinity;
    const most = below ? found.get(below) - room(place, below) : Infinity;
    return [Math.min(least, found.get(place)), Math.max(most, found.get(place))];
  };
  const lines = runs(order, steps);
  for (const run of [...lines, ...lines]) straighten(run, found, free);
  return found;
}

/** What draws each place from the column before it, or from the one behind, and how much in all. */
function pulls(order, steps, led, end) {
  const found = new Map(order.flat().map((place) => [place, { by: [], total: led.has(place) ? 1 : 0 }]));
  for (const step of steps) {
    const weight = step.reduce((product, place) => product * (passes(place) ? STRAIGHT : 1), 1);
    const pulled = found.get(step[end]);
    pulled.by.push([step[1 - end], weight]);
    pulled.total += weight;
  }
  return found;
}

/** Places through which a line would run straight: where nothing else comes in or leaves, or a line passes. */
function runs(order, steps) {
  const count = (end) => steps.reduce((counts, step) => counts.set(step[end], (counts.get(step[end]) ?? 0) + 1), new Map());
  const [out, into] = [count(0), count(1)];
  const follows = new Map(steps.filter(([here, there]) => (passes(here) && passes(there)) || (out.get(here) === 1 && into.get(there) === 1)));
  const inner = new Set(follows.values());
  return order.flat().filter((place) => follows.has(place) && !inner.has(place)).map((place) => {
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
    if (Math.max(low, least) <= Math.min(high, most)) {
      [low, high] = [Math.max(low, least), Math.min(high, most)];
      return;
    }
    const part = run.slice(start, number);
    const mean = part.reduce((total, each) => total + found.get(each), 0) / part.length;
    for (const each of part) found.set(each, Math.min(Math.max(mean, low), high));
    [start, low, high] = [number, least, most];
  });
}

/** The numbers nearest to *wanted* of which none is below the one before it, by weighted squares (pool adjacent
 * violators; Ayer et al. 1955). */
export function rising(wanted, weights) {
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
