"""A script that trains the generated code, to be edited: `templates/train.py` with what is this network's own."""

from __future__ import annotations

import re
from pathlib import Path

from cnngraph.code.generated import Generated
from cnngraph.code.solving import literal
from cnngraph.diagnostics import CnngraphError
from cnngraph.preprocessing import Preprocessing, preprocessing


def training(made: Generated, module: str, said: str) -> str:
    """The text of ``train.py`` for *made*, which is in the file *module*.py; *said* is the network on a command line.

    Raises `CnngraphError` (E0912) unless the network takes one picture of a known size and gives one vector.
    """
    if not module.isidentifier():
        help = "give its file another one:  -o network.py"
        raise CnngraphError.of("E0912", f"train.py cannot import a file of the name {module}.py", help=help)
    network = made.network
    first, *others = network.inputs
    volume, answer = first.output, network[network.outputs[0].layer].output
    is_picture = volume.is_map and volume.is_fixed and volume.channels in (1, 3)
    if others or not is_picture or len(network.outputs) > 1 or answer.is_map or not answer.is_fixed:
        raise CnngraphError.of(
            "E0912",
            "train.py is for networks that tell pictures apart",
            reason=f"this takes {', '.join(str(each.output) for each in network.inputs)} and gives "
            f"{', '.join(str(network[each.layer].output) for each in network.outputs)}; "
            "it is for one picture of a known size, with 1 or 3 channels, and one vector",
            help="leave --with-training out: the module trains in a loop of your own",
        )
    height, width, channels = volume.dims
    done = preprocessing(first) or Preprocessing()
    mean, std = done.mean or (0.0,), done.std or (1.0,)
    lines = {
        "from lenet5 import": f"from {module} import {made.top} as Network",
        "SPEC =": f"SPEC = {literal(said)}",
        "CLASSES =": f"CLASSES = {answer.channels}",
        "HEIGHT, WIDTH, CHANNELS =": f"HEIGHT, WIDTH, CHANNELS = {height}, {width}, {channels}",
        "BGR, INVERT, LOW, HIGH =": f"BGR, INVERT, LOW, HIGH = {done.bgr}, {done.invert}, {done.low}, {done.high}",
        "MEAN, STD =": f"MEAN, STD = {literal(mean)}, {literal(std)}",
    }
    text = (Path(__file__).parent / "templates" / "train.py").read_text("utf-8")
    for begin, line in lines.items():
        (old,) = re.findall(f"(?m)^{re.escape(begin)}.*$", text)
        text = text.replace(old, line)
    return text.replace("lenet5.py", f"{module}.py", 1)
