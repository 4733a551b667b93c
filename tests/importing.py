"""An import as a person does it in a browser, from the file to the undo; and how its progress looked."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Error, Page

PAUSE_MS = 250
WAIT_SECONDS = 300.0
WIDTHS = (1440, 390)
Look = Callable[[str], None]


@dataclass
class Progress:
    """Seconds from press to end, and each line of progress with the second in which it was first seen."""

    seconds: float = 0.0
    lines: list[tuple[float, str]] = field(default_factory=list)

    @property
    def longest_silence(self) -> float:
        """How long nothing on the page moved."""
        times = [0.0, *(at for at, _line in self.lines), self.seconds]
        return max(later - earlier for earlier, later in pairwise(times))


def look_away(_name: str) -> None:
    """No pictures."""


def pictures(page: Page, folder: Path) -> Look:
    """Takes the page as it is, at both widths."""
    folder.mkdir(parents=True, exist_ok=True)

    def take(name: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    return take


def hand_in(page: Page, host: str, file: Path, kind: str) -> None:
    """To the page that offers the columns."""
    page.goto(f"{host}/impor")
    page.locator('[name="file"]').set_input_files(file)
    page.check(f'[name="kind"][value="{kind}"]')
    page.locator("button[data-default]:visible").click()
    page.wait_for_url(re.compile(r"/impor/\d+$"))


def check_rows(page: Page, look: Look = look_away) -> Progress:
    """The dry run."""
    return _follow(page, lambda: page.get_by_role("button", name="Periksa semua baris").click(), look)


def bring_in(page: Page, look: Look = look_away) -> Progress:
    return _confirmed(page, "Impor ", look)


def take_back(page: Page, look: Look = look_away) -> Progress:
    return _confirmed(page, "Batalkan impor ini", look)


def counts(page: Page) -> dict[str, int]:
    """The numbers on top of the page, by the first word of their label."""
    found = {}
    for stat in page.locator(".stat").all():
        number = stat.locator(".stat-number").inner_text().replace(".", "")
        found[stat.locator(".stat-label").inner_text().partition(",")[0].strip()] = int(number)
    return found


def _confirmed(page: Page, name: str, look: Look) -> Progress:
    page.get_by_role("button", name=re.compile(f"^{name}")).first.click()
    return _follow(page, page.locator('dialog[open] [value="yes"]').click, look)


def _follow(page: Page, press: Callable[[], None], look: Look) -> Progress:
    """Watch until the page has no line of progress any more; it loads itself anew at the end."""
    found, looked = Progress(), False
    started = time.monotonic()
    with page.expect_navigation():  # the page before has no line of progress either
        press()
    while time.monotonic() - started < WAIT_SECONDS:
        line = _line(page)
        found.seconds = time.monotonic() - started
        if line == "":
            return found
        if line and (not found.lines or found.lines[-1][1] != line):
            found.lines.append((round(found.seconds, 1), line))
            if not looked and len(found.lines) > 1:
                looked = True
                look("kemajuan")
        page.wait_for_timeout(PAUSE_MS)
    raise TimeoutError(f"{page.url}: {found.lines[-1:]}")


def _line(page: Page) -> str | None:
    """None while the page is being loaded."""
    try:
        page.locator("main h1").wait_for(timeout=5000)
        held = page.locator("#kemajuan > span")
        return held.inner_text(timeout=1000) if held.count() else ""
    except Error:
        return None
