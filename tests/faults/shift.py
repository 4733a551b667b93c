"""Shifting the wall clock that a process sees, without touching the machine's."""

import shutil
import subprocess
from pathlib import Path


def build_shift(folder: Path) -> Path | None:
    """The library to preload into a process; None where there is no C compiler."""
    compiler, library = shutil.which("cc"), folder / "skew.so"
    source = Path(__file__).with_name("skew.c")
    if compiler is None:
        return None
    built = subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=False)
    return library if built.returncode == 0 else None
