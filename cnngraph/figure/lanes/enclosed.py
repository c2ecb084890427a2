"""Where in a line of parts frames stand, and what the parts beside a frame know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnngraph.figure.lanes.called import PAD, Called, Within, stretch
from cnngraph.figure.lanes.layered import Layered
from cnngraph.figure.lanes.letters import Tapped
from cnngraph.figure.lanes.part import Measure
from cnngraph.figure.lanes.row import Row, Stop
from cnngraph.figure.lanes.split import Split

_AIR = 1.0
"""Ems between a frame and what is before it, where that is no arrow."""


def enclosed(stops: Sequence[Stop], called: Sequence[Called], measure: Measure) -> tuple[Stop, ...]:
    """*stops* of a line with frames around those that are just one of *called*, and room for these; where that is so
    only of what lies on the axis, a bracket below."""
    found = list(stops)
    drawn = [stop.part.layers for stop in stops]
    spots = list(Row(measure, tuple(stops)).spots(0.0))
    for each in called:
        if (frame := stretch(drawn, each)) is not None:
            first, last = frame
            # What is all of a fork is in one of its lanes.
            if not isinstance(stops[last].part, Split):
                for number in range(first, last + 1):
                    within = Within(each, number == first, number == last)
                    found[number] = found[number]._replace(within=(*found[number].within, within))
        elif stretch([spot.layers for spot in spots], each) is not None:
            numbers = [number for number, names in enumerate(drawn) if not each.needed.isdisjoint(names)]
            for number in numbers if len(numbers) > 1 else ():
                within = Within(each, number == numbers[0], number == numbers[-1])
                found[number] = found[number]._replace(under=(*found[number].under, within))
    pad = PAD * measure.em
    for number, stop in enumerate(found):
        before, behind = pad * sum(way.begins for way in stop.within), pad * sum(way.ends for way in stop.within)
        part = stop.part
        # What has a gutter of its own would have its frame at the border of what is before it.
        air = _AIR * measure.em if before and number and part.opens else 0.0
        before += air
        if isinstance(part, Split | Layered) and number:
            earlier = found[number - 1]
            part = replace(part, trunk=before + (0.0 if earlier.below else earlier.behind))
        if isinstance(part, Tapped) and behind and not part.room:
            # The letter stands in the frame.
            part = replace(part, room=measure.gap)
        found[number] = stop._replace(part=part, before=before, behind=behind, air=air)
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
