"""A scene as one page of HTML that needs nothing from outside and runs nothing."""

from __future__ import annotations

from cnngraph.figure.scene import Scene
from cnngraph.figure.writers.svg import escaped, write_svg

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
font-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
html {{ background: {background}; }}
body {{ margin: 0; min-height: 100vh; display: flex; justify-content: center; align-items: safe center; }}
svg {{ max-width: 100%; height: auto; }}
@media print {{ body {{ min-height: 0; }} svg {{ max-width: 100%; max-height: 100vh; }} }}
</style>
</head>
<body>
{svg}</body>
</html>
"""


def write_html(scene: Scene) -> bytes:
    """*scene* as a page that fits its window and prints on one sheet."""
    svg = write_svg(scene, "embedded").decode("utf-8")
    page = _PAGE.format(title=escaped(scene.title), background=scene.background or "#ffffff", svg=svg)
    return page.encode("utf-8")
