"""The entry workspace, evidence in the web form and the region's year, in a browser without script."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import stream_encode_multipart

from tests.conftest import MovableClock
from web import create_app
from workflow import commands
from workflow.db import Database
from workflow.evidence_store import LARGEST
from workflow.ledger import Actor, record
from workflow.models import Case, Evidence, IndicatorClaim
from workflow.samples import sample, sample_pdf, sample_png
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
PDF = sample_pdf(["Keputusan"])
LETTER = {"letter_number": "188.4/12", "letter_date": "2022-09-01", "letter_subject": "Penetapan"}


@pytest.fixture
def entry(database: Database, as_: As) -> str:
    """Ani's innovation as an entry whose evidence is being completed."""
    with database.write() as session:
        who = as_(session, "ani")
        document = {"title": "SIPESTA bagi warga Tanon", "category": "digital", "agency": "puskesmas-tanon-1"}
        case = commands.start(session, who, document)
        profile = sample("iga_profile") | {"implementation_date": "2022-05-09", "main_affair": "Kesehatan"}
        case.forms = {"decree": sample("decree"), "iga_profile": profile}
        step = {"from": case.state, "to": "competition.candidate"}
        record(session, case, who, "coordinator", "replication.nominated", step)
        case.state = "competition.completing_evidence"
        return case.number


@pytest.fixture
def browser(settings: Settings, database: Database, clock: MovableClock) -> Callable[[str], FlaskClient]:
    """A browser in which somebody has signed in; `post` carries the page's token along."""
    app = create_app(replace(settings, demo=True), database, clock)

    def signed_in(name: str) -> FlaskClient:
        client = app.test_client()
        token = csrf(client)
        answer = client.post("/demo/masuk", data={"email": f"{name}@contoh.invalid", "csrf_token": token})
        assert answer.headers["Location"] == "/beranda"
        return client

    return signed_in


def csrf(client: FlaskClient) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/proses").text)
    assert found is not None
    return found[1]


def upload(
    client: FlaskClient, number: str, files: list[tuple[bytes, str]], **fields: str
) -> tuple[int, str]:
    data = {
        **fields,
        "csrf_token": csrf(client),
        "file": [FileStorage(BytesIO(body), name) for body, name in files],
    }
    stream, length, boundary = stream_encode_multipart(MultiDict(data), use_tempfile=False)
    answer = client.post(
        f"/usulan/{number}/bukti",
        input_stream=stream,
        content_length=length,
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    return answer.status_code, answer.text


def kept(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Evidence.file_name).order_by(Evidence.id)))


def test_several_files_prove_one_indicator_and_come_back_as_they_were(
    browser: Callable[[str], FlaskClient], database: Database, entry: str
) -> None:
    ani = browser("ani")

    status, _page = upload(
        ani,
        entry,
        [(PDF, "../SK Kepala.pdf"), (sample_pdf(["Lampiran"]), "lampiran.pdf")],
        proves="indicator:1",
        **LETTER,
    )

    assert status == 302
    assert kept(database) == ["SK Kepala.pdf", "lampiran.pdf"]
    with database.read() as session:
        first = session.scalars(select(Evidence.id)).first()
    answer = ani.get(f"/usulan/{entry}/bukti/{first}")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    answer.close()
    assert browser("lain").get(f"/usulan/{entry}/bukti/{first}").status_code == 404


@pytest.mark.parametrize(
    ("files", "fields", "message"),
    [
        ([], {"proves": "indicator:1"} | LETTER, "Pilih berkas yang akan diunggah."),
        ([(PDF, "a.pdf")], LETTER, "Pilih apa yang dibuktikan berkas ini."),
        ([(PDF, "a.pdf")], {"proves": "indicator:1"}, "Nomor surat wajib diisi untuk bukti berupa surat."),
        (
            [(PDF, "a.pdf"), (b"PK\3\4", "makro.docm")],
            {"proves": "indicator:1"} | LETTER,
            "makro.docm: Hanya berkas PDF, JPEG, PNG, atau MP4 yang diterima.",
        ),
        (
            [(b"%PDF-" + b"0" * LARGEST, "besar.pdf")],
            {"proves": "indicator:1"} | LETTER,
            "besar.pdf: Berkas melebihi 10 MB.",
        ),
        ([(PDF, "a.pdf")], {"proves": "indicator:10"}, "a.pdf: Indikator ini menerima JPG, PNG"),
        ([(PDF, "a.pdf")] * 2, {"proves": "indicator:1"} | LETTER, "Berkas yang sama sudah diunggah"),
        ([(PDF, "a.pdf")], {"proves": "indicator:1"} | LETTER | {"letter_date": "kemarin"}, "formatnya"),
    ],
)
def test_a_wrong_upload_is_told_at_the_field_and_stores_nothing(
    browser: Callable[[str], FlaskClient],
    database: Database,
    entry: str,
    files: list[tuple[bytes, str]],
    fields: dict[str, str],
    message: str,
) -> None:
    status, page = upload(browser("ani"), entry, files, **fields)

    assert status == 422
    assert message in page
    assert kept(database) == []


def test_files_can_be_attached_before_the_competition(
    browser: Callable[[str], FlaskClient], database: Database, as_: As
) -> None:
    with database.write() as session:
        document = {"title": "SIPESTA bagi warga Tanon", "category": "digital", "agency": "puskesmas-tanon-1"}
        case = commands.start(session, as_(session, "ani"), document)
        case.forms = {"milestone": [sample("milestone")]}

    status, _page = upload(
        browser("ani"), case.number, [(sample_png(1), "foto.png")], proves="field:milestone.1"
    )

    assert status == 302
    with database.read() as session:
        assert session.scalars(select(Evidence.field)).one() == "milestone.1"


def test_levels_are_chosen_judged_and_scored_on_the_page(
    browser: Callable[[str], FlaskClient], database: Database, entry: str
) -> None:
    ani, endah = browser("ani"), browser("endah")
    page = f"/usulan/{entry}/indikator"
    chosen = {"choice": ":3", "link": "https://contoh.sragenkab.invalid/v"}
    ani.post(f"{page}/20", data=chosen | {"csrf_token": csrf(ani)})
    upload(ani, entry, [(PDF, "sk.pdf")], proves="indicator:1", **LETTER)
    ani.post(f"{page}/1", data={"choice": ":2", "csrf_token": csrf(ani)})
    with database.write() as session:
        session.scalars(select(Case)).one().state = "competition.verification"
    refused = endah.post(f"{page}/1/verifikasi", data={"verdict": "refuse", "csrf_token": csrf(endah)})
    endah.post(f"{page}/20/verifikasi", data={"verdict": "accept", "csrf_token": csrf(endah)})

    text = ani.get(page).text

    assert refused.status_code == 422
    assert "Alasan penolakan wajib diisi." in refused.text
    assert re.findall(r'stat-number">([^<]+)', text) == ["18,00", "12,00", "2/20"]
    with database.read() as session:
        states = {c.indicator: c.state for c in session.scalars(select(IndicatorClaim))}
    assert states == {"1": "waiting", "20": "accepted"}


def test_what_can_still_be_won_comes_first(
    browser: Callable[[str], FlaskClient], database: Database, as_: As, entry: str
) -> None:
    with database.write() as session:
        commands.claim_level(session, as_(session, "ani"), entry, "3", commands.NewClaim(level=3))
        link = "https://contoh.sragenkab.invalid/v"
        commands.claim_level(session, as_(session, "ani"), entry, "20", commands.NewClaim(level=3, link=link))

    text = browser("ani").get(f"/usulan/{entry}/indikator?lihat=peluang").text

    order = re.findall(r'id="i-(\d+)"', text)
    assert order[0] == "3"
    assert len(order) == 19
    assert "20" not in order


def test_the_region_supposes_without_storing(
    browser: Callable[[str], FlaskClient], database: Database, as_: As, entry: str
) -> None:
    with database.write() as session:
        link = "https://contoh.sragenkab.invalid/v"
        commands.claim_level(session, as_(session, "ani"), entry, "20", commands.NewClaim(level=3, link=link))
    endah = browser("endah")
    real = endah.get("/iga?tahun=2023&dasar=klaim").text
    lifted = f"naik_entri={entry}&naik_indikator=16&naik_level=3"
    supposed = endah.get(f"/iga?tahun=2023&dasar=klaim&andai=1&ikut={entry}&spd=40&{lifted}").text
    alone = endah.get("/iga?tahun=2023&dasar=klaim&andai=1").text

    # video 12 and one entry alone; then SPD 40 and Replikasi lifted by 9
    assert re.findall(r'stat-number">([^<]+)', real) == ["0,63", "1", "1,20", "1/6"]
    assert re.findall(r'stat-number">([^<]+)', supposed) == ["16,99", "1", "2,10", "1/6"]
    assert re.findall(r'stat-number">([^<]+)', alone) == ["0,00", "0", "0,00", "0/6"]
    assert endah.get("/iga?tahun=2023&dasar=klaim").text.count("andaian") == 0
    assert browser("ani").get("/iga").status_code == 403


def test_a_window_is_moved_with_a_reason_that_stays(
    browser: Callable[[str], FlaskClient], clock: Callable[[], datetime]
) -> None:
    endah = browser("endah")
    days = {"opens": "2023-05-25", "closes": "2023-08-11"}

    refused = endah.post("/iga/2023/masa", data=days | {"csrf_token": csrf(endah)})
    told = days | {"reason": "Surat perpanjangan kedua.", "csrf_token": csrf(endah)}
    moved = endah.post("/iga/2023/masa", data=told)

    assert refused.status_code == 422
    assert "Alasan wajib diisi" in refused.text
    assert moved.status_code == 302
    page = endah.get("/iga?tahun=2023").text
    assert "25 Mei 2023–11 Agustus 2023" in page
    assert "Surat perpanjangan kedua." in page
    assert clock().year == 2022


def test_the_profile_says_where_its_values_come_from(
    browser: Callable[[str], FlaskClient], database: Database, entry: str
) -> None:
    with database.write() as session:
        case = session.scalars(select(Case)).one()
        plan = sample("change_plan") | {"main_affair": "Kesehatan"}
        case.forms = {"decree": sample("decree"), "change_plan": plan}

    ani = browser("ani")

    identity = ani.get(f"/usulan/{entry}/langkah/submit_entry").text
    design = ani.get(f"/usulan/{entry}/langkah/submit_entry?bagian=design").text
    assert "Diambil dari Rancangan aksi perubahan" in identity
    assert len(re.findall(r'class="counter" id="f-design-\w+-words"', design)) == 6
    assert isinstance(ani.application, Flask)


def test_a_package_is_ordered_watched_and_fetched_on_the_pages(
    browser: Callable[[str], FlaskClient],
    database: Database,
    entry: str,
    run_workers: Callable[[], None],
) -> None:
    ani = browser("ani")
    ordered = ani.post(f"/usulan/{entry}/ekspor", data={"csrf_token": csrf(ani)})
    page = ordered.headers["Location"]
    twice = ani.post(f"/usulan/{entry}/ekspor", data={"csrf_token": csrf(ani)}).headers["Location"]
    building = ani.get(page).text
    early = ani.get(f"{page}/berkas").status_code
    run_workers()
    over = ani.get(f"{page}/kemajuan")
    file = ani.get(f"{page}/berkas")

    assert page == twice
    assert "Mengemas entri: 0 dari 1" in building
    assert early == 404
    assert over.headers["HX-Refresh"] == "true"
    assert "Siap diunduh" in ani.get(page).text
    assert zipfile.ZipFile(BytesIO(file.data)).testzip() is None
    assert file.headers["Content-Disposition"].startswith(
        f"attachment; filename=entri-iga-2023-{entry.lower()}"
    )
    file.close()
    assert browser("lain").get(page).status_code == 404
    with database.write() as session:
        session.scalars(select(Case)).one().version += 1
    assert "Entri sudah berubah sejak paket ini dibuat" in ani.get(page).text


def test_the_coordinator_packs_a_year_stops_it_and_takes_the_recap(
    browser: Callable[[str], FlaskClient], entry: str, run_workers: Callable[[], None]
) -> None:
    endah = browser("endah")
    page = endah.post("/iga/2023/ekspor", data={"csrf_token": csrf(endah)}).headers["Location"]
    endah.post(page, data={"_action": "cancel", "csrf_token": csrf(endah)})
    run_workers()
    stopped = endah.get(page).text
    none = endah.post("/iga/2031/ekspor", data={"csrf_token": csrf(endah)}, follow_redirects=True).text
    recap = endah.get("/iga/2023/rekapitulasi.xlsx")

    assert "Pembuatan paket ini dibatalkan" in stopped
    assert "Belum ada entri untuk IGA 2031" in none
    assert load_workbook(BytesIO(recap.data))["Entri 2023"]["B2"].value == entry
    assert browser("ani").get("/iga/2023/rekapitulasi.xlsx").status_code == 403
