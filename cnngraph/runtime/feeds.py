"""What goes into a session: pictures, or arrays by the names of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.preprocessing import Preprocessing, check_channels, check_one_map
from cnngraph.runtime import arrays, images
from cnngraph.runtime.session import Array, Port, Session
from cnngraph.sizes import misfit
from cnngraph.volume import Free


@dataclass(frozen=True, slots=True)
class PictureInput:
    """The one input of a session that takes pictures."""

    port: Port
    done: Preprocessing
    network: Network | None = None
    """That of the session, where it is known."""

    @classmethod
    def of(cls, session: Session, done: Preprocessing, help: str) -> PictureInput:
        """Raises `CnngraphError` when the session takes no single picture (E0814, with *help*), or none of which
        *done* can be done."""
        check_one_map({port.name: len(port.dims) == 4 for port in session.inputs}, help)
        port = session.inputs[0]
        found = cls(port, done, session.network)
        check_channels(done, found._dims[0])
        return found

    @property
    def _dims(self) -> tuple[int | None, ...]:
        """Channels, height and width; None where free."""
        dims = self.port.dims[1:]
        if self.port.channels_last:
            dims = (dims[-1], *dims[:-1])
        return tuple(dim if isinstance(dim, int) else None for dim in dims)

    @property
    def is_fixed(self) -> bool:
        """Whether all pictures come to one size."""
        return None not in self._dims[1:]

    @property
    def about(self) -> str:
        """What happens to a picture: ``pictures 32x32, inverted, values 0 to 1``."""
        _, height, width = self._dims
        shown = "of their own size" if height is None or width is None else f"{height}x{width}"
        return f"pictures {shown}, {self.done.about}"

    def feed(self, path: Path) -> dict[str, Array]:
        """The picture at *path* by the input's name. Raises `CnngraphError`."""
        channels, height, width = self._dims
        array = images.read(path, (height, width), channels or 3, self.done)
        if self.port.channels_last and self.done.within is None:
            array = array.transpose(0, 2, 3, 1)
        found = {self.port.name: np.ascontiguousarray(array, arrays.TYPES.get(self.port.type))}
        need_fit(self.network, found, str(path))
        return found


def array_feed(session: Session, given: Iterable[tuple[str, Path | Array]], help: str) -> dict[str, Array]:
    """The arrays, or those in the .npy files, that are *given* for the inputs named beside them; without a name for the
    only one. Raises `CnngraphError`: E0815, with *help*, for an input that there is not or that gets nothing."""
    ports = {port.name: port for port in session.inputs}
    found: dict[str, Array] = {}
    given = list(given)
    for name, value in given:
        if not name and len(ports) == 1:
            name = next(iter(ports))
        if name not in ports:
            raise CnngraphError.of("E0815", f"the network has no input `{name}`", help=help)
        if isinstance(value, Path):
            found[name] = arrays.read(value, ports[name])
        else:
            found[name] = arrays.fitted(value, ports[name], "the array")
    if missing := [name for name in ports if name not in found]:
        raise CnngraphError.of("E0815", f"nothing is given for the input `{missing[0]}`", help=help)
    need_fit(session.network, found, ", ".join(str(value) for _, value in given if isinstance(value, Path)))
    return found


_OTHERS = (256, 480, 225, 63, 65)
"""Free sizes that a file is tried with besides an ordinary one: what halves sizes eight times and doubles them again,
or divides them by 3, 5 or 15, runs with one of them, and so does what takes only odd ones."""


def run_sizes(path: Path, size: int) -> dict[str, int]:
    """What the free sizes of the ONNX file at *path*, but for the batch, may be so that it runs: *size*, or another
    where that does not fit. It is tried, since a file does not say what it asks of them; *size* when none of those that
    are tried will do. Raises `CnngraphError` when onnxruntime cannot load it."""
    session = Session(path)
    names = [dim for port in session.inputs for dim in port.dims[1:] if isinstance(dim, str)]
    generator = np.random.default_rng(0)
    for number in (size, *sorted(_OTHERS, key=lambda other: abs(other - size))) if names else ():
        sizes = dict.fromkeys(names, number)
        shapes = [[dim if isinstance(dim, int) else sizes.get(dim or "", 1) for dim in p.dims] for p in session.inputs]
        ports = zip(session.inputs, shapes, strict=True)
        try:
            session.run({port.name: arrays.noise(generator, shape, port.type) for port, shape in ports})
        except CnngraphError:
            continue
        return sizes
    return dict.fromkeys(names, size)


def need_fit(network: Network | None, given: Mapping[str, Array], what: str) -> None:
    """Raises `CnngraphError` (E0822) when *network* does not run with free sizes as *given*, by its inputs and with the
    channels first, has them; *what* names the picture or array, empty for one without a name."""
    if network is None or network.is_fixed:
        return
    sizes: dict[str, int] = {}
    for layer in network.inputs:
        dims = layer.output.dims
        # Here height, width, channels; there the batch, channels, height, width.
        shape = given[layer.name].shape[1:]
        shape = (*shape[1:], shape[0]) if len(dims) == 3 else shape
        for dim, size in zip(dims, shape, strict=True):
            if isinstance(dim, Free) and sizes.setdefault(dim.name, size) != size:
                raise CnngraphError.of(
                    "E0822", f"{what or 'the array'}: {network.name} takes one size {dim.name}, and there are "
                    f"{sizes[dim.name]} and {size}", help="cut it or enlarge it until both are equal",
                )  # fmt: skip
    if (wrong := misfit(network, sizes, what or "the array")) is not None:
        raise CnngraphError([wrong])
