"""Networks of Caffe's: a ``.prototxt`` as it runs in the phase TEST, and the ``.caffemodel`` that goes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cnngraph.fronts.beside import completed
from cnngraph.fronts.caffe.layer import Layer, is_data, is_loss, layers, messages
from cnngraph.fronts.caffe.measuring import measuring, preparing
from cnngraph.fronts.caffe.net import Net
from cnngraph.fronts.caffe.points import ALIKE, batch_norm, of_channels
from cnngraph.fronts.caffe.prototext import parse
from cnngraph.fronts.caffe.sources import sources
from cnngraph.fronts.caffe.types import OF_ROWS, OF_SIZES, OF_SOME, ONE, SEVERAL, is_known, may_prepare, what_of
from cnngraph.fronts.content import Content
from cnngraph.fronts.draft import Draft
from cnngraph.fronts.given import given_sizes
from cnngraph.fronts.mistake import Notes, mistake
from cnngraph.layers.kind import Fault
from cnngraph.names import one_line
from cnngraph.reading import Reading
from cnngraph.remarks import few_of_each
from cnngraph.source import Source
from cnngraph.volume import Volume


def read(
    content: Content, settings: Mapping[str, object], max_nodes: int, *,
    input: Volume | None = None, weights: Path | None = None,
) -> Reading:  # fmt: skip
    """The network in *content*, on an *input* if its first is to have another size than its own, with the blobs in the
    file *weights* if there is one. Raises `CnngraphError`."""

    def net(blobs_in: Path | None) -> Reading:
        return _read(content, settings, max_nodes, input, blobs_in)

    return completed(net, content, weights, ".caffemodel")


def _read(
    content: Content, settings: Mapping[str, object], max_nodes: int, input: Volume | None, weights: Path | None
) -> Reading:
    message = parse(Source(content.name, content.foreign_text))
    blobs = None
    if weights is not None:
        from cnngraph.fronts.caffe.blobs import Blobs

        blobs = Blobs(weights)
    every = messages(message)
    draft, notes, found = Draft(content.name, {}, max_nodes), Notes(), layers(message, every)
    if not found:
        nets = [name for key in ("net", "train_net", "test_net") for name in message.texts(key)]
        help = f"this tells Caffe how to train a network, which is in {nets[0]}" if nets else ""
        what = "no layer of this file runs in the phase TEST" if every else "there is no layer in this file"
        raise mistake("E0116", what, message.place("net"), help=help)
    known = sources(message, every, found)
    net = Net(draft, found, known, given_sizes(settings, content.name), input, blobs, notes)
    begins, before = preparing(found, may_prepare)
    aside = measuring(found, {name for name, source in known.items() if source.is_read}, is_known) | before
    for index, layer in enumerate(found):
        if index in aside:
            net.makes(layer, [])
        elif index in begins:
            net.begins_behind(layer)
        else:
            _make(net, index, layer, found)
    if not net.outputs():
        raise mistake("E0116", "nothing is left of this network", found[0].span, reason=_why(notes),
                      help="a network here begins with a layer that is known, of pictures or of vectors")  # fmt: skip
    for name, tensor in net.outputs():
        draft.output(name, tensor)
    if blobs is not None:
        blobs.settle()
    for diagnostic in few_of_each(notes.diagnostics()):
        draft.remark(diagnostic)
    title = one_line(message.text("name")).strip()
    return draft.reading(Path(content.name).stem or "net", title=title, about=f"the weights in {weights}")


def _why(notes: Notes) -> str:
    return "\n".join(diagnostic.message for diagnostic in few_of_each(notes.diagnostics()))


def _make(net: Net, index: int, layer: Layer, all_: Sequence[Layer]) -> None:
    """The layers of *layer*, which stands at *index*."""
    if is_data(layer):
        return
    if is_loss(layer):
        if layer.type == "Silence":
            net.takes(layer)
        net.makes(layer, [])
        return
    if (why := what_of(layer.type)) is not None:
        raise mistake(
            "E0116", f"`{layer.type}` {why}", layer.span,
            help="the layers before it can be read when it and those behind it are taken out",
        )  # fmt: skip
    if index in net.merged:
        net.takes(layer)
        net.makes(layer, [net.merged[index]])
        return
    if not is_known(layer.type) and layer.type not in OF_SIZES and all(map(net.comes_from_outside, layer.bottoms)):
        net.note(layer, "no layer here does it, and it is left out")
        net.makes(layer, [])
        return
    known = is_known(layer.type) and (layer.type in OF_ROWS or not any(map(net.rows, layer.bottoms)))
    tensors = [net.tensor(blob, layer) if known else net.made(blob) for blob in layer.bottoms]
    inputs = [tensor for tensor in tensors if tensor is not None]
    if layer.type in OF_SIZES:
        net.note(layer, "it knows of sizes alone, and is left out")
        net.takes(layer)
        net.makes(layer, [])
        return
    if not inputs or (len(inputs) < len(tensors) and known and layer.type not in OF_SOME):
        net.notes.add("a layer behind one that no layer here does", "it is left out", layer.span)
        net.makes(layer, [])
        return
    net.takes(layer)
    try:
        net.makes(layer, _tensors(net, index, layer, inputs, all_) if known else [net.opaque(layer, inputs)])
    except Fault as fault:
        net.draft.refuse(fault, layer.span)


def _tensors(net: Net, index: int, layer: Layer, inputs: Sequence[str], all_: Sequence[Layer]) -> Sequence[str | None]:
    if layer.type == "BatchNorm":
        follows = net.reader(index)
        scale = all_[follows] if follows is not None and _is_affine(layer, all_[follows]) else None
        made = batch_norm(net, layer, inputs, scale)
        if scale is not None and follows is not None and made is not None:
            net.merged[follows] = made
        return [made]
    if layer.type in SEVERAL:
        return SEVERAL[layer.type](net, layer, inputs)
    if layer.type in ALIKE and (rows := net.rows(layer.bottoms[0])) is not None:
        net.see(layer.tops[0], rows)
    return [ONE[layer.type](net, layer, inputs)]


def _is_affine(norm: Layer, layer: Layer) -> bool:
    """Whether *layer* is what has the γ and β of *norm*, the normalization before it."""
    if layer.type != "Scale" or len(layer.bottoms) != 1 or norm.options("batch_norm_param").flag("scale_bias", False):
        return False
    return of_channels(layer, "scale_param") and layer.options("scale_param").flag("bias_term", False)
