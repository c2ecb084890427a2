"""Networks of darknet's: a ``.cfg``, and the ``.weights`` that go with it (Redmon's, and Bochkovskiy's fork)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cnngraph.fronts.content import Content
from cnngraph.fronts.darknet.layers import ON_MAPS, RECURRENT, SECTIONS, WITHOUT_INPUT
from cnngraph.fronts.darknet.net import Net
from cnngraph.fronts.darknet.sections import Section, sections
from cnngraph.fronts.draft import Draft
from cnngraph.fronts.given import given_sizes
from cnngraph.fronts.mistake import Notes, mistake
from cnngraph.layers.kind import Fault
from cnngraph.network import Annotation
from cnngraph.reading import Reading
from cnngraph.remarks import few_of_each
from cnngraph.source import Source
from cnngraph.volume import Volume


def read(
    content: Content, settings: Mapping[str, object], max_nodes: int, *,
    input: Volume | None = None, weights: Path | None = None,
) -> Reading:  # fmt: skip
    """The network in *content*, on an *input* if it is to have another than its own, with the numbers in the file
    *weights* if there is one. Raises `CnngraphError`."""
    from cnngraph.fronts.beside import completed

    def net(numbers_in: Path | None) -> Reading:
        return _read(content, settings, max_nodes, input, numbers_in)

    return completed(net, content, weights, ".weights")


def _read(
    content: Content, settings: Mapping[str, object], max_nodes: int, input: Volume | None, weights: Path | None
) -> Reading:
    source, notes = Source(content.name, content.foreign_text), Notes()
    draft = Draft(content.name, {}, max_nodes)
    numbers = None
    if weights is not None:
        from cnngraph.fronts.darknet.numbers import Numbers

        numbers = Numbers(weights)
    first, *rest = sections(source, notes)
    _refuse_recurrent(rest)
    cut = rest[0] if rest and rest[0].name == "crop" else None
    volume = input or _image(first, cut, given_sizes(settings, content.name))
    # `load_image` divides bytes by 255, and [crop] makes of that numbers from -1 to 1.
    low = -1 if cut is not None and not cut.whole("noadjust", 0) else 0
    scaled = (Annotation("scale", (low, 1)),) if volume.is_map else ()
    image = draft.input("image", volume, first.place("height", "width", "inputs"), annotations=scaled)
    net = Net(draft, image, numbers, notes)
    for section in rest:
        net.tensors.append(_made(net, section))
    _outputs(net, rest)
    if numbers is not None:
        numbers.settle()
    for diagnostic in few_of_each(notes.diagnostics()):
        draft.remark(diagnostic)
    return draft.reading(Path(content.name).stem or "net", about=f"the weights in {weights}")


def _image(net: Section, cut: Section | None, given: Mapping[str, int]) -> Volume:
    """What the network takes: a picture, of which a section behind it may *cut* out the middle, or so many numbers."""
    if cut is not None:
        middle = {"H": cut.count("crop_height", 1), "W": cut.count("crop_width", 1)}
        given = {**middle, **given}
    height, width, channels = (
        given.get(size) or max(0, net.whole(key, 0))
        for size, key in (("H", "height"), ("W", "width"), ("C", "channels"))
    )
    if height and width and channels:
        return Volume((height, width, channels))
    if (inputs := net.whole("inputs", 0)) > 0:
        return Volume((inputs,))
    lacking = [size for size, value in (("H", height), ("W", width), ("C", channels)) if not value]
    raise mistake(
        "E0116", "this network does not say how large its input is", net.span,
        "it has no `height`, `width` and `channels`, and no `inputs`",
        help=f"say it with  {' '.join(f'--set {size}={_USUAL[size]}' for size in lacking)}",
    )  # fmt: skip


_USUAL = {"H": 224, "W": 224, "C": 3}


def _refuse_recurrent(rest: list[Section]) -> None:
    for section in rest:
        if section.name in RECURRENT:
            raise mistake(
                "E0116", f"[{section.name}] is recurrent, and networks here are without a memory", section.span,
                help="the sections before it can be read when it and those behind it are taken out",
            )  # fmt: skip


def _made(net: Net, section: Section) -> str | None:
    """What comes of *section*; None where that is not known, as of all that depends on such a one."""
    tensor = net.current
    make = SECTIONS.get(section.name)
    if make is None:
        if tensor is None:
            net.notes.add("a section behind one that no layer here does", "it is left out", section.span)
            return None
        return net.opaque(section, section.name, [tensor], None)
    if tensor is None and section.name not in WITHOUT_INPUT:
        net.notes.add("a section behind one that no layer here does", "it is left out", section.span)
        return None
    try:
        if tensor is not None and section.name in ON_MAPS:
            tensor = net.upright(section, tensor)
        return make(net, section, tensor or "")
    except Fault as fault:
        net.draft.refuse(fault, section.span)


def _outputs(net: Net, rest: list[Section]) -> None:
    """What the network gives back: what leads into its heads, and its last layer."""
    for name, tensor in net.heads:
        net.draft.output(name, tensor)
    last = net.current
    if last is not None and all(tensor != last for _, tensor in net.heads):
        net.draft.output(last, last)
    given = {tensor for _, tensor in net.heads} | {last}
    for section, made in zip(rest, net.tensors, strict=True):
        if made is not None and made not in net.used and made not in given:
            net.note(section, "nothing takes what it makes, and it is left out")
