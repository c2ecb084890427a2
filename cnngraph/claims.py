"""The volumes of a spec's lines, written down as claims."""

from __future__ import annotations

from collections.abc import Iterator

from cnngraph.source import Source
from cnngraph.spec import syntax as s
from cnngraph.spec.parser import parse
from cnngraph.spec.syntax import parts


def with_volumes(source: Source) -> str:
    """The text of *source* with a claim on each line at top level that has none and always makes the same volume.

    Raises `CnngraphError` when the lines make no network.
    """
    from cnngraph.fronts.spec import read_source

    file = parse(source).file
    if not any(isinstance(item, s.Line) for item in file.items):
        return source.text  # blocks for other files
    reading = read_source(source, {})
    reading.checked()
    made = {ran.span: ran.volume for ran in reading.ran}
    parts, at = [], 0
    for line in _settled(file):
        last = line.stages[-1].span
        volume = made.get(last)
        is_silent = line.claim is None and line.guard is None and len(line.labels) < 2
        if is_silent and volume is not None and volume.is_fixed:
            parts += [source.text[at : last.end], f" => {volume}"]
            at = last.end
    return "".join([*parts, source.text[at:]])


def _settled(file: s.File) -> Iterator[s.Line]:
    """Lines at top level whose volume no `param` can change: a claim on another would fail when the param is set."""
    unsettled: set[str] = set()
    """What hangs on a param: values, blocks, tensors, and the words of layers with such defaults."""
    flow = False
    """Whether what flows hangs on a param."""

    def hangs(node: object) -> bool:
        return any(isinstance(part, s.Ref) and part.names[0] in unsettled for part in parts(node))

    for item in file.items:
        match item:
            case s.Param(name=name):
                unsettled.add(name.names[0])
            case s.Let(name=name, value=value) if hangs(value):
                unsettled.add(name.names[0])
            case s.BlockDef(name=name) if hangs((item.params, item.body)):
                unsettled.add(name.names[0])
            case s.Default(step=step) if hangs(step):
                unsettled.add(step.name.names[0])
            case s.Input(volume=size):
                flow = hangs(size)
                if flow:
                    unsettled.add(item.called)
            case s.Line():
                flow = hangs((item.stages, item.guard)) or (flow and not isinstance(item.stages[0], s.From))
                if item.claim is not None and item.guard is None:
                    # Whatever the params are, the network is an error or makes what is claimed.
                    flow = hangs(item.claim)
                if flow:
                    lines = (part for part in parts(item) if isinstance(part, s.Line))
                    unsettled.update(label.names[0] for line in lines for label in line.labels)
                else:
                    yield item
