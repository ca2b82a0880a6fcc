"""Full-text search finds what a plain scan of the texts finds."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from archive.home import Archive
from archive.passages import plain, plain_with_origins
from archive.results import Filters
from archive.search import (
    QueryTooLongError,
    forget_report,
    index_report,
    search,
)
from tests.site_seed import Seeded, seed


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return seed(tmp_path_factory.mktemp("search"))


@pytest.fixture(scope="module")
def db(seeded: Seeded) -> Iterator[Database]:
    archive = Archive(seeded.folder)
    yield archive.db
    archive.close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    seed(tmp_path)
    archive = Archive(tmp_path)
    yield archive
    archive.close()


def texts_by_report(db: Database) -> dict[int, list[str]]:
    """Everything a report can be found by, read from the tables themselves."""
    texts: dict[int, list[str]] = {}
    for report in db.table("reports").rows:
        own = [report["title"]]
        names = db.query(
            "SELECT name FROM agency_names WHERE agency_id = :a"
            " UNION SELECT name FROM agencies WHERE id = :a",
            {"a": report["agency_id"]},
        )
        own += [row["name"] for row in names]
        for document in db.table("documents").rows_where("id = ?", [report["document_id"]]):
            own += [document["agency_printed"] or "", document["preamble"] or ""]
        for section in db.table("sections").rows_where("document_id = ?", [report["document_id"]]):
            own += [section["heading"], section["text"]]
        for contact in db.table("contacts").rows_where("document_id = ?", [report["document_id"]]):
            own += [str(v) for k, v in contact.items() if k != "document_id" and v]
        texts[report["id"]] = own
    return texts


def scan(db: Database, *words: str) -> set[int]:
    def holds(texts: list[str], word: str) -> bool:
        return any(simple(word) in simple(text) for text in texts)

    return {
        report
        for report, texts in texts_by_report(db).items()
        if all(holds(texts, word) for word in words)
    }


def simple(text: str) -> str:
    """NFKC, case folded: written without the code under test."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def found(db: Database, query: str, filters: Filters | None = None) -> set[int]:
    results = search(db, query, limit=1000, filters=filters)
    assert results.count == len(results.hits)
    return {hit.report_id for hit in results.hits}


@pytest.mark.parametrize(
    "word",
    [
        "信访", "许", "政府信息公开", "柳渡镇", "水利局", "本", "98", "Water-2024", "water",
        "２０２４", "（一）", "。", ",", '"', "<script>", "title=", "*", "OR", "NEAR", "AND", "NOT",
        "(", "text:",
        "-", "^", "office@example.invalid", "政府信息公开工作年度报", "没有这个词",
    ],
)  # fmt: skip
def test_a_word_finds_what_a_scan_finds(db: Database, word: str) -> None:
    assert found(db, word) == scan(db, word)


def test_words_of_one_to_eight_characters_cut_from_the_texts(db: Database) -> None:
    texts = texts_by_report(db)
    folded = {report: [simple(text) for text in own] for report, own in texts.items()}
    words = {
        text[start : start + length]
        for report in (1, 25, 55)
        for text in texts[report]
        for start in (0, 7)
        for length in range(1, 9)
    }
    checked = 0
    for word in words:
        if word and not any(c.isspace() or c == '"' for c in word):
            expected = {
                report for report, own in folded.items() if any(simple(word) in t for t in own)
            }
            assert {h.report_id for h in search(db, word, limit=1000).hits} == expected, word
            checked += 1
    assert checked > 100


def test_several_words_must_all_stand_in_one_report(db: Database) -> None:
    assert found(db, "柳渡镇 低保 公众号") == scan(db, "柳渡镇", "低保", "公众号")
    assert len(found(db, "柳渡镇 低保")) == 4
    assert found(db, "柳渡镇 石桥镇") == set()


def test_a_quoted_phrase_keeps_its_spaces_and_a_lone_quote_is_text(db: Database) -> None:
    assert found(db, '"信息 98 条"') == scan(db, "信息 98 条")
    assert found(db, 'title="x') == scan(db, 'title="x')


def test_the_same_words_are_found_across_printed_spaces(archive: Archive) -> None:
    db = archive.db
    with archive.transaction():
        db.table("reports").update(1, {"title": "2 0 年 政府　信息\n公开 1\t0"})
        index_report(db, 1)
    assert 1 in found(db, "年政府信息公开")
    assert found(db, '"2 0年"') == {1}
    # Cells "1" and "0" side by side are not the number 10.
    assert 1 not in {hit.report_id for hit in search(db, "公开10", limit=100).hits}


def test_filters_and_their_counts(db: Database) -> None:
    results = search(db, "信访", limit=100, filters=Filters(year=2021))
    assert {hit.year for hit in results.hits} == {2021}
    assert results.count == dict(results.years)[2021] == len(results.hits)
    assert sum(n for _, _, n in results.agencies) == results.count
    own = search(db, "信访", filters=Filters("999902:xinfang", 2021))
    assert [(hit.agency_key, hit.year) for hit in own.hits] == [("999902:xinfang", 2021)]
    assert dict(own.years).keys() == {2020, 2021, 2022, 2023, 2024}


def test_pages_follow_each_other_without_gap_or_repeat(db: Database) -> None:
    whole = [hit.report_id for hit in search(db, "信息", limit=1000).hits]
    pages = [search(db, "信息", 10, start).hits for start in range(0, len(whole), 10)]
    assert [hit.report_id for page in pages for hit in page] == whole
    assert len(set(whole)) == len(whole) == search(db, "信息", limit=1).count


def test_passages_mark_the_words_in_the_original_text(db: Database) -> None:
    hit = next(h for h in search(db, "ｗａｔｅｒ 低保", limit=100).hits if h.year == 2021)
    passage = next(p for p in hit.passages if p.part == 1)
    assert [piece.text for piece in passage.pieces if piece.marked] == ["低保", "Water"]
    joined = "".join(piece.text for piece in passage.pieces)
    assert "公众号 Water-2024" in joined


def test_a_title_hit_comes_first(db: Database) -> None:
    assert all("信访局" in hit.agency for hit in search(db, "信访", limit=5).hits)


def test_more_hits_in_a_text_of_the_same_length_come_before_fewer_and_newer(
    archive: Archive,
) -> None:
    db = archive.db
    with archive.transaction():
        for report, text in (
            (5, "麒麟，甲乙丙丁戊"),
            (3, "麒麟，麒麟，麒麟"),
            (9, "麒麟，甲乙丙丁戊"),
        ):
            document = db.execute(
                "SELECT document_id FROM reports WHERE id = ?", [report]
            ).fetchone()[0]
            db.execute("UPDATE sections SET text = ? WHERE document_id = ?", [text, document])
            index_report(db, report)
        db.table("reports").update(9, {"title": "麒麟年度报告"})
        index_report(db, 9)
    order = [hit.report_id for hit in search(db, "麒麟").hits]
    assert order[:2] == [9, 3]
    assert order == [hit.report_id for hit in search(db, "麒麟").hits]


def test_filters_on_region_and_type_count_what_the_others_leave(db: Database) -> None:
    whole = search(db, "信访", limit=1000)
    assert sum(n for _, _, n in whole.regions) == sum(n for _, n in whole.kinds) == whole.count
    narrow = search(db, "信访", limit=1000, filters=Filters(region="999902", kind="department"))
    assert {hit.agency_key.split(":")[0] for hit in narrow.hits} == {"999902"}
    assert narrow.count == len(narrow.hits) == dict(narrow.kinds)["department"]
    assert narrow.count == next(n for code, _, n in narrow.regions if code == "999902")
    assert {code for code, _, _ in narrow.regions} == {"999901", "999902"}
    none = search(db, "信访", filters=Filters(agency_key="999902:none"))
    assert (none.count, [a for a in none.agencies if a[0] == "999902:none"]) == (0, [])


def test_no_word_reaches_from_one_part_into_the_next(db: Database) -> None:
    texts = db.execute(
        "SELECT text FROM search_texts WHERE report_id = 1 AND text <> '' ORDER BY id"
    ).fetchall()
    for (before,), (after,) in pairwise(texts):
        assert search(db, f'"{plain(before)[-3:]}{plain(after)[:3]}"').count == 0


def test_too_much_is_refused_with_the_limit(db: Database) -> None:
    with pytest.raises(QueryTooLongError, match="200"):
        search(db, "字" * 201)
    with pytest.raises(QueryTooLongError, match="12"):
        search(db, " ".join("甲乙丙丁戊己庚辛壬癸子丑寅"))
    assert search(db, " \u200b ").count == 0


def dump(archive: Archive) -> list[tuple[object, ...]]:
    tables = ("search_texts", "search_index_data", "search_index_idx", "search_index_docsize")
    return [row for t in tables for row in archive.db.execute(f"SELECT * FROM {t}").fetchall()]


def test_indexing_again_changes_no_byte(archive: Archive) -> None:
    before = dump(archive)
    with archive.transaction() as db:
        for report in range(1, 57):
            index_report(db, report)
    assert dump(archive) == before


def test_a_changed_report_loses_its_old_words(archive: Archive) -> None:
    db = archive.db
    document = db.execute("SELECT document_id FROM reports WHERE id = 5").fetchone()[0]
    with archive.transaction():
        db.execute("UPDATE sections SET text = '全新的一段' WHERE document_id = ?", [document])
        index_report(db, 5)
    assert found(db, "全新的一段") == {5}
    assert found(db, "低保") == scan(db, "低保")
    assert 5 not in found(db, "低保")


def test_a_forgotten_report_is_found_no_more_and_the_index_stays_whole(archive: Archive) -> None:
    db = archive.db
    with archive.transaction():
        forget_report(db, 5)
    assert 5 not in found(db, "年度报告")
    db.execute("INSERT INTO search_index (search_index) VALUES ('integrity-check')")


ALPHABET = st.one_of(
    st.sampled_from("信访许可政府息公开年度报告一二三，。（）“”、《》０９Ａａ"),
    st.sampled_from("abcXYZ0123456789.,;:!?*()+-=<>&'\"^~/\\|{}[]@#%_$"),
    st.sampled_from("éÉßﬁ㎡①½ｶﾞ한글ñ\u0301\u200b\ufeff\U00020000\U0001f600…—·"),
    st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc", "Cn", "Co")),
)
DENSE = st.text(ALPHABET, max_size=40)
SPACED = st.text(st.one_of(ALPHABET, st.sampled_from(" \u3000\n\t\xa0")), max_size=60)


@pytest.fixture(scope="module")
def one_report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("one")
    seed(folder)
    archive = Archive(folder)
    yield archive
    archive.close()


@cache
def plain_texts(folder: Path) -> dict[int, list[str]]:
    """Plain texts of all reports, without the title that the property test changes."""
    archive = Archive(folder)
    with archive.transaction() as db:
        db.table("reports").update(3, {"title": ""})
    texts = texts_by_report(archive.db)
    archive.close()
    return {report: [plain(text) for text in own] for report, own in texts.items()}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=SPACED, start=st.integers(0, 40), length=st.integers(1, 8), other=DENSE)
def test_any_text_any_word(
    one_report: Archive, text: str, start: int, length: int, other: str
) -> None:
    db = one_report.db
    others = plain_texts(one_report.folder)
    with one_report.transaction():
        db.table("reports").update(3, {"title": text})
        index_report(db, 3)
    for word in (plain(text)[start : start + length], plain(other)[:length]):
        asked = word.replace('"', "＂")
        if not word or "␣" in word or plain(asked) != word:
            continue
        expected = {
            report
            for report, own in others.items()
            if any(word in text for text in own) or (report == 3 and word in plain(text))
        }
        assert found(db, asked) == expected


@settings(max_examples=300, deadline=None)
@given(SPACED)
def test_places_of_marks_agree_with_what_is_compared(text: str) -> None:
    folded, origins = plain_with_origins(text)
    assert folded == plain(text)
    assert len(origins) == len(folded)


@settings(max_examples=200, deadline=None)
@given(DENSE)
def test_plain_is_nfkc_and_case_folding(text: str) -> None:
    shaped = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc"))
    expected = "".join(simple(shaped).split())
    visible = "".join(c for c in expected if unicodedata.category(c) not in ("Cf", "Cc"))
    assert plain(text).replace("␣", "") == visible.replace("␣", "")
