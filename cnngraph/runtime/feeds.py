"""What goes into a session: pictures, or arrays by the names of its inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cnngraph.diagnostics import CnngraphError
from cnngraph.preprocessing import Preprocessing, check_channels
from cnngraph.runtime import arrays, images
from cnngraph.runtime.session import Array, Port, Session


@dataclass(frozen=True, slots=True)
class PictureInput:
    """The one input of a session that takes pictures."""

    port: Port
    done: Preprocessing

    @classmethod
    def of(cls, session: Session, done: Preprocessing, help: str) -> PictureInput:
        """Raises `CnngraphError` when the session takes no single picture (E0814, with *help*), or none of which
        *done* can be done."""
        port = session.inputs[0]
        if len(session.inputs) > 1 or len(port.dims) != 4:
            raise CnngraphError.of("E0814", "the network does not take one picture", help=help)
        found = cls(port, done)
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
    def about(self) -> str:
        """What happens to a picture: ``pictures 32x32, inverted, values 0 to 1``."""
        _, height, width = self._dims
        shown = "of their own size" if height is None or width is None else f"{height}x{width}"
        return f"pictures {shown}, {self.done.about}"

    def feed(self, path: Path) -> dict[str, Array]:
        """The picture at *path* by the input's name. Raises `CnngraphError`."""
        channels, height, width = self._dims
        return {self.port.name: images.read(path, (height, width), channels or 3, self.done)}


def array_feed(session: Session, given: Iterable[tuple[str, Path | Array]], help: str) -> dict[str, Array]:
    """The arrays, or those in the .npy files, that are *given* for the inputs named beside them; without a name for the
    only one. Raises `CnngraphError`: E0815, with *help*, for an input that there is not or that gets nothing."""
    ports = {port.name: port for port in session.inputs}
    found: dict[str, Array] = {}
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
    return found
