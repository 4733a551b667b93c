"""People at the door: passwords by mail, the second factor, what is written down, and how sessions end."""

import base64
import hmac
import re
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from flask_security.core import _default_messages
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import MovableClock
from tests.servers import smtp_sink
from web import create_app
from web.accounts.texts import MESSAGES
from workers.deadlines import scan
from workers.jobs import deliver
from workers.office import Office
from workflow import sign_ins
from workflow.db import Database
from workflow.models import Email, SignIn, User
from workflow.people import create_token, find_token, find_user
from workflow.phrases import SIGN_IN_NAMES
from workflow.settings import Settings

PASSWORD = "sandi yang panjang sekali"
NEW = "kata sandi lain yang panjang"
TOKEN = "/akun/token"
HERE = "http://localhost"
UNUSED = re.compile(
    "OAUTH|US_|USERNAME|CHANGE_EMAIL|CONFIRM|ALREADY_CONFIRMED|EMAIL_CONFIRMED|LOGIN_E|INVALID_LOGIN|INVALID_CONF"
    "|PASSWORDLESS|PHONE|IDENTITY|EMAIL_ALREADY|USE_CODE|CODE_HAS|FAILED_TO_SEND|REFRESH_TOKEN|BREACHED"
    "|TOO_SIMPLE|INVALID_PASSWORD_CODE|GENERIC_US"
)
ENGLISH = re.compile(r"\b(the|password|please|invalid|sign in|code is|must|your)\b", re.IGNORECASE)


@dataclass
class Browser:
    """A browser without script: it sends a page's hidden fields along with what is typed."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, page: str, path: str = "", base_url: str = HERE, **typed: str) -> TestResponse:
        shown = self.client.get(page, base_url=base_url).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
        assert token, page
        return self.client.post(path or page, base_url=base_url, data={"csrf_token": token[1], **typed})

    def sign_in(self, who: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/masuk?next=/beranda", email=f"{who}@contoh.invalid", password=password)

    @property
    def signed_in(self) -> bool:
        return self.client.get("/akun").status_code == 200


@pytest.fixture
def app(settings: Settings, database: Database, clock: MovableClock) -> Flask:
    made = create_app(replace(settings, base_url="https://inovasi.contoh.invalid"), database, clock)
    made.config["SESSION_COOKIE_SECURE"] = False
    with made.app_context():
        hashed = hash_password(PASSWORD)
    with database.write() as session:
        for user in session.scalars(select(User)).unique():
            user.password = hashed
    return made


@pytest.fixture
def browser(app: Flask) -> Callable[[], Browser]:
    return lambda: Browser(app.test_client())


@pytest.fixture
def post_office(
    settings: Settings, database: Database, clock: MovableClock
) -> Iterator[Callable[[], list[str]]]:
    """Sends what is owed and gives the texts that arrived."""
    with smtp_sink() as sink:
        office = Office(replace(settings, smtp_url=sink.url), database, clock)

        def run() -> list[str]:
            with database.read() as session:
                owed = list(session.scalars(select(Email.id).where(Email.done_at.is_(None))))
            assert [deliver(office, row) for row in owed] == [True] * len(owed)
            bodies = [received.message.get_body(("plain",)) for received in sink.messages]
            return [body.get_content() for body in bodies if body]

        yield run


@contextmanager
def person(database: Database, who: str) -> Iterator[User]:
    with database.write() as session:
        found = find_user(session, f"{who}@contoh.invalid")
        assert found is not None
        yield found


def kinds_of(database: Database, who: str) -> list[str]:
    """What is written about somebody, oldest first."""
    with person(database, who) as user, database.read() as session:
        return [row.kind for row in reversed(sign_ins.of_person(session, user.id, 50))]


def link_in(text: str) -> str:
    found = re.search(r"https://inovasi\.contoh\.invalid(/lupa-sandi/\S+)", text)
    assert found, text
    return found[1]


def code_of(secret: str, steps: int = 0) -> str:
    """RFC 6238, as any authenticator computes it: now, or so many steps of 30 seconds later."""
    bare = secret.replace("-", "")
    key = base64.b32decode(bare + "=" * (-len(bare) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + steps), "sha1")
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4]) & 0x7FFFFFFF) % 10**6:06}"


def switch_on(browser: Browser) -> str:
    """Set up the second factor; the secret."""
    shown = browser.post("/akun/dua-langkah", setup="authenticator").text
    secret = re.search(r'class="secret">([A-Z0-9-]+)<', shown)
    action = re.search(r'action="(/akun/dua-langkah/[^"]+)"', shown)
    assert secret
    assert action
    answer = browser.post("/akun/dua-langkah", action[1], code=code_of(secret[1]))
    assert answer.headers["Location"] == "/akun/dua-langkah/selesai"
    return secret[1]


def test_a_password_is_reset_by_a_link_that_works_once(
    browser: Callable[[], Browser], post_office: Callable[[], list[str]], database: Database
) -> None:
    old, new = browser(), browser()
    old.sign_in("ani")
    asked = new.post("/lupa-sandi", base_url="http://jahat.contoh", email="Ani@contoh.invalid")
    (text,) = post_office()
    link = link_in(text)

    with database.read() as session:
        mail = session.scalars(select(Email)).one()
    done = new.post(link, password=NEW, password_confirm=NEW)

    assert "sedang dikirim" in asked.text
    assert (mail.words, mail.text) == (None, "")
    assert done.headers["Location"] == "/masuk"
    assert not old.signed_in
    assert new.get(link).headers["Location"] == "/lupa-sandi"
    assert new.sign_in("ani").status_code == 200
    assert new.sign_in("ani", NEW).headers["Location"] == "/beranda"
    assert "telah diganti" in post_office()[1]
    assert kinds_of(database, "ani") == [
        "signed_in",
        "reset_asked",
        "password_reset",
        "failed_password",
        "signed_in",
    ]


def test_an_unknown_address_gets_the_same_answer_and_no_mail(
    browser: Callable[[], Browser], database: Database
) -> None:
    def answer(email: str) -> str:
        text = browser().post("/lupa-sandi", email=email).text
        return re.sub(r'"I[\w-]{20,}\.[\w.-]+"', "", text).replace(email, "")

    assert answer("ani@contoh.invalid") == answer("siapa@contoh.invalid")
    with database.read() as session:
        assert [mail.to_address for mail in session.scalars(select(Email))] == ["ani@contoh.invalid"]


def test_links_for_one_address_are_limited_known_or_not(browser: Callable[[], Browser]) -> None:
    for email in ("ani@contoh.invalid", "siapa@contoh.invalid"):
        answers = [browser().post("/lupa-sandi", email=email).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]


def test_guessing_at_one_account_is_stopped(browser: Callable[[], Browser]) -> None:
    answers = [browser().sign_in("ani", "bukan kata sandinya").status_code for _ in range(11)]

    assert answers == [200] * 10 + [429]
    assert browser().sign_in("budi").status_code == 302


def test_guessing_as_a_program_is_stopped_as_well(app: Flask) -> None:
    client = app.test_client()

    def guess() -> int:
        sent = {"email": "ani@contoh.invalid", "password": "bukan kata sandinya"}
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/masuk").text)
        assert token
        return client.post("/masuk", json=sent, headers={"X-CSRFToken": token[1]}).status_code

    assert [guess() for _ in range(11)] == [200] * 10 + [429]


def test_the_address_behind_our_own_proxy_counts(
    settings: Settings, database: Database, clock: MovableClock
) -> None:
    client = create_app(replace(settings, proxies=1), database, clock).test_client()
    client.environ_base["HTTP_X_FORWARDED_FOR"] = "192.0.2.1, 203.0.113.9"

    Browser(client).sign_in("siapa")

    with database.read() as session:
        assert [row.network for row in sign_ins.latest(session)] == ["203.0.113.0/24"]


def test_an_invited_person_sets_a_password_and_comes_in(
    browser: Callable[[], Browser], post_office: Callable[[], list[str]], database: Database
) -> None:
    admin, guest = browser(), browser()
    admin.sign_in("dimas")
    form = {"name": "Wening Astuti, S.E.", "email": "wening@contoh.invalid", "agency": "dinkes"}

    wrong = admin.post("/orang", **{**form, "email": "wening@"})
    taken = admin.post("/orang", **{**form, "email": "ani@contoh.invalid"})
    made = admin.post("/orang", **form)
    (text,) = post_office()
    done = guest.post(link_in(text), password=NEW, password_confirm=NEW)

    assert (wrong.status_code, taken.status_code, made.status_code) == (422, 422, 302)
    assert 'id="email-problem"' in wrong.text
    assert "sudah dipakai akun lain" in taken.text
    assert "telah dibuat untuk Bapak/Ibu oleh Dimas" in " ".join(text.split())
    assert done.headers["Location"] == "/masuk"
    assert guest.sign_in("wening", NEW).headers["Location"] == "/beranda"
    assert kinds_of(database, "wening") == ["invited", "password_reset", "signed_in"]


def test_the_second_factor_is_asked_for_and_a_code_works_once(
    browser: Callable[[], Browser], database: Database
) -> None:
    ani, again = browser(), browser()
    ani.sign_in("ani")
    secret = switch_on(ani)

    half = again.sign_in("ani")
    wrong = again.post("/masuk/kode", code="000000")
    used = again.post("/masuk/kode", code=code_of(secret))
    between = again.signed_in
    right = again.post("/masuk/kode?next=/beranda", code=code_of(secret, 1))

    assert half.headers["Location"] == "/masuk/kode?next=/beranda"
    assert "Kode tidak sesuai" in wrong.text
    assert "Kode tidak sesuai" in used.text
    assert not between
    assert right.headers["Location"] == "/beranda"
    assert kinds_of(database, "ani")[1:] == [
        "second_factor_on",
        "failed_code",
        "failed_code",
        "signed_in_code",
    ]
    with person(database, "ani") as row:
        assert secret.replace("-", "") not in (row.tf_totp_secret or "")


def test_a_recovery_code_replaces_the_telephone_once(
    browser: Callable[[], Browser], database: Database
) -> None:
    ani = browser()
    ani.sign_in("ani")
    switch_on(ani)
    shown = ani.post("/akun/kode-pemulihan", generate_new_codes="1").text
    codes = re.findall(r"<code>([0-9a-f-]{14})</code>", shown)

    def enter(code: str) -> TestResponse:
        fresh = browser()
        fresh.sign_in("ani")
        return fresh.post("/masuk/pemulihan?next=/beranda", code=code)

    assert len(codes) == 10
    assert enter(f" {codes[0].upper()} ").headers["Location"] == "/beranda"
    assert "sudah dipakai" in enter(codes[0]).text
    assert enter(codes[1]).headers["Location"] == "/beranda"
    with person(database, "ani") as row:
        assert len(row.mf_recovery_codes or []) == 8
        assert codes[2] not in (row.mf_recovery_codes or [])


@pytest.mark.parametrize(
    "path", ["/akun/dua-langkah", "/akun/kode-pemulihan", "/akun/kunci-sandi", "/akun/token"]
)
def test_a_change_of_how_to_come_in_asks_for_a_fresh_sign_in(
    browser: Callable[[], Browser], path: str
) -> None:
    ani = browser()
    ani.sign_in("ani")
    fresh = ani.get(path).status_code
    with ani.client.session_transaction() as session:
        session["fs_paa"] = time.time() - 16 * 60
        session.pop("fs_gexp", None)

    stale = ani.get(path)
    wrong = ani.post(stale.headers["Location"], password="bukan kata sandinya")
    right = ani.post(stale.headers["Location"], password=PASSWORD)

    assert fresh == 200
    assert stale.headers["Location"] == f"/masuk/ulang?next={path}"
    assert "Kata sandi tidak sesuai" in wrong.text
    assert right.headers["Location"] == path
    assert ani.get(path).status_code == 200


def test_the_second_factor_is_switched_off_with_its_recovery_codes(
    browser: Callable[[], Browser], database: Database
) -> None:
    ani = browser()
    ani.sign_in("ani")
    switch_on(ani)
    ani.post("/akun/kode-pemulihan", generate_new_codes="1")

    ani.post("/akun/dua-langkah", setup="disable")

    assert browser().sign_in("ani").headers["Location"] == "/beranda"
    with person(database, "ani") as row:
        assert (row.tf_totp_secret, row.tf_primary_method, row.mf_recovery_codes) == (None, None, None)


def test_a_changed_password_ends_all_other_sessions(browser: Callable[[], Browser]) -> None:
    here, elsewhere = browser(), browser()
    here.sign_in("ani")
    elsewhere.sign_in("ani")

    here.post("/akun/kata-sandi", password=PASSWORD, new_password=NEW, new_password_confirm=NEW)

    assert here.signed_in
    assert not elsewhere.signed_in


def test_who_is_switched_off_is_out_at_once_and_for_good(
    browser: Callable[[], Browser], database: Database, clock: MovableClock
) -> None:
    admin, ani = browser(), browser()
    admin.sign_in("dimas")
    ani.sign_in("ani")
    with person(database, "ani") as row:
        user_id = row.id
    with database.write() as session:
        secret = create_token(session, clock(), session.get_one(User, user_id))

    admin.post(f"/orang/{user_id}", _action="off")
    out, refused = ani.signed_in, browser().sign_in("ani").status_code
    admin.post(f"/orang/{user_id}", _action="on")

    assert not out
    assert refused == 200
    assert not ani.signed_in
    assert browser().sign_in("ani").status_code == 302
    with database.read() as session:
        assert find_token(session, secret, clock()) is None


def test_the_session_of_an_outside_reviewer_ends_with_the_access(
    browser: Callable[[], Browser], database: Database, clock: MovableClock
) -> None:
    rudi = browser()
    rudi.sign_in("rudi")
    with person(database, "rudi") as row:
        row.expires_at = clock.now
    clock.tick(minutes=1)

    assert not rudi.signed_in


def test_nobody_changes_the_own_account_as_an_admin(
    browser: Callable[[], Browser], database: Database
) -> None:
    admin = browser()
    admin.sign_in("dimas")
    with person(database, "dimas") as row:
        user_id = row.id

    answer = admin.post(f"/orang/{user_id}", f"/orang/{user_id}", _action="off")

    assert answer.status_code == 409
    assert admin.signed_in


def test_a_lost_second_factor_is_forgotten_by_an_admin(
    browser: Callable[[], Browser], database: Database
) -> None:
    ani, admin = browser(), browser()
    ani.sign_in("ani")
    switch_on(ani)
    admin.sign_in("dimas")
    with person(database, "ani") as row:
        user_id = row.id

    admin.post(f"/orang/{user_id}", _action="forget")

    assert not ani.signed_in
    assert browser().sign_in("ani").headers["Location"] == "/beranda"


def test_the_door_is_written_down_for_the_person_and_for_admins(browser: Callable[[], Browser]) -> None:
    browser().sign_in("siapa")
    browser().sign_in("ani", "bukan kata sandinya")
    ani, admin = browser(), browser()
    ani.client.environ_base["REMOTE_ADDR"] = "203.0.113.77"
    ani.sign_in("ani")
    admin.sign_in("dimas")

    own, all_of_it = ani.get("/akun").text, admin.get("/orang/masuk").text

    assert "203.0.113.0/24" in own
    assert "203.0.113.77" not in own + all_of_it
    assert "Kata sandi salah" in own
    assert "alamat surel tidak terdaftar" in all_of_it
    assert ani.get("/orang/masuk").status_code == 403
    assert "Dimas" not in admin.get("/orang/masuk?gagal=1").text.split("<main")[1]


def test_what_happened_at_the_door_is_forgotten_after_180_days(
    settings: Settings, database: Database, clock: MovableClock
) -> None:
    with database.write() as session:
        sign_ins.note(session, None, sign_ins.WRONG_PASSWORD, "2001:db8:77:1::1", clock())
    clock.tick(days=179)
    with database.write() as session:
        sign_ins.note(session, None, sign_ins.SIGNED_IN, "mars", clock())

    scan(Office(settings, database, clock))
    with database.read() as session:
        before = [row.network for row in session.scalars(select(SignIn).order_by(SignIn.id))]
    clock.tick(days=1, seconds=1)
    scan(Office(settings, database, clock))
    with database.read() as session:
        after = [row.network for row in session.scalars(select(SignIn))]

    assert before == ["2001:db8:77::/48", ""]
    assert after == [""]


def test_a_change_through_an_old_page_leaves_alone_what_happened_since(
    app: Flask, database: Database
) -> None:
    store = app.extensions["security"].datastore
    stale = store.find_user(email="ani@contoh.invalid")
    with person(database, "ani") as row:
        row.active = False

    stale.password = "x"
    store.put(stale)

    with person(database, "ani") as row:
        assert (row.active, row.password) == (False, "x")


def test_a_script_is_told_whether_to_sign_in_again(browser: Callable[[], Browser]) -> None:
    def save(who: Browser) -> TestResponse:
        return who.client.post(
            "/usulan/INV-2022-0001/langkah/propose/draf", headers={"Accept": "application/json"}
        )

    ani = browser()
    nobody = save(ani)
    ani.sign_in("ani")
    somebody = save(ani)

    assert (nobody.status_code, somebody.status_code) == (401, 403)
    assert nobody.content_type == somebody.content_type == "application/problem+json"
    session = ani.client.get("/akun/sesi", headers={"Accept": "application/json"}).get_json()
    assert set(session) == {"account", "csrf_token"}


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_a_token_is_one_in_any_spelling_of_its_scheme(
    app: Flask, database: Database, clock: MovableClock, scheme: str
) -> None:
    with database.write() as session:
        ani = find_user(session, "ani@contoh.invalid")
        assert ani is not None
        secret = create_token(session, clock(), ani)

    answer = app.test_client().post(
        "/api/v1/proposals", headers={"Authorization": f"{scheme} {secret}", "Idempotency-Key": "a"}, json={}
    )

    assert answer.status_code == 422


def test_nothing_of_flask_security_speaks_english() -> None:
    shown = {name for name in _default_messages if not UNUSED.search(name)}

    assert {name.removeprefix("SECURITY_MSG_") for name in MESSAGES} >= shown
    assert [text for text, _ in MESSAGES.values() if ENGLISH.search(text)] == []


def test_every_row_about_the_door_has_a_name() -> None:
    assert set(SIGN_IN_NAMES) == set(sign_ins.KINDS)
