"""What a mail says: kind, language and context become subject, text and HTML."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from jinja2 import TemplateError

from workers.letters import SYSTEM, Sheet, frame, kinds, sheet
from workers.wording import Broken, changed_sheet, plain
from workflow.mail_texts import Words

__all__ = ["Letter", "kinds", "preview_context", "render", "render_system"]

PREFIX = "[Inovasi Sragen] "
LONGEST_SUBJECT, LONGEST_TITLE = 300, 150
WIDTH = 76
LINK = re.compile(r"(.+): (https?://\S+)")

Context = Mapping[str, Any]


@dataclass(frozen=True)
class Letter:
    """A mail written out. `on_unknown`: "resend" if a second copy does no harm, else "hold"."""

    subject: str
    text: str
    html: str
    on_unknown: str
    words: str = ""
    """The text between greeting and farewell."""
    fault: str = ""
    """Why the words that people gave this kind could not be used; the shipped ones stand here instead."""


def render(
    kind: str,
    locale: str,
    context: Mapping[str, object],
    own: Mapping[str, str] | None = None,
    words: Words | None = None,
) -> Letter:
    """Write a mail in English for "en", in Indonesian for any other locale.

    `own` holds `subject` and `body` that somebody wrote instead for this one mail, `words` those that people
    gave the kind; greeting and farewell stay around them. Words that are broken give way to the shipped ones.
    The context is that of `preview_context`. Whatever people typed comes out as text. Raises
    FileNotFoundError for an unknown kind and jinja2.UndefinedError for a name that is missing.
    """
    language = "en" if locale == "en" else "id"
    mail = sheet(kind, language)
    values = {**context, **_derived(context, language)}
    if own is not None:
        return _framed(own, values, mail.on_unknown)
    if words is None:
        return _filled_in(mail, values)
    try:
        return _filled_in(changed_sheet(kind, words), plain(values))
    except (Broken, TemplateError, TypeError, ValueError) as fault:
        return replace(_filled_in(mail, values), fault=f"{type(fault).__name__}: {fault}")


def _filled_in(mail: Sheet, values: dict[str, Any]) -> Letter:
    subject = _shortened(PREFIX + mail.subject.render(_with_short_title(values)), LONGEST_SUBJECT)
    values["subject"] = subject
    text, html, words = (part.render(values) for part in (mail.text, mail.html, mail.words))
    return Letter(subject, _laid_out(text), html, mail.on_unknown, re.sub(r"\n{3,}", "\n\n", words).strip())


def _framed(own: Mapping[str, str], values: dict[str, object], on_unknown: str) -> Letter:
    """A mail whose words a person wrote, in the frame of any other."""
    subject, body = _shortened(PREFIX + own["subject"], LONGEST_SUBJECT), own["body"].strip()
    parts = [_part(part.splitlines()) for part in re.split(r"\n\s*\n", body)]
    known = values | {"subject": subject, "lines": body.splitlines(), "parts": parts}
    text, html = (part.render(known) for part in frame())
    return Letter(subject, _laid_out(text), html, on_unknown, body)


def _part(lines: list[str]) -> dict[str, object]:
    """A paragraph, a quotation, or the button of a line that ends in an address."""
    link = LINK.fullmatch(lines[0]) if len(lines) == 1 else None
    if link:
        return {"href": link[2], "lines": [link[1]], "tag": "p"}
    if all(line.startswith("> ") for line in lines):
        return {"href": "", "lines": [line[2:] for line in lines], "tag": "blockquote"}
    return {"href": "", "lines": lines, "tag": "p"}


def render_system(kind: str, locale: str, context: Context) -> Letter:
    """A mail of the system itself to the people who look after it; about no case."""
    language = "en" if locale == "en" else "id"
    mail = sheet(SYSTEM + kind, language)
    values = {**context, "locale": language}
    subject = _shortened(PREFIX + mail.subject.render(values), LONGEST_SUBJECT)
    values["subject"] = subject
    return Letter(subject, _laid_out(mail.text.render(values)), mail.html.render(values), mail.on_unknown)


def _derived(context: Context, language: str) -> dict[str, object]:
    """What several mails say of the context in the same words."""
    recipient, deadline, result = context["recipient"], context["deadline"], context["result"]
    event = context["event"]
    return {
        "locale": language,
        "office": ", ".join(filter(None, [recipient["position"], recipient["agency"]])),
        "until": deadline["ends"] if deadline else context["case"] and context["case"]["due"],
        "days_left": deadline["days_left"] if deadline else None,
        "passed": Decimal(str(result["score"])) >= Decimal(str(result["pass"])) if result else None,
        "own_score": _own_score(context, language),
        "requests": "\n".join(event["requests"]) if event else "",
    }


def _own_score(context: Context, language: str) -> dict[str, str] | None:
    """The score is the proposer's own; nobody else reads it in a mail."""
    if not context["result"] or context["audience"] != "proposer":
        return None
    comma = "." if language == "en" else ","
    return {name: str(value).replace(".", comma) for name, value in context["result"].items()}


def _with_short_title(values: dict[str, Any]) -> dict[str, Any]:
    case = values["case"]
    if case is None:
        return values
    return {**values, "case": {**case, "title": _shortened(case["title"], LONGEST_TITLE)}}


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _laid_out(text: str) -> str:
    """Lines of a readable length, never more than one of them empty; links stay whole."""
    lines = "\n".join(_folded(line) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def _folded(line: str) -> str:
    if len(line) <= WIDTH or "://" in line:
        return line
    indent = {"> ": "> ", "- ": "  "}.get(line[:2], "")
    return textwrap.fill(
        line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def preview_context() -> dict[str, Any]:
    """A plausible context with everything in it; each kind must render from it."""
    return {
        "case": {
            "number": "INV-2022-0017",
            "title": "Si Risma: Sistem Informasi Registrasi Inovasi Masyarakat",
            "agency": "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu",
            "category": "digital",
            "stage": "Usulan PKP",
            "state": "Ditelaah mentor",
            "owner_title": "mentor",
            "url": "https://inovasi.sragenkab.invalid/usulan/INV-2022-0017",
            "due": "Selasa, 29 November 2022, 23.59 WIB",
        },
        "origin": {"number": "INV-2022-0004", "agency": "Dinas Kesehatan"},
        "recipient": {
            "name": "Dra. Sri Wahyuni, M.Si.",
            "position": "Kepala Bidang Pelayanan Perizinan",
            "agency": "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu",
        },
        "actor": {
            "name": "Rudi Hartono, S.Kom.",
            "position": "Kepala Seksi Data dan Informasi",
            "agency": "Dinas Komunikasi dan Informatika",
        },
        "event": {
            "at": "22 November 2022 pukul 14.20 WIB",
            "note": "Tambahkan data dasar tahun 2021.\nJelaskan peran tim efektif.",
            "requests": ["Hasil dan dampak: sebutkan angka sebelum dan sesudah."],
            "file": "keputusan-tim.pdf",
            "files": "data-dasar-2021.pdf",
            "signature": "Eicar-Test-Signature",
        },
        "deadline": {
            "ends": "Selasa, 29 November 2022, 23.59 WIB",
            "days_left": 5,
            "before": "Selasa, 22 November 2022, 23.59 WIB",
        },
        "result": {"score": "81.5", "pass": "70"},
        "round": {"given": 1, "asked": 3, "quorum": 2},
        "seminar": {
            "title": "Seminar Rancangan Aksi Perubahan",
            "day": "Kamis, 24 November 2022",
            "facts": "Hari/tanggal: Kamis, 24 November 2022\nTempat: Aula BKPSDM",
            "programme": "09.20–09.50 WIB · INV-2022-0017\n"
            "Si Risma: Sistem Informasi Registrasi Inovasi Masyarakat",
            "line": "Kamis, 24 November 2022, 09.20–09.50 WIB, Aula BKPSDM",
            "note": "Mohon membawa bahan tayang.",
            "url": "https://inovasi.sragenkab.go.id/seminar/1",
        },
        "account": {
            "email": "sri.wahyuni@sragenkab.invalid",
            "link": "https://inovasi.sragenkab.invalid/lupa-sandi/contoh",
            "again": "https://inovasi.sragenkab.invalid/lupa-sandi",
            "hours": 24,
            "at": "22 November 2022 pukul 14.20 WIB",
            "inviter": "Dimas Prasetyo, S.Kom.",
        },
        "audience": "proposer",
        "why": "Anda menerima surel ini karena Anda pengusul inovasi ini (INV-2022-0017).",
        "settings_url": "https://inovasi.sragenkab.invalid/akun/surel",
    }
