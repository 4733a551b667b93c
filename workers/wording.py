"""Words of mails that people wrote: checked, and written out in a sandbox that knows but named values.

They may hold placeholders and conditions on them, and nothing else of Jinja: no loop, call or filter.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from workers.letters import Sheet, environment, made_sheet, source
from workflow.errors import Problem
from workflow.mail_texts import LOCALES, PLACEHOLDERS, Words

GENERAL = frozenset(
    {
        "case.number",
        "case.title",
        "case.agency",
        "case.stage",
        "case.state",
        "case.url",
        "recipient.name",
        "actor.name",
        "event.at",
        "until",
        "audience",
    }
)
"""What every mail about a case may use, beside what its shipped text does."""

TREES = frozenset(name.partition(".")[0] for name in PLACEHOLDERS if "." in name)
LINK = re.compile(r"\]\(\s*([^)]*?)\s*\)")
GOOD_LINK = re.compile(r"\{\{ *(?:case|seminar)\.url *\}\}[\w/?=&-]*|https://[^\s{}]+")
ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.If,
    nodes.Compare,
    nodes.Operand,
    nodes.Const,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Test,
)
TESTS = frozenset({"none", "false", "true"})
TEXT, HTML = environment(SandboxedEnvironment, html=False), environment(SandboxedEnvironment, html=True)


class Broken(Exception):
    """Words that cannot be used."""


class _Nothing(dict[str, Any]):
    """What is not there in this mail: false, and empty wherever it is filled in."""

    def __missing__(self, _key: str) -> None:
        return None


@lru_cache(maxsize=512)
def changed_sheet(kind: str, words: Words) -> Sheet:
    """The mail with these words; raises Broken where they name what there is not, or do not parse."""
    faults = [*_faults("/subject", words.subject, kind), *_faults("/body", words.body, kind)]
    if faults:
        raise Broken(" ".join(fault.message for fault in faults))
    try:
        return made_sheet(kind, words, (TEXT, HTML))
    except (TemplateError, IndexError) as fault:
        raise Broken(str(fault)) from fault


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as words of people see them: what is not there is empty."""
    return {name: _Nothing() if value is None and name in TREES else value for name, value in values.items()}


@cache
def names(kind: str) -> tuple[str, ...]:
    """The placeholders that a mail may use, in the order in which they are explained."""
    texts = [source(kind, locale) for locale in LOCALES]
    used = {
        path
        for words in texts
        for text in (words.subject, words.body)
        for _line, path, _printed in _paths(TEXT.parse(text))
    }
    return tuple(name for name in PLACEHOLDERS if name in GENERAL | used)


def faults(kind: str, words: Words) -> list[Problem]:
    """What is wrong with words, each at its field and line."""
    found = [*_faults("/subject", words.subject, kind), *_faults("/body", words.body, kind)]
    found += [
        Problem(
            "/body",
            f"Baris {_line(words.body, link.start())}: tautan hanya boleh ke {{{{ case.url }}}}, "
            "{{ seminar.url }}, atau https://…",
        )
        for link in LINK.finditer(words.body)
        if not GOOD_LINK.fullmatch(link[1])
    ]
    home = "seminar.url" if "seminar.url" in names(kind) else "case.url"
    if home not in words.body:
        found.append(Problem("/body", f"Cantumkan tombol ke halamannya: [Buka halaman]({{{{ {home} }}}})"))
    if "\n" in words.subject.strip():
        found.append(Problem("/subject", "Perihal hanya satu baris."))
    return found


def _faults(pointer: str, text: str, kind: str) -> list[Problem]:
    try:
        tree = TEXT.parse(text)
    except TemplateSyntaxError as fault:
        return [
            Problem(
                pointer,
                f"Baris {fault.lineno}: penulisan {{{{ … }}}} atau {{% … %}} keliru ({fault.message}).",
            )
        ]
    found = [
        Problem(pointer, f"Baris {node.lineno}: hanya isian dan syarat {{% if … %}} yang boleh dipakai.")
        for node in tree.find_all(nodes.Node)
        if not isinstance(node, ALLOWED)
        or (isinstance(node, nodes.Test) and node.name not in {"none", "false", "true"})
    ]
    for line, path, printed in _paths(tree):
        if path not in names(kind) and (printed or path not in TREES):
            found.append(Problem(pointer, f"Baris {line}: “{path}” tidak dikenal.{_near(path, kind)}"))
    return found


def _near(path: str, kind: str) -> str:
    close = get_close_matches(path, names(kind), 1, 0.5)
    return f" Maksud Anda “{close[0]}”?" if close else ""


def _paths(node: nodes.Node, *, printed: bool = False) -> Iterator[tuple[int, str, bool]]:
    """Every name with its line, dots and all, and whether it is filled in rather than asked about."""
    path = _path(node)
    if path is not None:
        yield node.lineno, path, printed
        return
    for child in node.iter_child_nodes():
        yield from _paths(child, printed=isinstance(node, nodes.Output))


def _path(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        before = _path(node.node)
        return f"{before}.{node.attr}" if before else None
    return None


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
