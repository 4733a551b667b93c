"""A mail's one file, turned into a template of plain text and one of HTML.

Markdown is read before anything is filled in: what a person typed can never become Markdown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from css_inline import CSSInliner
from jinja2 import Environment, StrictUndefined, Template
from markdown_it import MarkdownIt

from workflow.mail_texts import Words

FOLDER = files("workers") / "emails"
BODY = "<!-- body -->"
SYSTEM = "system/"
"""Mails of the system itself, about no case, lie in a folder of their own and have their own frame."""

LANGUAGE = re.compile(r"^--- (id|en)\n", re.MULTILINE)
BLOCK = re.compile(r"^(\{%.*%\})$", re.MULTILINE)
QUOTE = re.compile(r"^> \{\{ (.+) \}\}$", re.MULTILINE)
BUTTON = re.compile(r"^\[(.+)\]\((.+)\)$", re.MULTILINE)
BOLD = re.compile(r"\*\*(.+?)\*\*")
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
LONE_BLOCK = re.compile(r"<p>(jinja\d+block)</p>")
KEPT = re.compile(r"jinja(\d+)(?:block|value)")

EACH_LINE = "{% for line in (_ or '').splitlines() %}"
TEXT_LINES = EACH_LINE + "\n> {{ line }}\n{% endfor %}"
HTML_LINES = EACH_LINE + "{% if not loop.first %}<br>{% endif %}{{ line }}{% endfor %}"

PARTS = """{% for part in parts %}
{% if part.href %}<p class="act"><a href="{{ part.href }}">{{ part.lines[0] }}</a></p>
{% else %}
<{{ part.tag }}>
{% for line in part.lines %}
{{ line }}{% if not loop.last %}<br>{% endif %}

{% endfor %}
</{{ part.tag }}>
{% endif %}
{% endfor %}"""

CONTROLS = (*range(9), 0xB, *range(0xE, 0x20), *range(0x7F, 0xA0))
TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
UNSEEN = dict.fromkeys((*CONTROLS, *TURNS))
"""Control characters, and those that turn the direction of writing, are left out."""


@dataclass(frozen=True)
class Sheet:
    """A mail in one language, ready to be filled in."""

    subject: Template
    text: Template
    html: Template
    on_unknown: str
    words: Template
    """What stands between greeting and farewell, as plain text."""


def kinds() -> frozenset[str]:
    """The names of all mails there are."""
    names = (file.name for file in FOLDER.iterdir())
    return frozenset(n.removesuffix(".md") for n in names if n.endswith(".md"))


@cache
def sheet(kind: str, locale: str) -> Sheet:
    """Read and compiled once per process; raises FileNotFoundError for an unknown kind."""
    return made_sheet(kind, source(kind, locale), (TEXT, HTML))


def source(kind: str, locale: str) -> Words:
    """The words as they came with the system, not filled in."""
    fields, bodies = _parts(kind)
    return Words(fields[f"subject.{locale}"], bodies[locale])


def made_sheet(kind: str, words: Words, kinds: tuple[Environment, Environment]) -> Sheet:
    """A mail with these words in the frame of its kind, for text and for HTML."""
    fields, _bodies = _parts(kind)
    shell = fields.get("shell", "_system" if kind.startswith(SYSTEM) else "_shell")
    text, html = kinds
    return Sheet(
        text.from_string(words.subject),
        text.from_string(_text(words.body, shell)),
        html.from_string(_html(words.body, shell)),
        fields["on_unknown"],
        text.from_string(_plain(words.body)),
    )


@cache
def _parts(kind: str) -> tuple[dict[str, str], dict[str, str]]:
    """The head of a mail's file, and its words by language."""
    head, *parts = LANGUAGE.split(_read(f"{kind}.md"))
    fields = dict(line.split(": ", 1) for line in head.splitlines() if line)
    return fields, dict(zip(parts[::2], parts[1::2], strict=True))


@cache
def frame() -> tuple[Template, Template]:
    """The frame of a mail about a case, as text and as HTML, around words that a person wrote."""
    text = _read("_shell.txt").replace(BODY, "{% for line in lines %}\n{{ line }}\n{% endfor %}")
    return TEXT.from_string(text), HTML.from_string(INLINER.inline(_read("_shell.html")).replace(BODY, PARTS))


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _text(body: str, shell: str) -> str:
    return _read(f"{shell}.txt").replace(BODY, _plain(body))


def _plain(body: str) -> str:
    body = BLOCK.sub(r"\n\1\n", body)
    body = QUOTE.sub(lambda found: TEXT_LINES.replace("_", found[1]), body)
    return BUTTON.sub(r"\1: \2", BOLD.sub(r"\1", body))


def _html(body: str, shell: str) -> str:
    kept: list[str] = []

    def keep(code: str) -> str:
        kept.append(code)
        return f"jinja{len(kept) - 1}" + ("block" if code.startswith("{%") else "value")

    letter = LONE_BLOCK.sub(r"\1", MARKDOWN.render(_hidden(body, keep)))
    letter = letter.replace("<p><a ", '<p class="act"><a ')
    page = JINJA.sub(lambda found: keep(found[0]), _read(f"{shell}.html")).replace(BODY, letter)
    return KEPT.sub(lambda found: kept[int(found[1])], INLINER.inline(page))


def _hidden(body: str, keep: Callable[[str], str]) -> str:
    """The body with its Jinja behind plain words, which Markdown and HTML leave alone."""
    body = BLOCK.sub(r"\n\1\n", body)
    body = QUOTE.sub(lambda found: "> " + keep(HTML_LINES.replace("_", found[1])), body)
    return JINJA.sub(lambda found: keep(found[0]), body)


def _one_line(value: object) -> object:
    """What is filled in: one line of visible characters. HTML escapes it after this."""
    if not isinstance(value, str):
        return "" if value is None else value
    return " ".join(value.encode("utf-8", "replace").decode().translate(UNSEEN).split())


def environment(made: type[Environment], *, html: bool) -> Environment:
    return made(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
    )


TEXT, HTML = environment(Environment, html=False), environment(Environment, html=True)
MARKDOWN = MarkdownIt("zero").enable(["emphasis", "list", "link", "blockquote"])
INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
