"""A process of its own that looks into one file: `python -m workers.reading MEDIA_TYPE FOLDER < file`.

Files are distrusted: this process has little memory, little time, and gives back pixels and hashes alone.
It writes 0.webp (small), 1.webp … (pages) and found.json into the folder.
"""

import json
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageOps

from workflow.sketches import sketch

MEMORY, SECONDS, WRITTEN = 1 << 30, 20, 32 << 20
MOST_PIXELS = 40_000_000
WIDTH, HEIGHT, SMALL = 1100, 1600, 320
PAGES_SHOWN, PAGES_READ, MOST_TEXT = 3, 60, 300_000
FOUND = "found.json"


@dataclass
class Look:
    """What was seen: pictures of the first pages, how many there are, and the sketch of the text."""

    pictures: list[Image.Image]
    pages: int
    hashes: list[int]


def main() -> None:
    media_type, folder = sys.argv[1], Path(sys.argv[2])
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow refuses twice as many
    body = sys.stdin.buffer.read()
    look = _paper(body) if media_type == "application/pdf" else _picture(body)
    for number, picture in enumerate(look.pictures, 1):
        _write(picture, folder / f"{number}.webp", (WIDTH, HEIGHT))
    _write(look.pictures[0], folder / "0.webp", (SMALL, SMALL))
    found = {"pictures": len(look.pictures), "pages": look.pages, "hashes": look.hashes}
    (folder / FOUND).write_text(json.dumps(found))


def _picture(body: bytes) -> Look:
    with Image.open(BytesIO(body), formats=("JPEG", "PNG")) as image:
        image.draft("RGB", (WIDTH, HEIGHT))
        return Look([ImageOps.exif_transpose(image).convert("RGB")], 1, [])


def _paper(body: bytes) -> Look:
    paper = pdfium.PdfDocument(body)
    pictures = [_drawn(paper[number]) for number in range(min(len(paper), PAGES_SHOWN))]
    return Look(pictures, len(paper), sketch("".join(_text(paper))))


def _drawn(page: pdfium.PdfPage) -> Image.Image:
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1), HEIGHT / max(height, 1))
    drawn: Image.Image = page.render(scale=scale).to_pil()
    return drawn.convert("RGB")


def _text(paper: pdfium.PdfDocument) -> Iterator[str]:
    left = MOST_TEXT
    for page in islice(paper, PAGES_READ):
        text = page.get_textpage().get_text_bounded()[:left]
        yield text + "\n"
        left -= len(text)
        if left <= 0:
            return


def _write(picture: Image.Image, target: Path, within: tuple[int, int]) -> None:
    shown = picture.copy()
    shown.thumbnail(within)
    shown.save(target, "WEBP", quality=70)


if __name__ == "__main__":
    main()
