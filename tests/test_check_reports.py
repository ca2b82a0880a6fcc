"""Recall and precision: on the five reports every inconsistency is found, and nothing else."""

from __future__ import annotations

import json
import re

import pytest

from pipeline.parse import parse
from tests.careful_reader import FOUND
from tests.replica.documents import write_documents

LISTED = ("rouyuan-town-2021", "shapotou-gov-office-2024", "zhongwei-petition-bureau-2020")
FORMS = ("html", "docx", "pdf", "txt")


@pytest.fixture(scope="session")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    write_documents(folder)
    return folder


def assert_found(report, expected):
    """Every expected finding is there with its words, and no warning or error more."""
    graver = [f for f in report.findings if f.severity != "info"]
    left = list(graver)
    for rule, words in expected:
        match = next((f for f in left if f.rule == rule and words in f.quote), None)
        assert match, f"not found: {rule} {words}; found {[(f.rule, f.quote) for f in graver]}"
        left.remove(match)
    assert left == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("slug", FOUND)
def test_the_replica_has_what_a_careful_reader_finds(documents, slug, form):
    report = parse((documents / f"{slug}.{form}").read_bytes())
    assert_found(report, FOUND[slug])


@pytest.mark.parametrize("slug", [slug for slug in FOUND if slug != "zhongwei-finance-2016"])
def test_the_originals_have_what_a_careful_reader_finds(shared, slug):
    text = shared / "reports" / f"{slug}.txt"
    report = parse(text.read_bytes())
    assert_found(report, FOUND[slug])
    printed = re.sub(r"[\s*#]+", "", text.read_text(encoding="utf-8"))
    for finding in report.findings:
        assert finding.quote in printed


@pytest.mark.parametrize("slug", LISTED)
def test_the_list_names_what_the_list_made_before_names(shared, slug):
    known = shared / "reports" / "expected" / f"{slug}.json"
    issues = json.loads(known.read_text(encoding="utf-8"))["known_issues"]
    graver = sorted(issue["id"] for issue in issues if issue["severity"] in ("warning", "error"))
    assert graver == sorted(rule for rule, _ in FOUND[slug])


@pytest.mark.parametrize("slug", FOUND)
def test_every_rule_gives_a_verdict_and_says_it_in_two_languages(documents, slug):
    report = parse((documents / f"{slug}.html").read_bytes())
    failed = {f.rule for f in report.findings if f.message_en}
    assert {v.rule for v in report.verdicts if v.outcome == "failed"} == failed - {"I-SUM"}
    assert all(v.reason for v in report.verdicts if v.outcome == "not_judged")
    assert all(f.message_en for f in report.findings if f.severity != "info")
    assert len({v.rule for v in report.verdicts}) == len(report.verdicts) == 26
