"""Every mail, in both languages, for everybody it is sent to; what people typed stays text."""

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from statistics import median
from typing import Any

import pytest
from jinja2 import UndefinedError

from workers.handlers import account_context
from workers.letters import BUTTON, FOLDER, LANGUAGE
from workers.mail import kinds, preview_context, render
from workflow import account_mail
from workflow.definition import process
from workflow.models import User
from workflow.notices import NOTICES

LOCALES = ("id", "en")
KINDS = sorted(kinds())
ABOUT_ACCOUNT = sorted(account_mail.KINDS)
HARMLESS_TWICE = {"received", "report_received", "nudged", "reminder", "overdue", "escalated", *ABOUT_ACCOUNT}
WIDTH = 76


def sent_mails() -> Iterator[tuple[str, str]]:
    """Each mail with each audience it goes to, as the process and the notices say."""
    for notify in (*NOTICES.values(), *(step.notify for step in process("2022").transitions)):
        for audience, kind in notify.items():
            yield kind, audience


SENT = sorted(set(sent_mails()))

every_kind = pytest.mark.parametrize("kind", KINDS)
every_language = pytest.mark.parametrize("locale", LOCALES)
every_sent_mail = pytest.mark.parametrize(("kind", "audience"), SENT)


def context(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - a context holds anything
    return {**preview_context(), **changed}


def sparse(audience: str) -> dict[str, Any]:
    """The least that an event may bring along: the system acts, without note, date or score."""
    full = preview_context()
    return context(
        audience=audience,
        actor=None,
        deadline=None,
        result=None,
        case={**full["case"], "due": None, "owner_title": ""},
        event={**full["event"], "note": None},
        recipient={"name": "Prof. Dr. Hasan, M.T.", "position": "", "agency": ""},
    )


def titled(title: str) -> dict[str, Any]:
    return context(case={**preview_context()["case"], "title": title})


def noted(note: str) -> dict[str, Any]:
    return context(event={**preview_context()["event"], "note": note})


class Page(HTMLParser):
    """What a mail program would show and open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.in_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.in_style = tag == "style"
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_endtag(self, tag: str) -> None:
        self.in_style = self.in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if not self.in_style:
            self.words += data


def test_the_process_sends_only_mails_that_exist() -> None:
    assert {kind for kind, _ in SENT} <= kinds()


@every_kind
def test_a_mail_is_one_file_with_both_languages_and_one_button_each(kind: str) -> None:
    head, *parts = LANGUAGE.split((FOLDER / f"{kind}.md").read_text(encoding="utf-8"))

    assert re.findall(r"^[a-z_.]+", head, re.MULTILINE) == [
        "subject.id",
        "subject.en",
        "on_unknown",
    ]
    assert parts[::2] == ["id", "en"]
    assert [len(BUTTON.findall(body)) for body in parts[1::2]] == [1, 1]


@every_kind
def test_only_receipts_and_reminders_may_go_twice(kind: str) -> None:
    letter = render(kind, "id", context())

    assert letter.on_unknown == ("resend" if kind in HARMLESS_TWICE else "hold")


@every_language
@pytest.mark.parametrize("kind", sorted(set(KINDS) - account_mail.KINDS))
def test_every_mail_is_complete(kind: str, locale: str) -> None:
    known = preview_context()

    letter = render(kind, locale, known)
    page = Page(letter.html)

    assert letter.subject.startswith("[Inovasi Sragen] ")
    about = "seminar" if kind in {"seminar_invited", "seminar_moved", "seminar_cancelled"} else "case"
    assert known[about]["title"] in letter.subject
    for words in (letter.text, page.words):
        for expected in (
            known["recipient"]["name"],
            known["recipient"]["position"],
            known["case"]["title"],
            known["case"]["number"],
            known["case"]["state"],
            known["why"],
        ):
            assert expected in " ".join(words.split())
    place, settings = page.links
    assert f"{place}/".startswith(f"{known[about]['url']}/")
    assert settings == known["settings_url"]
    assert re.findall(r"https://\S+", letter.text) == page.links


@every_language
@pytest.mark.parametrize("kind", ABOUT_ACCOUNT)
def test_a_mail_about_an_account_speaks_of_no_case(kind: str, locale: str) -> None:
    user = User(email="sri@contoh.invalid", name="Sri", position="Kepala Bidang", locale=locale)
    words = {name: preview_context()["account"][name] for name in ("link", "again", "hours", "at", "inviter")}

    letter = render(kind, locale, account_context(user, words, "https://contoh.invalid"))
    page = Page(letter.html)

    button = words["again" if kind == account_mail.CHANGED else "link"]
    assert page.links == [button]
    assert button in letter.text
    for text in (letter.text, page.words):
        assert "sri@contoh.invalid" in text
        assert not re.search(r"[{}]|jinja\d|\bNone\b|\*\*|Nomor:|Status:", text)


@every_language
@every_sent_mail
@pytest.mark.parametrize("least", [False, True], ids=["full", "sparse"])
def test_every_audience_can_be_written_to(kind: str, audience: str, locale: str, *, least: bool) -> None:
    known = sparse(audience) if least else context(audience=audience)

    letter = render(kind, locale, known)

    for words in (letter.subject, letter.text, Page(letter.html).words):
        assert not re.search(r"[{}]|jinja\d|\bNone\b|\*\*| ,| \.", words)
    assert not re.search(r"<p[^>]*>\s*</p>", letter.html)
    assert "<!-- body -->" not in letter.html + letter.text


@every_kind
def test_each_language_has_its_own_frame(kind: str) -> None:
    indonesian, english = (render(kind, locale, context()).text for locale in LOCALES)

    assert indonesian.startswith("Yth. Bapak/Ibu Dra. Sri Wahyuni, M.Si.\nKepala Bidang")
    assert "\n\nDengan hormat,\n\n" in indonesian
    assert "\n\nHormat kami,\nBappeda Litbang Kabupaten Sragen\n" in indonesian
    assert "Surel ini dikirim otomatis oleh sistem; mohon tidak membalas" in indonesian
    assert english.startswith("Dear Dra. Sri Wahyuni, M.Si.\n")
    assert "hormat" not in english.casefold()


def test_an_unknown_language_gets_indonesian() -> None:
    assert render("approved", "jv", context()) == render("approved", "id", context())


@every_sent_mail
def test_nobody_but_the_proposer_reads_the_score(kind: str, audience: str) -> None:
    letter = render(kind, "id", context(audience=audience))

    shown = {"81,5" in letter.text, "81,5" in letter.html}
    expected = audience == "proposer" and kind in {
        "approved",
        "revision_requested",
        "seminar_result",
    }
    assert shown == {expected}


@pytest.mark.parametrize(
    ("result", "locale", "words"),
    [
        ({"score": "81.5", "pass": "70"}, "id", "dinyatakan lulus"),
        ({"score": "70", "pass": "70"}, "id", "dinyatakan lulus"),
        ({"score": "69.9", "pass": "70"}, "id", "perlu diperbaiki"),
        ({"score": "69.9", "pass": "70"}, "en", "needs a revision"),
    ],
)
def test_a_seminar_is_passed_from_the_pass_mark_on(result: dict[str, str], locale: str, words: str) -> None:
    assert words in render("seminar_result", locale, context(result=result)).text


@pytest.mark.parametrize(
    ("days", "id_words", "en_words"),
    [
        (5, "(5 hari kerja lagi)", "(5 working days left)"),
        (1, "(1 hari kerja lagi)", "(1 working day left)"),
        (0, "(hari ini)", "(today)"),
    ],
)
def test_a_reminder_counts_working_days(days: int, id_words: str, en_words: str) -> None:
    known = context(deadline={"ends": "Selasa, 29 November 2022", "days_left": days})

    for locale, words in zip(LOCALES, (id_words, en_words), strict=True):
        assert words in " ".join(render("reminder", locale, known).text.split())


def test_the_deadline_of_the_event_goes_before_that_of_the_case() -> None:
    known = context(deadline={"ends": "Rabu, 30 November 2022", "days_left": 1})

    text = render("reminder", "id", known).text

    assert "Rabu, 30 November 2022" in text
    assert "Selasa, 29 November 2022" not in text


@every_language
def test_a_stopped_pilot_blames_nobody(locale: str) -> None:
    letter = render("pilot_stopped", locale, context())

    assert "389" in letter.text
    blame = re.compile(r"gagal|tolak|salah|lalai|fail|reject|fault|blame", re.IGNORECASE)
    assert not blame.search(letter.subject + letter.text)


def test_a_note_keeps_its_lines_in_a_quote() -> None:
    letter = render("revision_requested", "id", noted("Satu.\r\n\r\n- Dua\nTiga"))

    assert "\n> Satu.\n> \n> - Dua\n> Tiga\n" in letter.text
    assert re.search(r"<blockquote[^>]*>\s*Satu\.<br><br>- Dua<br>Tiga</blockquote>", letter.html)


HOSTILE = [
    "<script>alert(1)</script>",
    "**x** _y_ `z` # w",
    "[klik](https://jahat.invalid) https://jahat.invalid",
    "<img src=x onerror=alert(1)><a href='https://jahat.invalid'>",
    '"><style>*{display:none}</style>',
    "{{ 7 * 7 }} {% raw %} jinja0value jinja1block <!-- body -->",
    "Sragen 🚀 👩🏽‍⚕️ اينوفاسي",
    "> kutip & lanjut; &lt;b&gt;",
    "abcde " * 700,
]


@pytest.mark.parametrize("typed", HOSTILE, ids=lambda typed: typed[:12].strip())
@pytest.mark.parametrize("place", [titled, noted])
@every_language
def test_what_people_type_stays_text(place: Any, typed: str, locale: str) -> None:  # noqa: ANN401 - either function
    plain = Page(render("revision_requested", locale, place("biasa")).html)

    letter = render("revision_requested", locale, place(typed))
    page = Page(letter.html)

    typed = " ".join(typed.split())
    assert page.tags == plain.tags
    assert page.links == plain.links
    assert typed in " ".join(page.words.split())
    assert typed in " ".join(letter.text.replace("\n> ", "\n").split())


def test_a_title_cannot_start_a_line_of_its_own() -> None:
    letter = render("approved", "id", titled("Si Cepat\r\nBcc: a@jahat.invalid\n\nTautan: x\x00\u202e"))

    shown = "Si Cepat Bcc: a@jahat.invalid Tautan: x"
    assert letter.subject == f'[Inovasi Sragen] Usulan "{shown}" disetujui'
    assert any(shown in " ".join(part.split()) for part in letter.text.split("\n\n"))
    assert not re.search("[\x00\u202e]", letter.text + letter.html)


def test_half_a_character_can_be_encoded() -> None:
    letter = render("approved", "id", titled("Si \ud83d Cepat"))

    assert (letter.subject + letter.text + letter.html).encode()


@every_language
@every_kind
def test_a_long_title_leaves_room_for_what_it_is_about(kind: str, locale: str) -> None:
    subject = render(kind, locale, titled("Panjang " * 500)).subject

    short = render(kind, locale, titled("Panjang")).subject
    assert len(subject) <= 300
    assert subject.endswith(short.partition("Panjang")[2])


@every_language
@every_kind
def test_the_text_has_lines_of_a_readable_length(kind: str, locale: str) -> None:
    text = render(kind, locale, noted("Sebuah catatan yang panjang sekali. " * 20)).text

    assert [line for line in text.splitlines() if len(line) > WIDTH and "://" not in line] == []
    assert "\n\n\n" not in text


@every_kind
def test_the_html_needs_nothing_from_elsewhere(kind: str) -> None:
    html = render(kind, "id", context()).html

    assert set(Page(html).tags).isdisjoint({"script", "img", "link", "table", "iframe"})
    assert "url(" not in html


def test_styles_are_written_into_the_tags_and_dark_mode_is_kept() -> None:
    html = render("approved", "id", context()).html

    assert re.search(r'<a href="[^"]+" style="[^"]*background: #0b5d5e', html)
    assert re.search(r'<div class="card" style="[^"]*max-width: 600px', html)
    assert "@media (prefers-color-scheme: dark)" in html
    assert html.count("<style>") == 1


def test_a_missing_name_is_an_error() -> None:
    known = context()
    del known["why"]

    with pytest.raises(UndefinedError, match="why"):
        render("approved", "id", known)


def test_an_unknown_mail_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        render("nonesuch", "id", context())


def test_rendering_takes_less_than_five_milliseconds() -> None:
    known = noted("Sebuah catatan. " * 250)
    render("revision_requested", "id", known)

    def once() -> float:
        start = time.perf_counter()
        render("revision_requested", "id", known)
        return time.perf_counter() - start

    assert median(once() for _ in range(21)) < 0.005
