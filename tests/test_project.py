"""The repository itself: what is pinned, what is committed, how the commands are called."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TARGETS = ["help", "setup", "run", "test", "check", "bench", "faults", "mutants", "demo-reset"]
REQUIREMENTS = [
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-node.txt",
    "requirements-mutants.txt",
]
LARGEST = 500_000


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_python_packages_come_by_name_and_hash_alone(name: str) -> None:
    text = read(name)
    packages = re.split(r"\n(?=\w)", text)

    assert [line for line in text.splitlines() if "://" in line or line.startswith("-")] == []
    assert [package for package in packages if "--hash=sha256:" not in package] == []


def test_the_development_environment_has_the_versions_that_run() -> None:
    runtime, development = (
        set(re.findall(r"^[\w.-]+==\S+", read(name), re.MULTILINE)) for name in REQUIREMENTS[:2]
    )

    assert runtime - development == set()


def test_npm_packages_come_by_name_and_hash_alone() -> None:
    text = read("package-lock.json")
    addresses = [line for line in text.splitlines() if "://" in line and '"url":' not in line]

    assert addresses == []
    assert '"resolved"' not in text
    assert text.count('"integrity": "sha512-') == text.count('"node_modules/')


def test_no_committed_file_is_large() -> None:
    listed = subprocess.run(
        [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]

    assert [path for path in files if path.is_file() and path.stat().st_size > LARGEST] == []


@pytest.mark.parametrize("target", TARGETS)
def test_make_help_knows_every_target(target: str) -> None:
    assert re.search(rf"^{target}:.*## \S", read("Makefile"), re.MULTILINE)


def test_make_alone_shows_the_help() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    assert [line.split()[1] for line in shown.stdout.splitlines()][: len(TARGETS)] == TARGETS


@pytest.mark.parametrize("command", ["make run", "make test"])
def test_the_readme_names_both_commands(command: str) -> None:
    assert command in read("README.md")
