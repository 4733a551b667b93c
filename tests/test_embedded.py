"""The demo starts, people work in a browser, mails arrive, and a restart keeps it all."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import importing, tables
from tests.servers import free_port, until
from workflow.samples import sample_pdf

AXE = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
START_SECONDS = 120


@contextmanager
def loncatan(var: Path, port: int) -> Iterator[str]:
    """The embedded profile in demo mode; yields what it printed once it is ready."""
    environment = {**os.environ, "DEMO": "1", "VAR": str(var), "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "up"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    printed: list[str] = []
    assert process.stdout is not None
    try:
        for line in process.stdout:
            printed.append(line)
            if line.startswith("READY"):
                break
        yield "".join(printed)
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        message = "no browser: install Debian's chromium, or put one on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-background-networking", "--disable-quic"],
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    var, port = tmp_path_factory.mktemp("var"), free_port()
    with loncatan(var, port) as printed:
        yield f"http://127.0.0.1:{port}", printed
    with loncatan(var, port) as again:
        assert "READY" in again
        assert "Memuat data peragaan" not in again


@pytest.fixture
def page(browser: Browser, demo: tuple[str, str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    opened = context.new_page()
    opened.goto(demo[0])
    yield opened
    context.close()


def sign_in(page: Page, role: str) -> None:
    page.locator(f'button.demo-persona:has-text("{role}")').click()
    page.wait_for_url("**/beranda")


def test_it_says_where_it_is_and_as_whom_to_sign_in(demo: tuple[str, str]) -> None:
    assert f"READY {demo[0]}" in demo[1]
    assert "koordinator@demo.invalid" in demo[1]


def test_an_officer_begins_a_proposal_and_the_draft_saves_itself(page: Page) -> None:
    sign_in(page, "Koordinator")
    page.goto(page.url.replace("/beranda", "/usulan/baru"))
    page.fill('[name="/title"]', "UJI PERAMBAN: layanan yang dicoba dari peramban")
    page.check('[name="/category"][value="digital"]')
    page.click("button[data-default]")
    page.wait_for_url(re.compile(r"/usulan/INV-\d+-\d+$"))

    page.goto(f"{page.url}/langkah/propose")
    page.locator("textarea").first.fill("Ringkasan yang ditulis di peramban dan tersimpan sendiri.")
    page.locator("[data-autosave-text]").filter(has_text=re.compile(r"^\s*Tersimpan")).wait_for()
    page.reload()

    assert page.locator("textarea").first.input_value().startswith("Ringkasan yang ditulis")


def test_no_word_is_lost_when_the_session_ends_while_writing(page: Page) -> None:
    sign_in(page, "Koordinator")
    page.goto(page.url.replace("/beranda", "/usulan/baru"))
    page.fill('[name="/title"]', "SESI BERAKHIR: layanan yang ditulis lebih lama dari sesinya")
    page.check('[name="/category"][value="digital"]')
    page.click("button[data-default]")
    page.wait_for_url(re.compile(r"/usulan/INV-\d+-\d+$"))
    page.goto(f"{page.url}/langkah/propose")
    page.context.clear_cookies()

    page.locator("textarea").first.fill("Ditulis setelah sesi berakhir.")
    state = page.locator("[data-autosave-text]")
    state.filter(has_text="Sesi berakhir; isian Anda aman").wait_for()
    with page.context.expect_page() as opened:
        state.get_by_role("link", name="Masuk kembali di tab baru").click()
    assert opened.value.url.endswith("/masuk?next=%2Fakun%2Fsesi")
    sign_in(opened.value, "Koordinator")
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    state.filter(has_text=re.compile(r"^\s*Tersimpan")).wait_for()
    page.reload()

    assert page.locator("textarea").first.input_value() == "Ditulis setelah sesi berakhir."


def with_a_device(page: Page) -> None:
    """A device that holds passkeys, and somebody who always touches its sensor."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    proof = {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**device, **proof}})


def use_passkey(page: Page, here: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{here}/masuk")
    page.get_by_role("button", name="Masuk dengan kunci sandi").click()


def test_a_passkey_is_made_used_and_thrown_away(page: Page) -> None:
    with_a_device(page)
    here = page.url.replace("127.0.0.1", "localhost").rstrip("/")
    page.goto(here)
    sign_in(page, "Koordinator")
    page.goto(f"{here}/akun/kunci-sandi")
    page.fill('[name="name"]', "Laptop kantor")
    page.click('button[name="usage"]')
    page.get_by_text("Kunci sandi “Laptop kantor” siap dipakai.").wait_for()

    use_passkey(page, here)
    page.wait_for_url(f"{here}/beranda")
    page.goto(f"{here}/akun")
    happened = page.locator(".door").inner_text()
    page.goto(f"{here}/akun/kunci-sandi")
    page.get_by_role("button", name="Hapus Laptop kantor").click()
    page.locator('dialog [value="yes"]').click()
    page.get_by_text("Kunci sandi “Laptop kantor” dihapus.").wait_for()
    use_passkey(page, here)

    page.get_by_text("Kunci sandi itu tidak terdaftar di sini.").wait_for()
    assert "Masuk dengan kunci sandi" in happened


def test_a_page_at_a_bare_address_says_why_there_are_no_passkeys(page: Page) -> None:
    page.goto(f"{page.url}masuk")

    page.get_by_role("button", name="Masuk dengan kunci sandi").click()

    page.get_by_text("Kunci sandi memerlukan alamat bernama").wait_for()


def become(page: Page, email: str) -> str:
    """Sign in as anybody of the demo; the address of the site."""
    host = "/".join(page.url.split("/")[:3])
    page.goto(f"{host}/proses")
    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    answer = page.context.request.post(
        f"{host}/demo/masuk",
        form={"email": f"{email}@demo.invalid", "csrf_token": token or ""},
        headers={"Referer": f"{host}/proses"},
    )
    assert answer.url.endswith("/beranda")
    return host


def take_step(page: Page, case: str, name: str, note: str = "", **fields: str) -> None:
    page.goto(f"{case}/langkah/{name}")
    if note:
        page.fill('[name="note"]', note)
    for field, text in fields.items():
        page.fill(f'[name="/{field}"]', text)
    page.locator("button[data-default]:visible").click()
    page.wait_for_url(lambda url: "/langkah/" not in url)


def prove_and_submit(page: Page, case: str, paper: Path) -> None:
    """Two indicators named and proven, the profile completed section by section."""
    page.goto(f"{case}/indikator?buka=20")
    video = page.locator("#i-20")
    video.locator('[name="choice"][value=":3"]').check()
    video.locator('[name="link"]').fill("https://contoh.sragen.example/video")
    video.get_by_role("button", name="Simpan parameter").click()
    page.get_by_text("Indikator 20 disimpan.").wait_for()
    page.goto(f"{case}/indikator?buka=1")
    page.locator('#i-1 [name="choice"][value=":2"]').check()
    page.locator("#i-1").get_by_role("button", name="Simpan parameter").click()
    page.get_by_text("Indikator 1 disimpan.").wait_for()
    page.locator("#i-1 summary", has_text="Unggah berkas").click()
    upload = page.locator('#i-1 form[action$="/bukti"]')
    upload.locator('[name="file"]').set_input_files(paper)
    for name, text in (("number", "188.4/7/2022"), ("date", "2022-03-01"), ("subject", "Penetapan inovasi")):
        upload.locator(f'[name="letter_{name}"]').fill(text)
    upload.get_by_role("button", name="Unggah").click()
    page.get_by_text("1 berkas diunggah.").wait_for()
    page.goto(f"{case}/langkah/submit_entry?bagian=identity")
    page.check('[name="/theme"][value="digital_services"]')
    for part in ("time", "design", "aims", "documents", "periksa"):
        page.locator("button[data-default]:visible").click()
        page.wait_for_url(f"**bagian={part}*")
    page.locator("button[data-default]:visible").click()
    page.wait_for_url(lambda url: "/langkah/" not in url)


def verify_and_accept(page: Page, case: str) -> None:
    for _indicator in range(2):
        page.goto(f"{case}/indikator?lihat=verifikasi")
        page.locator(".indicator summary").first.click()
        page.get_by_role("button", name="Terima bukti").first.click()
        page.get_by_text("diterima.").wait_for()
    take_step(page, case, "accept")


def fetch_package(page: Page, case: str, target: Path) -> None:
    page.goto(f"{case}/indikator")
    page.get_by_role("button", name="Buat paket").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Unduh paket").click()
    waiting.value.save_as(target)


def freeze(page: Page, case: str) -> str:
    """Freeze the entry; why the same person may not release it."""
    page.goto(f"{case}/langkah/freeze")
    for box in page.locator('[name="/checked"]').all():
        box.check()
    page.locator("button[data-default]:visible").click()
    page.wait_for_url(lambda url: "/langkah/" not in url)
    page.goto(f"{case}/langkah/release")
    return page.locator("#reasons").inner_text()


def checked_package(path: Path) -> dict[str, bytes]:
    """The members of a package by name, each with the hash that its manifest says."""
    with zipfile.ZipFile(path) as found:
        members = {name: found.read(name) for name in found.namelist()}
    listed = json.loads(members.pop("manifest.json"))["files"]
    assert {f["name"]: f["sha256"] for f in listed} == {
        name: hashlib.sha256(body).hexdigest() for name, body in members.items()
    }
    return members


def test_a_successful_pilot_becomes_a_sent_entry_with_its_package(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{become(page, 'koordinator')}/usulan?q=SENDU+TUNTAS")
    page.locator("a.row-link").first.click()
    case = page.url
    take_step(page, case, "recommend", "Layak diikutkan IGA.")

    def arrived() -> bool:
        page.goto(f"{case}/langkah/invite")
        return page.locator("button[data-default]:visible").count() > 0

    until(arrived, 30)
    take_step(page, case, "invite")
    paper = tmp_path / "SK.pdf"
    paper.write_bytes(sample_pdf(["Keputusan"]))
    become(page, "dwi.astari")
    prove_and_submit(page, case, paper)

    become(page, "koordinator")
    verify_and_accept(page, case)
    fetch_package(page, case, tmp_path / "paket.zip")
    refusal = freeze(page, case)
    become(page, "koordinator2")
    take_step(page, case, "release")
    take_step(page, case, "send", register_number="IID-2023-3314-1", sent_on="2022-12-01")

    assert "pelepasan dilakukan oleh koordinator lain" in refusal
    assert "Terkirim" in page.locator("main").inner_text()
    members = checked_package(tmp_path / "paket.zip")
    assert paper.read_bytes() in members.values()
    assert json.loads(members["profil.json"])["scores"]["verified"] == "18.00"


def test_mails_of_the_story_arrive_in_the_mailbox(page: Page) -> None:
    sign_in(page, "Koordinator")

    def arrived() -> bool:
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/surat")
        return page.locator("tr[data-row]").count() > 20

    until(arrived, 60)


def test_one_goes_from_case_to_case_of_a_list_and_back(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    listed = f"{become(page, 'koordinator')}/usulan?category=digital&sort=number"
    page.goto(listed)
    cases = [link.get_attribute("href") or "" for link in page.locator("a.row-link").all()]
    page.locator("a.row-link").first.click()
    page.wait_for_url(f"**{cases[0]}")
    assert page.locator("[data-count]").inner_text() == f"1/{len(cases)}"
    assert page.get_by_role("link", name="Usulan sebelumnya").count() == 0

    page.keyboard.press("j")
    page.wait_for_url(f"**{cases[1]}")
    page.keyboard.press("j")
    page.wait_for_url(f"**{cases[2]}")
    page.keyboard.press("k")
    page.wait_for_url(f"**{cases[1]}")
    page.get_by_role("link", name="Usulan berikutnya").click()
    page.wait_for_url(f"**{cases[2]}")
    page.get_by_role("link", name="Kembali ke daftar").click()
    page.wait_for_url(listed)


@pytest.mark.parametrize("role", ["Koordinator", "Penelaah", "Operator"])
@pytest.mark.parametrize("width", [390, 1440])
def test_pages_are_accessible_at_both_widths(page: Page, role: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, role)
    host = page.url.removesuffix("/beranda")
    paths = ["/", "/beranda", "/usulan", "/papan", "/proses", "/akun", "/lupa-sandi"]
    paths += [f"/akun/{part}" for part in ("kata-sandi", "dua-langkah", "kunci-sandi", "token", "sesi")]
    if role == "Koordinator":
        paths += ["/pengiriman", "/usulan/INV-2022-0001", "/usulan/INV-2022-0001?tab=riwayat", "/usulan/baru"]
        paths += ["/penelaah", "/penugasan", "/angkatan/pkp-iv-2022"]
        paths += ["/seminar", "/seminar/new", "/seminar/1", "/seminar/1/hadir", "/seminar/2/ubah"]
        paths += ["/impor", "/adopsi", "/pelajaran", "/adopsi/INV-2020-0002", "/usulan/ADP-2021-0003"]
        paths += [
            "/impor",
            "/ekspor",
            "/iga",
            "/usulan/INV-2021-0002/profil",
            "/usulan/INV-2021-0002/indikator",
        ]
    if role == "Penelaah":
        paths += ["/telaah", "/telaah/benturan", "/telaah/pengganti"]
    if role == "Operator":
        paths += ["/orang", "/orang/1", "/orang/masuk"]
    for path in paths:
        page.goto(host + path)
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate(
            "async () => (await axe.run(document)).violations.map(v => [v.id, v.nodes[0].html])"
        )
        assert found == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def listed(page: Page, host: str) -> str:
    page.goto(f"{host}/usulan?q=angkatan:pkp-v-2022")
    return page.locator(".list-bar > span").inner_text()


def faulty_cohort(tmp_path: Path) -> Path:
    """Thirty people: a cell that is no address, an agency that nobody knows, a row without a name."""
    table = tables.cohort(30)
    table[10][5], table[12][1] = "Dinas Antah Berantah", None
    file = tmp_path / "peserta.xlsx"
    file.write_bytes(tables.xlsx(table))
    return file


def test_a_cohort_comes_in_from_a_table_with_errors_and_goes_again(page: Page, tmp_path: Path) -> None:
    host, found = become(page, "koordinator"), tmp_path / "temuan.csv"
    importing.hand_in(page, host, faulty_cohort(tmp_path), "cohort")
    chosen = page.locator('[name="column-title"] option:checked').inner_text()
    importing.check_rows(page)
    checked, refused = importing.counts(page), page.locator(".finding-error").all_inner_texts()
    with page.expect_download() as waiting:
        page.locator('a[href$="/temuan.csv"]').click()
    waiting.value.save_as(found)
    importing.bring_in(page)
    here, came = page.url, importing.counts(page)["diimpor"]
    before = listed(page, host)
    page.goto(here)
    importing.take_back(page)
    page.get_by_text("Impor ini sudah dibatalkan").wait_for()

    assert chosen == "G: Judul Aksi Perubahan"
    assert (checked["siap diimpor"], checked["dengan kesalahan"]) == (27, 3)
    assert [any(word in text for text in refused) for word in ("surel", "Antah", "Kolom B")] == [True] * 3
    assert "bukan surel" in found.read_text("utf-8-sig")
    assert before.startswith(f"{came} usulan")
    assert came == 27
    assert listed(page, host).startswith("0 usulan")


def go_on(page: Page, days: int) -> None:
    """Let working days of the demo pass, some at a time."""
    for _ in range(days // 20):
        post(page, "/demo/jam", "advance", "20")


def post(page: Page, path: str, name: str, value: str) -> None:
    token = page.locator('input[name="csrf_token"]').first.get_attribute("value") or ""
    sent: dict[str, str | float | bool] = {"csrf_token": token, name: value}
    assert page.request.post(f"{host_of(page)}{path}", form=sent, headers={"Referer": page.url}).ok


def host_of(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def take(page: Page, who: str, case: str, step: str, answers: dict[str, str]) -> None:
    """Open a step of a case as somebody, fill in and send."""
    become(page, who)
    page.goto(f"{host_of(page)}{case}/langkah/{step}")
    for name, value in answers.items():
        page.fill(f'[name="{name}"]', value)
    page.click("button[data-default]")
    page.wait_for_url(f"**{case}")


def test_an_innovation_is_adopted_from_the_market_on(page: Page) -> None:
    become(page, "dwi.lestariningsih")
    page.goto(f"{host_of(page)}/adopsi?q=sendu")
    page.get_by_role("link", name=re.compile("SENDU TUNTAS")).first.click()
    page.fill(
        '[name="/problem"]', "Data kematian di desa kami terlambat berbulan-bulan dan bantuan tetap mengalir."
    )
    page.fill('[name="/expected"]', "Setiap kematian tercatat dalam satu pekan.")
    page.get_by_role("button", name="Nyatakan minat").click()
    page.wait_for_url(re.compile(r"/usulan/ADP-\d+-\d+$"))
    case = page.url.removeprefix(host_of(page))

    take(page, "kepala.kec-tanon", case, "consent_as_adopter", {"/agreed_on": "2022-12-01"})
    take(page, "kepala.dispendukcapil", case, "consent_as_origin", {"/agreed_on": "2022-12-01"})
    agreed = page.locator(".facts .pill", has_text="Disepakati")
    until(lambda: bool(page.reload()) and agreed.count() == 1, 30)
    why = "Cara kerja aslinya sesuai dengan keadaan di Kecamatan Tanon tanpa perubahan."
    take(page, "dwi.lestariningsih", case, "record_adaptation", {"/reason": why})
    begun = {"/start_date": "2022-12-01", "/place": "Kantor Kecamatan Tanon"}
    take(page, "dwi.lestariningsih", case, "begin", begun)
    go_on(page, 80)
    result = {
        "/measured_on": "2023-03-01",
        "/indicators/0/name": "Lama pencatatan kematian",
        "/indicators/0/unit": "hari",
        "/indicators/0/baseline": "64",
        "/indicators/0/result": "9",
        "/indicators/0/source": "Buku desa",
        "/beneficiaries": "210",
        "/story": "Modin melapor pada hari yang sama; dua desa masih menunggu sinyal.",
    }
    take(page, "dwi.lestariningsih", case, "record_result", result)
    become(page, "kepala.kec-tanon")
    page.goto(f"{host_of(page)}{case}")
    page.get_by_role("button", name="Nyatakan diadopsi").click()
    page.locator('dialog [value="yes"]').click()

    page.locator(".facts .pill", has_text="Diadopsi").wait_for()
    assert page.locator(".measure .bar-value").all_inner_texts() == ["64", "9"]
