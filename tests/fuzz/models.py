"""Mutated models of other programs, and files of their weights: ``python -m tests.fuzz.models [RUNS] [SEED]``.

Each of five is tried *RUNS* times: an .onnx, a .cfg, a .prototxt, and a .weights and a .caffemodel beside their
networks. What is none is refused in words, with a place in the text; whatever else escapes, or takes longer than it
may, is shown and stays in ``build/``. No process has more than 2 GB of memory. ``python -m tests.fuzz.models RUNS SEED
.onnx .cfg`` tries these alone.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cnngraph import load
from cnngraph.assembly import unsound
from cnngraph.diagnostics import CnngraphError
from cnngraph.diagnostics.machine import as_github, as_json
from cnngraph.diagnostics.sarif import as_sarif
from cnngraph.diagnostics.terminal import render
from cnngraph.fronts import CAFFE, DARKNET, ONNX, Format
from cnngraph.fronts.content import Content
from cnngraph.fronts.darknet.activations import KINDS as ACTIVATIONS
from cnngraph.fronts.darknet.layers import SECTIONS
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from tests.fronts.answers import arrays
from tests.fronts.caffe import test_caffe as caffe
from tests.fronts.caffe import texts as caffe_texts
from tests.fronts.darknet import test_darknet as darknet
from tests.fronts.darknet import texts as darknet_texts
from tests.fronts.onnx.test_files import WHOLE
from tests.fronts.onnx.torch_models import MODELS
from tests.fuzz.weights import MEMORY, PATIENCE, mutated

MAX_NODES = 2000
VALUES = (
    "0",
    "-1",
    "1",
    "2",
    "3",
    "7",
    "255",
    "99999",
    "2147483648",
    "1e38",
    "-1e-3",
    "x",
    "",
    "1,2",
    "-1,-3",
    "TRAIN",
)


class Slow(Exception):
    """It took longer than it may."""


def _late(number: int, frame: object) -> None:
    raise Slow


def cfgs() -> list[str]:
    found = [darknet_texts.yolov3(), darknet_texts.yolov2(), darknet_texts.yolov3_tiny(), darknet.WEIGHED]
    found += [darknet_texts.written(load(name)) for name in ("googlenet", "mobilenet_v2", "se_resnet50", "alexnet")]
    options = {"filters": 4, "size": 3, "stride": 2, "pad": 1, "from": -2, "layers": "-1,-2", "output": 3, "groups": 2}
    start = darknet_texts.net(16, 16, 4) + darknet_texts.section("empty") * 2
    found += [start + darknet_texts.section(name, **options) for name in SECTIONS]
    return found + [start + darknet_texts.conv(4, 3, activation=word) for word in ACTIVATIONS]


def prototxts() -> list[str]:
    found = [caffe_texts.written(load(name), in_place=True) for name in ("googlenet", "unet", "siamese", "se_resnet50")]
    found += [
        caffe.TRAINED,
        caffe.OLDEST,
        caffe_texts.ssd300(),
        caffe_texts.data(8, 8, 4)
        + "".join(
            caffe_texts.layer(type, f"l{number}", "data data", f"t{number}") for number, type in enumerate(caffe.TYPES)
        ),
    ]
    return found + [
        caffe_texts.data(8, 8, 4) + caffe_texts.layer(type, "l", blobs, "l m", **{key: options})
        for type, key, options in caffe.OPTIONS for blobs in ("data", "data data")
    ]  # fmt: skip


def changed(text: str, others: list[str], dice: random.Random) -> str:
    """*text* with lines taken out, doubled, moved, taken from others, or with other values."""
    lines = text.splitlines()
    if len(lines) > 80:
        start = dice.randrange(len(lines) - 60)
        lines = lines[:6] + lines[start : start + 60]
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        at = dice.randrange(len(lines)) if lines else 0
        match dice.randrange(7):
            case 0:
                del lines[at : at + dice.choice((1, 1, 5))]
            case 1:
                lines[at:at] = lines[at : at + dice.choice((1, 5, 20))]
            case 2:
                other = dice.choice(others).splitlines()
                begin = dice.randrange(len(other))
                lines[at:at] = other[begin : begin + dice.choice((1, 4, 10))]
            case 3 | 4 if lines:
                mark = "=" if "=" in lines[at] else ":"
                key, found, _ = lines[at].partition(mark)
                if found:
                    lines[at] = f"{key}{mark} {dice.choice(VALUES)}"
            case 5 if lines:
                lines[at] = mutated(lines[at].encode() or b" ", [b"]{}<>:=\"'#;,\\["], dice).decode("latin-1")
            case 6 if lines:
                lines.append(lines.pop(at))
    return "\n".join(lines)


def read_bytes(data: bytes, format: Format) -> Network | None:
    """The network, if it is one; what is said of it can be shown in every way."""
    content = Content("fuzz", None, data)
    found = None
    try:
        reading = format.read(content, {}, MAX_NODES)
        diagnostics, found = reading.diagnostics, reading.checked()
    except CnngraphError as error:
        diagnostics = error.diagnostics
        assert diagnostics
    for diagnostic in diagnostics:
        assert diagnostic.message
        assert diagnostic.label is None or 0 <= diagnostic.label.span.start <= diagnostic.label.span.end
        assert render(diagnostic)
    as_json(diagnostics), as_github(diagnostics), as_sarif(diagnostics)
    if found is not None:
        assert list(unsound(found)) == []
        with suppress(CnngraphError):
            lower(found)
    return found


def _texts(seeds: list[str], format: Format) -> Callable[[random.Random, Path], object]:
    def one(dice: random.Random, folder: Path) -> object:
        text = changed(dice.choice(seeds), seeds, dice)
        (folder / "last").write_text(text, "utf-8", "surrogatepass")
        return read_bytes(text.encode("utf-8", "surrogatepass"), format)

    return one


def _models(seeds: list[bytes]) -> Callable[[random.Random, Path], object]:
    def one(dice: random.Random, folder: Path) -> object:
        data = mutated(dice.choice(seeds), seeds, dice)
        (folder / "last").write_bytes(data)
        return read_bytes(data, ONNX)

    return one


def _weights(text: str, seeds: list[bytes], suffix: str, format: Format) -> Callable[[random.Random, Path], object]:
    """Weights beside one network: all of them are read, where they are taken."""

    def one(dice: random.Random, folder: Path) -> object:
        data = mutated(dice.choice(seeds), seeds, dice)
        (folder / "last").write_bytes(data)
        (folder / f"n{suffix}").write_bytes(data)
        (folder / "n").write_text(text)
        content = Content(str(folder / "n"), folder / "n", text.encode())
        reading = format.read(content, {}, MAX_NODES)
        network = reading.checked()
        assert reading.weights is not None
        with suppress(CnngraphError):
            for pieces in reading.weights.all(lower(network).weights):
                assert sum(len(piece) for piece in pieces) > 0
        return network

    return one


def trials(folder: Path) -> dict[str, Callable[[random.Random, Path], object]]:
    network = darknet.network(darknet.WEIGHED)
    darknet_texts.filed(network, arrays(network), folder / "w", darknet_texts.header())
    ships = load("lenet5")
    blobs = caffe_texts.blobs_of(ships, arrays(ships))
    models = [
        caffe_texts.caffemodel(blobs, old=old, double=double) for old in (False, True) for double in (False, True)
    ]
    return {
        ".onnx": _models([WHOLE.SerializeToString(), *(path.read_bytes() for path in sorted(MODELS.glob("*.onnx")))]),
        ".cfg": _texts(cfgs(), DARKNET),
        ".prototxt": _texts(prototxts(), CAFFE),
        ".weights": _weights(darknet.WEIGHED, [(folder / "w").read_bytes()], ".weights", DARKNET),
        ".caffemodel": _weights(caffe_texts.written(ships), models, ".caffemodel", CAFFE),
    }


def main() -> None:
    runs, seed = (int(sys.argv[1]) if len(sys.argv) > 1 else 10_000), int((sys.argv[2:] or ["0"])[0])
    wanted = sys.argv[3:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _late)
    warnings.simplefilter("error", RuntimeWarning)
    kept, escaped = Path("build") / "fuzz-models", Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, trial in trials(folder).items():
            if wanted and what not in wanted:
                continue
            dice, read, slowest = random.Random(seed), 0, 0.0
            for _ in range(runs):
                start = time.process_time()
                signal.setitimer(signal.ITIMER_PROF, PATIENCE)
                try:
                    read += trial(dice, folder) is not None
                except BaseException as error:
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    place = traceback.extract_tb(error.__traceback__)[-1]
                    said = f"{what}: {type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
                    if not escaped[said]:
                        kept.mkdir(parents=True, exist_ok=True)
                        (kept / f"{len(escaped)}{what}").write_bytes((folder / "last").read_bytes())
                        print(f"{said}: {error!s:.200} -> {kept / f'{len(escaped)}{what}'}", flush=True)
                    escaped[said] += 1
                signal.setitimer(signal.ITIMER_PROF, 0)
                slowest = max(slowest, time.process_time() - start)
            print(f"{what}: {runs:,}, {read:,} of them networks, the slowest in {slowest:.2f} s", flush=True)
    if escaped:
        sys.exit(f"{escaped.total()} escaped: {dict(escaped)}")


if __name__ == "__main__":
    main()
