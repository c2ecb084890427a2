(() => {
  const boxes = page.placed.boxes.filter((box) => box.kind !== "port");
  const frames = page.placed.frames;
  const right = (box) => box.x + box.w, bottom = (box) => box.y + box.h;
  const inside = ({ x, y }, box, air) => x > box.x - air && x < right(box) + air && y > box.y - air && y < bottom(box) + air;
  const meet = (one, other) => one.x < right(other) - 1 && other.x < right(one) - 1 && one.y < bottom(other) - 1 && other.y < bottom(one) - 1;
  const holds = (outer, inner) =>
    inner.x >= outer.x - 0.5 && inner.y >= outer.y - 0.5 && right(inner) <= right(outer) + 0.5 && bottom(inner) <= bottom(outer) + 0.5;
  const through = [];
  for (const wire of document.querySelectorAll("#scene .wire")) {
    const path = wire.querySelector("path"), length = path.getTotalLength();
    for (let at = 2; at < length - 2; at += 5) {
      const { x, y } = path.getPointAtLength(at), { e, f } = wire.transform.baseVal[0].matrix;
      const point = { x: x + e, y: y + f };
      // A line keeps away from boxes, but from those that it joins.
      const { from, to } = wire.dataset;
      const struck = boxes.find((box) => inside(point, box, box.id === from || box.id === to ? -1 : 3));
      if (struck) through.push([wire.dataset.from, wire.dataset.to, struck.id]);
    }
  }
  const over = boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => meet(one, other)).map((other) => [one.id, other.id]));
  const astray = frames.flatMap((frame) => [...frames, ...boxes].filter((thing) =>
    thing !== frame && meet(thing, frame) && !holds(frame, thing) && !holds(thing, frame)).map((thing) => [frame.id, thing.id]));
  return {
    through, over, astray, boxes: boxes.map(({ id }) => id), frames: frames.map(({ id }) => id),
    wires: page.placed.wires.filter(({ to }) => to !== null).map(({ from, to }) => [from, to]),
  };
})()
