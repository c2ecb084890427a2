"""A picture or array of a size that the network does not run with is refused by its name, with the nearest sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse

REORG = "net t\ninput (?H, ?W, 3)\nreorg 2\nconv 4 1x1\n"
HOURGLASS = "net t\ninput (?H, ?W, 3)\nadd {\n  | conv 3 3x3 s=2 same -> upsample 2\n  | skip\n}\n"


@pytest.mark.parametrize("text", [REORG, HOURGLASS])
@pytest.mark.parametrize("size", [(5, 4), (4, 5), (5, 7)])
def test_sizes_that_do_not_fit_are_refused_and_the_nearest_run(text: str, size: tuple[int, int]) -> None:
    network = parse(text)
    with pytest.raises(CnngraphError, match=f"the array: t does not run with H = {size[0]}, W = {size[1]}") as caught:
        network.run(np.zeros((*size, 3), np.float32))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0822"
    assert diagnostic.reason == "its layers ask for H and W a multiple of 2"
    near = [int(part.rpartition("= ")[2]) for part in diagnostic.help.split(", ")]
    assert all(abs(one - other) <= 1 for one, other in zip(size, near, strict=True))
    network.run(np.zeros((*near, 3), np.float32))


def test_a_picture_is_refused_by_its_name(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (4, 5)).save(tmp_path / "odd.png")
    with pytest.raises(CnngraphError, match=r"odd\.png: t does not run with H = 5, W = 4"):
        parse(REORG).run(tmp_path / "odd.png")
