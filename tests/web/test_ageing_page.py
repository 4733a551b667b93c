"""Titik macet in the browser: each number leads to its cases, and names are for those who may compare."""

import csv
import io
import re
from html import unescape

from tests.web.conftest import SignIn
from tests.web.test_lists import sign_in, sqlite

__all__ = ["sign_in"]

PATH = "/gambaran/titik-macet"


@sqlite
def test_what_waits_leads_to_as_many_cases(sign_in: SignIn) -> None:
    client = sign_in("endah")
    page = client.get(f"{PATH}?category=digital").text

    links = re.findall(r'data-label="Menunggu"[^>]*>.*?<a href="([^"]+)">(\d+)</a>', page, flags=re.DOTALL)
    assert len(links) > 2
    for href, count in links:
        assert "category=digital" in href
        assert f">{count} usulan" in client.get(unescape(href)).text, href


@sqlite
def test_reviewers_are_compared_by_those_who_may(sign_in: SignIn) -> None:
    assert 'id="figure-reviewers"' in sign_in("endah").get(PATH).text
    assert 'id="figure-reviewers"' in sign_in("retno").get(PATH).text
    head = sign_in("yuli")
    assert 'id="figure-reviewers"' not in head.get(PATH).text
    assert head.get(f"{PATH}/reviewers.csv").status_code == 404
    assert sign_in("budi").get(PATH).status_code == 403


@sqlite
def test_a_table_is_taken_along(sign_in: SignIn) -> None:
    answer = sign_in("endah").get(f"{PATH}/states.csv")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))

    assert rows[0] == ["Keadaan", "Median", "Terlama", "Rencana", "Menunggu", "Terlambat"]
    assert all(len(row) == len(rows[0]) for row in rows[1:])


@sqlite
def test_a_question_that_means_nothing_is_told(sign_in: SignIn) -> None:
    answer = sign_in("endah").get(f"{PATH}?q=warna:merah")

    assert answer.status_code == 422
    assert "tidak dikenal" in answer.text
