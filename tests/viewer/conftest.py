"""One browser for all that look at the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import Page, page


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page() as shown:
        shown.listen()
        shown.path = tmp_path_factory.mktemp("pages") / "x.html"  # type: ignore[attr-defined]
        yield shown
