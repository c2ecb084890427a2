"""One version of a text that is open in the editor, and what is known of it; each thing is worked out once."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path

from lsprotocol.types import PositionEncodingKind
from pygls.uris import to_fs_path

from cnngraph.assembly import MAX_NODES
from cnngraph.diagnostics import CnngraphError, Diagnostic, Severity
from cnngraph.editor.names import Names
from cnngraph.editor.positions import Positions
from cnngraph.elaborate import elaborate
from cnngraph.elaborate.outcome import Ran, SpecReading
from cnngraph.field import Field, receptive_fields
from cnngraph.network import Layer, Network
from cnngraph.shipped import PACKAGE
from cnngraph.source import Source
from cnngraph.spec import syntax as s
from cnngraph.spec.lexer import Token, tokenize
from cnngraph.spec.parser import Parsed, parse
from cnngraph.text import read_text, unix_ends

UNSAVED = "<unsaved>"
"""The name of a text that is no file."""


class Document:
    """One version of a text, under its URI; each thing known of it is worked out when it is first asked for."""

    def __init__(self, uri: str, text: str, encoding: str = PositionEncodingKind.Utf16) -> None:
        self.uri = uri
        path = to_fs_path(uri) if uri.startswith("file:") else None
        self.source = Source(path or UNSAVED, unix_ends(text))
        self.positions = Positions(self.source.text, encoding)

    @cached_property
    def parsed(self) -> Parsed:
        return parse(self.source)

    @cached_property
    def tokens(self) -> list[Token]:
        return tokenize(self.source)[0]

    @cached_property
    def reading(self) -> SpecReading:
        """As far as it comes: lines that cannot be parsed are left out."""
        return elaborate(self.parsed, {}, MAX_NODES)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What `cnngraph check` would say."""
        if any(each.severity is Severity.ERROR for each in self.parsed.diagnostics):
            return self.parsed.diagnostics
        return self.reading.diagnostics

    @cached_property
    def names(self) -> Names:
        return Names(self.parsed.file, self._used)

    @cached_property
    def lines(self) -> list[s.Line]:
        """All lines, each before those inside it."""
        return list(_lines(self.parsed.file.items))

    @cached_property
    def runs(self) -> dict[tuple[int, int], list[Ran]]:
        """How each stage of this text ran, by where it starts and ends."""
        found = defaultdict(list)
        for ran in self.reading.ran:
            if ran.span.source is self.source:
                found[ran.span.start, ran.span.end].append(ran)
        return dict(found)

    def runs_of(self, stage: s.Stage) -> list[Ran]:
        return self.runs.get((stage.span.start, stage.span.end), [])

    @cached_property
    def fields(self) -> dict[str, Field | None]:
        return receptive_fields(Network("", self.reading.layers, ()))

    @cached_property
    def _params(self) -> list[int]:
        return list(accumulate((layer.params for layer in self.reading.layers), initial=0))

    def params(self, ran: Ran) -> int:
        """The parameters of the layers that *ran* made."""
        return self._params[ran.last] - self._params[ran.first]

    def layers(self, ran: Ran) -> tuple[Layer, ...]:
        return self.reading.layers[ran.first : ran.last]

    def path(self, item: s.Use) -> Path | None:
        """The file that *item* means, if there is one."""
        wanted = str(item.path.value)
        folder = Path(item.span.source.name).parent if not item.span.source.name.startswith("<") else Path()
        beside = folder / wanted
        try:
            return beside if os.path.isfile(beside) else shipped_path(wanted)
        except OSError:
            return None  # too long for the name of a file

    def _used(self, item: s.Use) -> Names | None:
        path = self.path(item)
        if path is None or path.resolve() == Path(self.source.name).resolve():
            return None
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return None
        return _names(path, changed)


def _lines(body: Sequence[object]) -> Iterator[s.Line]:
    for part in body:
        match part:
            case s.Line(stages=stages):
                yield part
                yield from _lines(stages)
            case s.BlockDef(body=inner) | s.Repeat(body=inner) | s.Branch(body=inner):
                yield from _lines(inner)
            case s.Joined(branches=branches):
                yield from _lines(branches)


@lru_cache(maxsize=100)
def _names(path: Path, changed: int) -> Names | None:
    """Names of the file at *path*, as it was saved at the time *changed*; what that uses in turn is left out."""
    try:
        source = Source(str(path), read_text(path, str(path)))
    except CnngraphError:
        return None
    return Names(parse(source).file, lambda item: None)


def shipped_path(name: str) -> Path | None:
    """Where the spec *name* that ships with cnngraph is on this machine."""
    path = PACKAGE / "specs" / name
    return path if Path(name).name == name and os.path.isfile(path) else None
