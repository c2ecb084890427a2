"""`use`: blocks and whole networks out of other files, never out of the folder the spec is in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cnngraph.diagnostics import CnngraphError, Label
from cnngraph.elaborate.mistake import Mistake, did_you_mean
from cnngraph.elaborate.prelude import prelude
from cnngraph.elaborate.scope import BlockScope, Defaults, Scope
from cnngraph.elaborate.values import evaluate
from cnngraph.shipped import shipped_text
from cnngraph.source import Source
from cnngraph.spec import syntax as s
from cnngraph.spec.parser import parse
from cnngraph.text import decode, read_text, specs_below

MAX_FILES = 100
_NEAR = 3
"""Folders down to which a file is looked for that was perhaps meant."""


class Includes:
    """The files that a spec uses, each read once."""

    def __init__(self, source: Source) -> None:
        self.root = _folder(source)
        self.beside = source.beside
        self.reading: list[str] = [source.name]
        self.read: dict[str, dict[str, BlockScope]] = {}
        self.wanted: list[Path] = []
        """Every file that was looked for, found or not."""

    def blocks(self, item: s.Use) -> dict[str, BlockScope]:
        """What ``use "file" as name`` brings, by the name it has in the using file; raises `Mistake`."""
        path = str(item.path.value)
        shown, text = self._text(path, item)
        if shown in self.reading:
            chain = " -> ".join([*self.reading[self.reading.index(shown) :], shown])
            raise Mistake("E0308", f"`use` goes in a circle: {chain}", item.path.span)
        if shown not in self.read:
            if len(self.read) >= MAX_FILES:
                raise Mistake("E0505", f"more than {MAX_FILES} files are used", item.path.span)
            self.reading.append(shown)
            self.read[shown] = self._define(Source(shown, text), item)
            self.reading.pop()
        found = self.read[shown]
        alias = item.alias.names[0] if item.alias else ""
        if not alias:
            return found
        named = {f"{alias}.{name}": block for name, block in found.items()}
        if (network := next((block for block in found.values() if block.input_name), None)) is not None:
            named[alias] = network
        return named

    def _text(self, path: str, item: s.Use) -> tuple[str, str]:
        wanted = Path(path)
        folder = Path(self.reading[-1]).parent if len(self.reading) > 1 else self.root
        if self.beside is not None:
            return self._text_beside(self.beside, folder / wanted, item)
        try:
            target = (folder / wanted).resolve()
            target.exists()
        except (OSError, ValueError) as error:
            # A name that no file can have: too long, or with a character of code 0.
            raise Mistake("E0211", f'cannot read "{path}"', item.path.span, reason=_reason(error)) from None
        if wanted.is_absolute() or not target.is_relative_to(self.root.resolve()):
            raise _leaves(item)
        self.wanted.append(target)
        if "\\" in path and not target.exists():
            slashed = path.replace("\\", "/")
            remark = "folders are separated by / on every system"
            raise Mistake("E0211", f'cannot read "{path}"', item.path.span, remark, help=f'write  use "{slashed}"')
        if not target.exists() and wanted.suffix and (text := shipped_text(path)) is not None:
            return path, text
        try:
            if target.exists() and not target.is_file() and not target.is_dir():
                raise CnngraphError.of("E0110", f"{folder / wanted} is no file but a pipe or a device")
            return str(folder / wanted), read_text(target, str(folder / wanted))
        except CnngraphError as error:
            near, _ = did_you_mean(path, specs_below(folder, _NEAR))
            first = error.diagnostics[0]
            raise Mistake("E0211", f'cannot read "{path}"', item.path.span, near, reason=first.message) from None

    def _text_beside(self, beside: Callable[[str], bytes | None], wanted: Path, item: s.Use) -> tuple[str, str]:
        """The same for a spec that is in no folder."""
        inside = os.path.relpath(wanted, self.root)
        if os.path.isabs(str(item.path.value)) or inside.split(os.sep)[0] == os.pardir:
            raise _leaves(item)
        shown = str(self.root / inside)
        try:
            if (data := beside(Path(inside).as_posix())) is not None:
                return shown, decode(data, shown)
        except CnngraphError as error:
            raise Mistake(
                "E0211", f'cannot read "{item.path.value}"', item.path.span, reason=error.diagnostics[0].message
            ) from None
        if (text := shipped_text(str(item.path.value))) is not None:
            return str(item.path.value), text
        raise Mistake("E0211", f'cannot read "{item.path.value}"', item.path.span, reason=f"there is no file {shown}")

    def _define(self, source: Source, item: s.Use) -> dict[str, BlockScope]:
        parsed = parse(source)
        if parsed.diagnostics:
            first = parsed.diagnostics[0]
            assert first.label is not None
            where = f"{source.name}:{first.label.span.line}:{first.label.span.column}"
            raise Mistake(
                "E0211",
                f'"{item.path.value}" has mistakes',
                item.path.span,
                f"{first.code} at {where}: {first.message}",
                secondary=(Label(first.label.span, first.label.text),),
                help=f"cnngraph check {source.name}",
            )
        scope = Scope(None, "", None)
        for definition in prelude():
            name = definition.name.names[0]
            scope.blocks[name] = BlockScope(
                name, definition.params, definition.body, Scope(None, "", None), Defaults(), definition.span
            )
        own: dict[str, BlockScope] = {}
        body: list[s.Statement] = []
        params: list[s.BlockParam] = []
        net: s.Net | None = None
        inputs: list[s.Input] = []
        outputs: list[s.OutputDecl] = []
        for part in parsed.file.items:
            match part:
                case s.BlockDef():
                    name = part.name.names[0]
                    own[name] = scope.blocks[name] = BlockScope(
                        name, part.params, part.body, scope, scope.defaults, part.span
                    )
                case s.Use():
                    scope.blocks.update(self.blocks(part))
                case s.Param():
                    params.append(s.BlockParam(part.span, part.name.names[0], "", part.default))
                    scope.values[part.name.names[0]] = evaluate(part.default, scope)
                case s.Net():
                    net = part
                case s.Input():
                    inputs.append(part)
                case s.OutputDecl():
                    outputs.append(part)
                case s.Let() | s.Default() | s.Line():
                    body.append(part)
        if net is not None and len(inputs) == 1:
            name = inputs[0].called
            own[net.name] = BlockScope(
                net.name, tuple(params), tuple(body), scope, Defaults(), net.span, name, tuple(outputs), net.annotations
            )
        return own


def _leaves(item: s.Use) -> Mistake:
    return Mistake(
        "E0212",
        f'"{item.path.value}" leaves the folder of the spec',
        item.path.span,
        "a spec uses files beside and below it",
        help="move or copy the file there",
    )


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _folder(source: Source) -> Path:
    return Path(source.name).parent if not source.name.startswith("<") else Path()
