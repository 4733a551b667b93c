"""A text against its original."""

from hypothesis import given
from hypothesis import strategies as st

from workflow.comparison import pieces

texts = st.lists(st.sampled_from(["akta", "tanah", "desa", "dua", "hari", "\n"])).map(" ".join)


@given(texts, texts)
def test_nothing_is_lost_between_the_two(before: str, after: str) -> None:
    found = list(pieces(before, after))

    assert "".join(text for kind, text in found if kind != "removed") == after
    assert "".join(text for kind, text in found if kind != "added") == before
    assert (before == after) == all(kind == "kept" for kind, _text in found)


def test_what_changed_is_marked_word_by_word() -> None:
    assert list(pieces("pesan di empat desa", "pesan di semua desa")) == [
        ("kept", "pesan di "),
        ("removed", "empat"),
        ("added", "semua"),
        ("kept", " desa"),
    ]
