"""Where in a line of parts frames stand, and what the parts beside a frame know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnngraph.figure.lanes.called import PAD, Called, Within, ranges
from cnngraph.figure.lanes.layered import Layered
from cnngraph.figure.lanes.letters import Tapped
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.lanes.row import Row, Stop
from cnngraph.figure.lanes.split import Split


_AIR = 1.0
"""Ems between a frame and what is before it, where that is no arrow."""


def enclosed(stops: Sequence[Stop], called: Sequence[Called], measure: Measure) -> tuple[Stop, ...]:
    """*stops* of a line with those of *called* around them that are just some of them, and with room for these."""
    found = list(stops)
    for each, first, last in ranges([stop.part.layers for stop in stops], called):
        if isinstance(stops[last].part, Split):
            continue  # It is in one of the lanes.
        for number in range(first, last + 1):
            within = Within(each, number == first, number == last)
            found[number] = found[number]._replace(within=(*found[number].within, within))
    pad = PAD * measure.em
    for number, stop in enumerate(found):
        before, behind = pad * sum(way.begins for way in stop.within), pad * sum(way.ends for way in stop.within)
        part = stop.part
        # What has a gutter of its own would have its frame at the border of what is before it.
        air = _AIR * measure.em if before and number and part.opens else 0.0
        before += air
        if isinstance(part, Split | Layered) and number:
            last = found[number - 1]
            part = replace(part, trunk=before + (0.0 if last.below else last.behind))
        if isinstance(part, Tapped) and behind and not part.room:
            # The letter stands in the frame.
            part = replace(part, room=measure.gap)
        found[number] = Stop(part, stop.below, stop.within, before, behind, air)
    for level in reversed(range(max((len(stop.within) for stop in found), default=0))):
        for number, stop in enumerate(found):
            if len(stop.within) > level and stop.within[level].begins:
                _widen(found, number, level, measure)
    for number in reversed(range(len(found) - 1)):
        stop, join = found[number], found[number + 1]
        if isinstance(stop.part, Split) and join.before:
            found[number] = stop._replace(part=replace(stop.part, lead=join.before))
            tops = (frame.top for frame in Row(measure, tuple(found[number:])).frames if frame.first == join.part.first)
            found[number] = stop._replace(part=replace(stop.part, lead=join.before, roof=max(tops)))
    return tuple(found)


def _widen(stops: list[Stop], number: int, level: int, measure: Measure) -> None:
    """Makes room for the words of the frame that begins with a stop."""
    called = stops[number].within[level].called
    frame = next(frame for frame in Row(measure, tuple(stops)).frames if frame.called is called)
    if not frame.lacks:
        return
    last = next(at for at in range(number, len(stops)) if stops[at].within[level].ends)
    first = stops[number]
    part, more = first.part, frame.lacks / 2
    if isinstance(part, Split | Layered) and number:
        part = replace(part, trunk=part.trunk + more)
    stops[number] = first._replace(part=part, before=first.before + more)
    if last + 1 < len(stops) and isinstance(after := stops[last + 1].part, Split | Layered):
        behind = 0.0 if stops[last].below else more
        stops[last + 1] = stops[last + 1]._replace(part=replace(after, trunk=after.trunk + behind))
    stops[last] = stops[last]._replace(behind=stops[last].behind + more)
