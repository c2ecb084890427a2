"""Mutated files of weights and models: ``python -m tests.fuzz.weights [SECONDS] [SEED]``.

Each is read in a process with 2 GB of memory, and no reading may take more than five seconds of the processor. What is
no file of weights is refused in words: whatever else escapes is shown with the file, which stays in ``build/``.
"""

from __future__ import annotations

import io
import json
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse, read
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.runtime import arrays
from cnngraph.runtime.session import Port, Session
from cnngraph.weights.files import FileWeights
from cnngraph.weights.readers import open_entries
from tests.weights.test_readers import CONV, DATA, FLAT, POOL, Made, keras_file, network

TWO = """net two
input 12x12x2
add {
  | conv 4 3x3
  | conv 4 3x3
}
pad (1, 0, 0, 2) -> maxpool 3 -> upsample 3 -> leaky 0.1
"""
MEMORY = 2 * 2**30
"""Bytes of address space."""
PATIENCE = 5
"""Seconds."""
INTERESTING = (
    b"\0", b"\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0\0\0\0\0\0\0\x80", b"{", b"]", b'"', b".", b"9" * 20, b"-1",
)  # fmt: skip

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2,
    3.5,
    1e308,
    10**30,
    "",
    "same",
    "relu",
    "linear",
    [],
    [1, 1],
    [[1, 0], [0, 1]],
    {},
)


class Slow(Exception):
    """It took longer than it may."""


def _late(number: int, frame: FrameType | None) -> None:
    raise Slow


def seeds(folder: Path) -> dict[str, bytes]:
    """Small files of every format, by name."""
    found = {path.name: path.read_bytes() for path in DATA.iterdir()}
    small = parse("net t\ninput 6x6x2\nconv 3 3x3 bn relu -> maxpool 2 -> flatten -> fc 2\n")
    tensors: dict[str, Any] = {
        "conv1.weight": np.ones((3, 2, 3, 3), "f4"),
        "fc1.weight": np.ones((2, 12), "f2"),
        "n": np.array(3),
    }
    np.savez(folder / "a.npz", **tensors)
    np.savez_compressed(folder / "b.npz", **tensors)
    np.save(folder / "a.npy", tensors["conv1.weight"])
    from safetensors.numpy import save_file

    save_file(tensors, folder / "a.safetensors", {"fc2.weight": "fc1.weight"})
    small.export(folder / "a.onnx", seed=0)
    small.export(folder / "b.onnx", seed=0, dtype="float16", opset=17)
    kernel = [np.ones((3, 3, 2, 4), "f4"), np.ones(4, "f4")]
    others: list[Made] = [
        CONV,
        ("Conv2D", {**CONV[1], "activation": "hard_sigmoid", "padding": "causal", "kernel_size": [3]}, kernel),
        ("MaxPooling2D", POOL, []),
        ("ZeroPadding2D", {"padding": [[1, 0], [0, 2]]}, []),
        ("UpSampling2D", {"size": [2, 2], "interpolation": "bilinear"}, []),
        ("LeakyReLU", {"negative_slope": 0.2}, []),
    ]
    keras_file(folder / "c.keras", others)
    for path in folder.iterdir():
        found[path.name] = path.read_bytes()
    return found


def mutated(data: bytes, others: list[bytes], dice: random.Random) -> bytes:
    """*data* with a few bytes changed, put in, taken out, doubled, or taken from another file."""
    made = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4, 16))):
        at = dice.randrange(len(made) + 1)
        # Headers and tables are at both ends.
        if dice.random() < 0.5:
            at = min(at, dice.randrange(400)) if dice.random() < 0.5 else max(0, len(made) - dice.randrange(1, 900))
        length = dice.choice((1, 1, 2, 4, 8, 64))
        match dice.randrange(7):
            case 0 if at < len(made):
                made[at] ^= 1 << dice.randrange(8)
            case 1:
                made[at : at + length] = dice.randbytes(length)
            case 2:
                made[at:at] = dice.choice(INTERESTING)
            case 3:
                word = dice.choice(INTERESTING)
                made[at : at + len(word)] = word
            case 4:
                del made[at : at + length]
            case 5:
                made[at:at] = made[at : at + dice.choice((1, 8, 64, 1000))]
            case 6:
                other = dice.choice(others)
                start = dice.randrange(len(other))
                made[at : at + 64] = other[start : start + 64]
    return bytes(made) if dice.random() < 0.98 else bytes(made[: dice.randrange(len(made) + 1)])


def rewritten(data: bytes, dice: random.Random) -> bytes:
    """JSON with a few of its values replaced by others."""
    whole = json.loads(data)
    for _ in range(dice.choice((1, 2, 5))):
        at = whole
        while isinstance(at, dict | list) and at:
            key = dice.choice(list(at)) if isinstance(at, dict) else dice.randrange(len(at))
            if not isinstance(at[key], dict | list) or dice.random() < 0.1:
                at[key] = json.loads(json.dumps(dice.choice(VALUES)))
                break
            at = at[key]
    return json.dumps(whole).encode()


def repacked(data: bytes, others: list[bytes], dice: random.Random) -> bytes:
    """A zip file with one of its members mutated, and its checksums right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        chosen = dice.choice(old.namelist())
        for member in old.infolist():
            content = old.read(member)
            if member.filename == chosen:
                is_json = chosen.endswith(".json") and dice.random() < 0.8
                content = rewritten(content, dice) if is_json else mutated(content, others, dice)
            new.writestr(member, content)
    return stream.getvalue()


def tried(path: Path, networks: list[Network]) -> None:
    """Opens *path* as a command does, reads every tensor, and compares it with networks."""
    if path.suffix == ".npy":
        arrays.read(path, Port("image", ("N", 2, 3, 3), "tensor(float)"))
        return
    if path.suffix == ".onnx":
        with suppress(CnngraphError):
            read(str(path), {})
        Session(path)
        return
    with suppress(Exception):  # what the numbers raise is told by who takes them
        for entry in open_entries(path)[:20]:
            entry.read()
    open_entries(path)
    for each in networks:
        try:
            weights = FileWeights(path, each)
        except CnngraphError:
            continue
        for pieces in weights.all(lower(each).weights):
            for _ in pieces:
                pass


def main() -> None:
    seconds, seed = (float(sys.argv[1]) if len(sys.argv) > 1 else 60.0), int((sys.argv[2:] or ["0"])[0])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _late)
    warnings.simplefilter("error", RuntimeWarning)
    dice, networks = random.Random(seed), [network(), parse(FLAT), parse(TWO)]
    kept = Path("build") / "fuzz-weights"
    counts: Counter[str] = Counter()
    escaped: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = seeds(folder)
        others = list(files.values())
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            file, data = dice.choice(list(files.items()))
            change: Callable[[bytes, list[bytes], random.Random], bytes] = mutated
            if zipfile.is_zipfile(io.BytesIO(data)) and dice.random() < 0.7:
                change = repacked
            made = change(data, others, dice)
            path = folder / f"mutated{Path(file).suffix}"
            path.write_bytes(made)
            start = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, PATIENCE)
            try:
                tried(path, networks)
                said = "read"
            except CnngraphError:
                said = "refused"
            except BaseException as error:
                place = traceback.extract_tb(error.__traceback__)[-1]
                said = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
                if not escaped[said]:
                    kept.mkdir(parents=True, exist_ok=True)
                    (kept / f"{len(escaped)}{path.suffix}").write_bytes(made)
                    print(f"{file}: {said}: {error!s:.200} -> {kept / f'{len(escaped)}{path.suffix}'}", flush=True)
                escaped[said] += 1
                said = "escaped"
            signal.setitimer(signal.ITIMER_PROF, 0)
            slowest = max(slowest, time.process_time() - start)
            counts[f"{Path(file).suffix} {said}"] += 1
    print(f"{counts.total():,} files, the slowest in {slowest:.1f} s")
    for what, count in sorted(counts.items()):
        print(f"{count:>8,}  {what}")
    if escaped:
        sys.exit(f"{escaped.total()} escaped: {dict(escaped)}")


if __name__ == "__main__":
    main()
