"""What pictures are opened: the usual formats, whatever a file is called, up to a size."""

from __future__ import annotations

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
"""As Pillow calls them. Every `Image.open` gets them: of its many others some start programs, such as Ghostscript for
PostScript, and some are hardly ever looked at."""

MAX_PIXELS = 32_000_000
"""A photograph has 12 or 24 million; a file of 80 kB may claim any number, and each takes up to 40 bytes."""

MAX_REDUCED = 4 * MAX_PIXELS
"""What is read of pictures that are made smaller while they are read, as those of telephones with 48, 50 and 108
million pixels: each takes up to 10 bytes."""
