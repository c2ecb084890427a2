// What weights and a picture add: histograms, filters, maps, answers and where in the picture they come from.

import { h } from "./dom.js";
import { percent, sum } from "./words.js";

const sheet = (title, made) => made && [h("h3", null, title),
  h("img", { class: "sheet", src: made.url, alt: made.said, width: made.wide, height: made.high }), h("p", { class: "soft" }, made.said)];

/** What a unit makes of the picture. */
export const ofMaps = ({ live }, number) => sheet("Of this picture", live?.sheets[number]);

/** Of a unit besides: its filters, and how its weights are spread. */
export const ofWeights = ({ weights, units }, number) => [
  sheet("Filters", weights?.filters[number]),
  weights?.spread[number] && [h("h3", null, "Weights"), h("p", { class: "soft" }, "How many there are of each size, on a logarithmic scale."), weights.spread[number].map((each, at) => histogram(units[number].tensors[at][0], each))],
].filter(Boolean).flat(2);

/** Counts by their logarithms, so that tails are seen. */
function histogram(name, [least, most, mean, sigma, zeros, counts]) {
  const top = Math.max(...counts, 1);
  const bars = counts.map((count) => h("i", { class: `h${Math.ceil((20 * Math.log1p(count)) / Math.log1p(top))}` }));
  return h("figure", { class: "spread", "aria-label": `${name}: ${sum(counts)} numbers from ${least} to ${most}` },
    h("div", { class: "bars" }, bars), h("div", { class: "ends" }, h("span", null, least), h("span", null, name), h("span", null, most)),
    h("figcaption", { class: "soft" }, `mean ${mean}, σ ${sigma}${zeros ? `, ${percent(zeros, 1)} zeros` : ""}`));
}

/** Of the network: the picture, and its answers; the one that was chosen last, at first the best, shows where in the
 * picture it comes from. */
export function ofPicture({ live, weights }) {
  if (!live) return weights ? [h("p", { class: "soft" }, weights.about)] : [];
  const heat = h("img", { alt: "", hidden: true });
  const shows = live.answers.some(([, guesses]) => guesses.some(([, , , url]) => url));
  const falls = h("p", { class: "soft", "aria-live": "polite" });
  const show = (button, url, said) => {
    for (const each of buttons) each.setAttribute("aria-pressed", each === button);
    Object.assign(heat, url ? { hidden: false, src: url } : { hidden: true });
    falls.textContent = said;
  };
  const buttons = [];
  const answers = live.answers.map(([output, guesses]) => [
    live.answers.length > 1 && h("p", { class: "soft" }, output),
    guesses.map(([label, score, bar, url, said]) => {
      const button = h("button", { class: "answer", ...(shows && Object.fromEntries(["click", "pointerenter", "focus"].map((what) => [`on${what}`, () => show(button, url, said)]))) },
        h("span", null, label), h("span", null, score ?? "?"), h("progress", { max: 1, value: bar, "aria-hidden": "true" }));
      buttons.push(button);
      return button;
    }),
  ]);
  if (shows) buttons[live.answers.flatMap(([, guesses]) => guesses).findIndex(([, , , url]) => url)].click();
  return [
    h("h3", null, "This picture"), h("div", { class: "picture" }, h("img", { src: live.picture.url, alt: "the picture that goes through" }), heat),
    ...answers.flat(2).filter(Boolean), falls,
    shows && h("p", { class: "soft" }, `${live.evidence} Point at an answer for its own.`),
    h("p", { class: "soft" }, `with ${weights.about}`),
  ];
}
