// Numbers as they are said.

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/** A number of at most three digits with a prefix: 25557032 is "25.6 M". */
export function short(value, unit = "") {
  if (unit === "s") return value >= 1 ? `${digits(value)} s` : `${digits(value * 1e3)} ms`;
  let step = 0;
  while (Math.abs(value) >= 999.5 && step < PREFIXES.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${digits(value)} ${PREFIXES[step]}${unit}`.trim();
}

/** One for all numbers, for to make one takes long. */
const FORMAT = new Intl.NumberFormat("en-US");

const digits = (value) => FORMAT.format(Number.isInteger(value) ? value : Number(value.toPrecision(3)));

/** A count in full. */
export const full = (value, unit = "") => (unit ? short(value, unit) : FORMAT.format(value));

/** A count of things: "1 unit", "2 units". */
export const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

export const percent = (part, whole) => (whole ? `${((100 * part) / whole).toPrecision(part === whole ? 3 : 2)} %` : "");

export const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
