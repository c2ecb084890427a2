// What a browser finds wrong with the SVG figures on the page, by the name of each: {name: [faults]}.
// Lengths are points of the figure; text is where the browser puts its ink, lines are where it draws them.
(() => {
  const AIR = 0.4, NEAR = 1.5, STEP = 1.5;
  const canvas = document.createElement("canvas").getContext("2d");

  function mapped(m, x, y) { return { x: m.a * x + m.c * y + m.e, y: m.b * x + m.d * y + m.f }; }
  function boxOf(points) {
    const xs = points.map((p) => p.x), ys = points.map((p) => p.y);
    return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  }
  function meet(a, b, air = 0) {
    return a.left < b.right + air && b.left < a.right + air && a.top < b.bottom + air && b.top < a.bottom + air;
  }
  function holds(quad, p) {
    // The corners run around: a point within is on one side of all of them.
    return quad.every((a, i) => {
      const b = quad[(i + 1) % 4];
      return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) >= 0;
    });
  }
  function apart(a, b) {
    for (const shape of [a, b])
      for (let i = 0; i < 4; i++) {
        const p = shape[i], q = shape[(i + 1) % 4], n = { x: q.y - p.y, y: p.x - q.x };
        const on = (quad) => quad.map((c) => n.x * c.x + n.y * c.y);
        if (Math.max(...on(a)) <= Math.min(...on(b)) || Math.max(...on(b)) <= Math.min(...on(a))) return true;
      }
    return false;
  }

  function text(element, m, order) {
    const style = getComputedStyle(element), size = parseFloat(element.getAttribute("font-size"));
    canvas.font = `${style.fontStyle} 100px ${style.fontFamily}`;
    const ink = canvas.measureText(element.textContent), box = element.getBBox(), y = parseFloat(element.getAttribute("y"));
    const top = y - ink.actualBoundingBoxAscent * size / 100, bottom = y + ink.actualBoundingBoxDescent * size / 100;
    // The box that the browser says is rounded up to whole pixels.
    const kept = parseFloat(element.getAttribute("textLength")), spare = (box.width - kept) / 2;
    const left = box.x + spare, right = left + kept;
    const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
    const quad = corners.map(([x, y]) => mapped(m, x, y));
    const blank = !element.textContent.trim();
    return { element, order, quad, box: boxOf(quad), said: `“${element.textContent}”`, blank,
      natural: ink.width * size / 100, kept, drawn: box.width };
  }

  function shape(element, m, order) {
    const points = [];
    if (element.getTotalLength) {
      const length = element.getTotalLength(), count = Math.max(2, Math.min(1500, Math.ceil(length / STEP)));
      for (let i = 0; i <= count; i++) {
        const p = element.getPointAtLength(length * i / count);
        points.push(mapped(m, p.x, p.y));
      }
    } else {
      const b = element.getBBox();
      for (const [x, y] of [[b.x, b.y], [b.x + b.width, b.y + b.height]]) points.push(mapped(m, x, y));
    }
    const stroked = element.getAttribute("stroke") && element.getAttribute("stroke") !== "none";
    const filled = element.tagName === "image" || (element.getAttribute("fill") || "none") !== "none";
    const half = stroked ? parseFloat(element.getAttribute("stroke-width")) / 2 : 0;
    const box = boxOf(points), at = Object.values(box).map((v) => v.toFixed(0)).join(", ");
    return { element, order, points, filled, stroked, box, half, said: `${element.tagName} at ${at}` };
  }

  function touches(p, other) {
    const { box } = other;
    if (p.x < box.left - NEAR || p.x > box.right + NEAR || p.y < box.top - NEAR || p.y > box.bottom + NEAR) return false;
    if (other.quad) return true;
    if (other.filled) {
      const q = other.element.ownerSVGElement.createSVGPoint();
      [q.x, q.y] = [p.x, p.y];
      if (!other.element.isPointInFill || other.element.isPointInFill(q)) return true;
    }
    return other.points.some((q) => Math.hypot(p.x - q.x, p.y - q.y) <= NEAR);
  }

  function faults(svg) {
    const found = [], [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const inverse = svg.getScreenCTM().inverse();
    const all = [...svg.querySelectorAll("text, path, rect, circle, polygon, image")].filter((e) => !e.closest("defs"));
    const things = all.map((element, order) => {
      const m = inverse.multiply(element.getScreenCTM());
      return element.tagName === "text" ? text(element, m, order) : shape(element, m, order);
    });
    const page = things.find((each) => each.element.tagName === "rect" && each.element.parentNode === svg
      && each.element.getAttribute("width") === "100%");
    const texts = things.filter((each) => each.quad && !each.blank), shapes = things.filter((each) => each.points && each !== page);
    for (const each of [...texts, ...shapes]) {
      const { left, top, right, bottom } = each.box, half = each.half || 0, slack = 0.05;
      if (left - half < -slack || top - half < -slack || right + half > width + slack || bottom + half > height + slack)
        found.push(`${each.said} leaves the page`);
    }
    for (const each of texts) {
      if (Math.abs(each.natural - each.kept) > 0.02 * each.kept + 0.1 || Math.abs(each.drawn - each.kept) > 2)
        found.push(`${each.said} is ${each.natural.toFixed(2)} pt wide, drawn ${each.drawn.toFixed(2)}, and has ${each.kept}`);
    }
    texts.forEach((a, i) => {
      for (const b of texts.slice(i + 1))
        if (meet(a.box, b.box) && !apart(a.quad, b.quad)) found.push(`${a.said} touches ${b.said}`);
    });
    for (const each of shapes)
      for (const word of texts) {
        if (!meet(each.box, word.box, AIR)) continue;
        if (each.stroked && each.points.some((p) => holds(word.quad, p))) found.push(`${each.said} crosses ${word.said}`);
        else if (each.filled && each.order > word.order && word.quad.some((p) => touches(p, { ...each, points: [] })))
          found.push(`${each.said} covers ${word.said}`);
      }
    const drawn = [...shapes, ...texts], begins = Math.min(...shapes.map((each) => each.box.left));
    for (const each of shapes) {
      if (!svg.closest("[data-joined]") || each.element.tagName !== "path" || !each.element.closest("g.edge")) continue;
      for (const p of [each.points[0], each.points[each.points.length - 1]])
        if (p.x > begins + NEAR && !drawn.some((other) => other !== each && touches(p, other)))
          found.push(`${each.element.closest("g.edge").dataset.name} ends at ${p.x.toFixed(0)}, ${p.y.toFixed(0)}, where nothing is`);
    }
    return found;
  }

  const answer = {};
  for (const figure of document.querySelectorAll("[data-figure]")) {
    const found = faults(figure.querySelector("svg"));
    if (found.length) answer[figure.dataset.figure] = found;
  }
  return answer;
})()
