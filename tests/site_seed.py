"""Invented archive for tests of the public site.

Every agency, figure and sentence here is made up; the regions carry codes that do not exist.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.codebook import Template, template_metrics
from archive.home import Archive
from archive.search import index_report

COLUMNS = (
    "natural_person", "business", "research", "public_interest", "legal_service", "other_org",
)  # fmt: skip
HOSTILE = '<script>document.title="x"</script>'
HOSTILE_URL = "javascript:document.title='x'"
AGENCIES = (
    ("999901:government", "云溪县人民政府（虚构）", "government", "999901"),
    ("999901:government_office", "云溪县人民政府办公室（虚构）", "government_office", "999901"),
    ("999901:civil_affairs", "云溪县民政局（虚构）", "department", "999901"),
    ("999901:water", "云溪县水务局（虚构）", "department", "999901"),
    ("999901:finance", "云溪县财政局（虚构）", "department", "999901"),
    ("999901101:township", "云溪县柳渡镇人民政府（虚构）", "township", "999901"),
    ("999901102:township", "云溪县石桥镇人民政府（虚构）", "township", "999901"),
    ("999902:government_office", "临川市人民政府办公室（虚构）", "government_office", "999902"),
    ("999902:xinfang", "临川市信访局（虚构）", "department", "999902"),
    ("999902:health", "临川市卫生健康委员会（虚构）", "department", "999902"),
    ("999902:hostile", f"临川市“{HOSTILE}”办公室（虚构）", "department", "999902"),
    ("999902:none", "临川市档案馆（虚构）", "department", "999902"),
)
LATE = ("999902:xinfang", 2021)
HEADINGS = (
    "一、总体情况",
    "二、主动公开政府信息情况",
    "三、收到和处理政府信息公开申请情况",
    "四、政府信息公开行政复议、行政诉讼情况",
    "五、存在的主要问题及改进情况",
    "六、其他需要报告的事项",
)

Cells = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Seeded:
    """What the tests compare the pages with."""

    folder: Path
    cells: dict[tuple[str, int], Cells]
    digests: dict[tuple[str, int], list[str]]
    payloads: dict[str, bytes]


def _cell(value: float | None, state: str = "value", raw: str | None = None, note: str = "") -> Any:
    shown = str(value) if raw is None and value is not None else raw
    return {"value": value, "raw": shown, "state": state, "note": note}


def _figures(template: Template, rng: random.Random) -> Cells:
    cells: Cells = {}
    rows: dict[str, list[int]] = {}
    for metric in template_metrics(template):
        if metric.table == "t2":
            number: float = rng.choice([0, 0, 2, 7, 31, 448])
            if metric.value_type.startswith("decimal"):
                number = rng.choice([0, 12.5, 59237.2449])
            cells[metric.code] = _cell(number)
        elif metric.table == "t3" and metric.column_code == "natural_person":
            small = rng.random() < 0.3
            rows[metric.row_code] = [rng.choice([0, 1, 2, 5]) if small else 0 for _ in COLUMNS]
    rows["granted"][0] = rng.randint(3, 60)
    results = [
        sum(row[i] for code, row in rows.items() if not code.startswith(("new", "carr", "result")))
        for i in range(6)
    ]
    rows["result_total"] = results
    rows["carried_in"] = [0] * 6
    rows["carried_out"] = [rng.choice([0, 0, 1]) for _ in COLUMNS]
    rows["new"] = [a + b for a, b in zip(results, rows["carried_out"], strict=True)]
    for code, row in rows.items():
        for column, number in zip((*COLUMNS, "total"), (*row, sum(row)), strict=True):
            cells[f"t3_{code}__{column}"] = _cell(number)
    for group in ("review", "suit_direct", "suit_after_review"):
        parts = [rng.choice([0, 0, 0, 1, 3]) for _ in range(4)]
        names = ("upheld", "corrected", "other", "pending", "total")
        for name, number in zip(names, (*parts, sum(parts)), strict=True):
            cells[f"t4_{group}_{name}"] = _cell(number)
    return cells


def _story(name: str, year: int, ordinal: int) -> str:
    if ordinal == 1:
        return (
            f"本段为测试编造。{year}年，{name}按照要求推进政府信息公开，"
            "通过门户网站公开信息 98 条。\n"
            "（一）主动公开。围绕低保、信访、行政许可等群众关心的事项及时发布信息。\n"
            "（二）依申请公开。按时答复申请，未收取信息处理费。\n"
            "（三）平台建设。公众号 Water-2024 全年发布 12 期。"
        )
    if ordinal == 5:
        return "本段为测试编造。主要问题：解读形式单一。改进情况：开展业务培训，增加图解。"
    return "" if ordinal in (2, 3, 4) else "本段为测试编造。无其他需要报告的事项。"


class _Seeder:
    def __init__(self, folder: Path) -> None:
        self.archive = Archive(folder, create=True)
        self.db = self.archive.db
        self.cells: dict[tuple[str, int], Cells] = {}
        self.digests: dict[tuple[str, int], list[str]] = {}
        self.payloads: dict[str, bytes] = {}
        self.numbers = {row["code"]: row["id"] for row in self.db.table("metrics").rows}

    def site_and_agencies(self) -> None:
        self.db.table("sites").insert(
            {
                "id": "demo",
                "name": "云溪县人民政府网（虚构）",
                "region_code": "999901",
                "region_name": "云溪县（虚构）",
                "region_parents": "[]",
                "home": "https://www.example.invalid/",
                "hosts": "www.example.invalid",
            }
        )
        for number, outcome in ((1, "finished"), (2, "stopped")):
            self.db.table("runs").insert(
                {
                    "id": number,
                    "site_id": "demo",
                    "started_at": f"2026-02-0{number}T01:00:00Z",
                    "finished_at": f"2026-02-0{number}T01:05:00Z",
                    "outcome": outcome,
                    "reason": "" if outcome == "finished" else "连续三次拦截页",
                    "counts": json.dumps({"pages": 12}),
                }
            )
        for number, (key, name, kind, region) in enumerate(AGENCIES, start=1):
            self.db.table("agencies").insert(
                {
                    "id": number, "key": key, "name": name, "type": kind, "region_code": region,
                    "area_code": None, "basis": "测试编造",
                }
            )  # fmt: skip
            self.db.table("agency_names").insert(
                {"agency_id": number, "name": name, "kind": "official", "first_year": 2019,
                 "last_year": None}
            )  # fmt: skip
        self.db.table("agency_names").insert(
            {"agency_id": 4, "name": "云溪县水利局（虚构）", "kind": "former", "first_year": None,
             "last_year": 2018}
        )  # fmt: skip

    def document(  # noqa: PLR0917
        self, report: tuple[int, str, int], fmt: str, cells: Cells, status: str, title: str,
        url: str, template: str | None,
    ) -> int:  # fmt: skip
        agency_id, name, year = report
        data = f"{fmt} {agency_id} {year} 测试编造 {HOSTILE}".encode()
        digest = self.archive.blobs.put(data)
        self.payloads[digest] = data
        self.digests.setdefault((AGENCIES[agency_id - 1][0], year), []).append(digest)
        self.db.table("payloads").insert({"digest": digest, "size": len(data), "format": fmt})
        self.db.table("captures").insert(
            {
                "site_id": "demo", "url": url, "status": 200, "digest": digest,
                "captured_at": f"{year + 1}-02-03T04:05:06Z",
                "content_type": "text/html; charset=utf-8", "headers": "[]",
                "warc_file": "warc/demo-1.warc.gz", "warc_offset": 0, "warc_length": 10,
            }
        )  # fmt: skip
        capture = self.db.execute("SELECT max(id) FROM captures").fetchone()[0]
        self.db.table("documents").insert(
            {
                "digest": digest, "format": fmt, "status": status, "agency_printed": name,
                "year": year, "title": title, "template": template,
                "period_start": f"{year}-01-01", "period_end": f"{year}-12-31",
                "signed": f"{year + 1}-01-20", "reader": "1",
                "preamble": f"本报告为测试编造，由{name}依据条例编制，统计期限为{year}年。",
            }
        )  # fmt: skip
        document = int(self.db.execute("SELECT max(id) FROM documents").fetchone()[0])
        self.db.table("sources").insert(
            {
                "document_id": document, "url": url, "capture_id": capture, "site_id": "demo",
                "role": "article" if fmt == "html" else "attachment",
                "parent_url": None if fmt == "html" else "https://www.example.invalid/a.html",
                "link_text": title, "column_path": "政务公开 > 政府信息公开年报",
                "published": f"{year + 1}-01-25", "is_current": 1,
            }
        )  # fmt: skip
        for ordinal, heading in enumerate(HEADINGS, start=1):
            self.db.table("sections").insert(
                {"document_id": document, "ordinal": ordinal, "heading": heading,
                 "text": _story(name, year, ordinal), "place": f"line={ordinal * 10}"}
            )  # fmt: skip
        self.db.table("contacts").insert(
            {
                "document_id": document, "office": name, "address": "云溪县测试路 1 号（虚构）",
                "postcode": "000000", "phone": "0000-0000000", "fax": None,
                "email": "office@example.invalid", "website": "https://www.example.invalid/",
            }
        )  # fmt: skip
        self.db.table("cells").insert_all(
            {
                "document_id": document, "metric_id": self.numbers[code], **cell,
                "place": f"page={2 + number // 100};box=72.0,{number}.0,90.2,112.0"
                if fmt == "pdf" else f"path=/html/body/table/tr[{number}]",
            }
            for number, (code, cell) in enumerate(cells.items(), start=1)
        )  # fmt: skip
        return document

    def report(self, agency_id: int, year: int, cells: Cells, status: str, **more: Any) -> int:
        key, name, _, _ = AGENCIES[agency_id - 1]
        template = more.get("template", "2021" if year >= 2021 else "2019")
        title = more.get("title", f"{name}{year}年政府信息公开工作年度报告")
        address = f"https://www.example.invalid/zwgk/{agency_id}/{year}"
        forms = more.get("forms", ("html",))
        self.cells[key, year] = cells
        documents = [
            self.document(
                (agency_id, name, year), fmt,
                cells if fmt == forms[0] else more.get("other_cells", cells),
                status, title,
                more.get("url", f"{address}.{fmt}"), template,
            )
            for fmt in forms
        ]  # fmt: skip
        self.db.table("reports").insert(
            {
                "agency_id": agency_id, "year": year, "document_id": documents[0],
                "status": status, "template": template, "title": title,
                "published": f"{year + 1}-01-25",
            }
        )  # fmt: skip
        report = int(self.db.execute("SELECT max(id) FROM reports").fetchone()[0])
        for document in documents:
            self.db.table("documents").update(document, {"report_id": report})
        index_report(self.db, report)
        return documents[0]

    def finding(self, document: int | None, rule: str, message: str, **more: Any) -> None:
        severity = {"E": "error", "W": "warning", "I": "info"}[rule[0]]
        report = self.db.execute(
            "SELECT report_id FROM documents WHERE id = ?", [document]
        ).fetchone()
        self.db.table("findings").insert(
            {
                "id": f"{document}-{rule}-{more.get('quote', '')}-{more.get('url', '')}",
                "document_id": document, "report_id": report[0] if report else None,
                "site_id": "demo", "url": more.get("url"), "rule": rule, "severity": severity,
                "message": message, "quote": more.get("quote", ""),
                "place": more.get("place", ""),
            }
        )  # fmt: skip

    def place_of(self, document: int, code: str) -> str:
        row = self.db.execute(
            "SELECT place FROM cells WHERE document_id = ? AND metric_id = ?",
            [document, self.numbers[code]],
        ).fetchone()
        return str(row[0])


def _ordinary(seeder: _Seeder) -> None:
    rng = random.Random(20)
    gaps = {(3, 2022), (6, 2019), (6, 2020), (7, 2024), (9, 2019), (10, 2023)}
    special = {(4, 2022), (4, 2023), (4, 2024)}
    for agency_id in range(1, 11):
        for year in range(2019, 2025):
            if (agency_id, year) in gaps | special:
                continue
            template: Template = "2021" if year >= 2021 else "2019"
            forms = ("html", "pdf") if year % 2 else ("html",)
            cells = _figures(template, rng)
            if rng.random() < 0.12:
                cells["t3_carried_in__total"] = _cell(9)
                document = seeder.report(agency_id, year, cells, "read", forms=forms)
                seeder.finding(
                    document, "E-T3-BALANCE", "总计一列：第一、二项之和不等于第三、四项之和。",
                    quote="9", place=seeder.place_of(document, "t3_carried_in__total"),
                )  # fmt: skip
            else:
                document = seeder.report(agency_id, year, cells, "verified", forms=forms)
            if rng.random() < 0.2:
                seeder.finding(
                    document, "W-TEMPLATE", "报告引用的通知与所用表格的年份不一致。",
                    quote="国办公开办函〔2019〕60号",
                )  # fmt: skip


def _special(seeder: _Seeder) -> None:
    """Water bureau: every state (2022), one row for （六） (2023), forms that differ (2024)."""
    states = _figures("2021", random.Random(1))
    states["t2_regulations_issued"] = _cell(None, "blank", "")
    states["t2_regulations_repealed"] = _cell(None, "dash", "/")
    states["t2_normative_docs_in_force"] = _cell(22, "note", "22（其中修订16件）", "其中修订16件")
    states["t2_fees_amount_wan"] = _cell(None, "unread", None, "表格中没有找到这一行")
    states["t3_new__natural_person"] = _cell(None, "blank", "")
    states["t3_denied_state_secret__natural_person"] = _cell(None, "unread", "O", "不是数字：O")
    states["t3_granted__business"] = _cell(None, "dash", "—")
    states["t3_new__total"] = _cell(1036, raw="1,036")
    states["t4_review_upheld"] = _cell(None, "blank", "")
    document = seeder.report(4, 2022, states, "partial", forms=("pdf", "html"))
    seeder.finding(document, "E-T3-ROWSUM", "“一、本年新收”一行：各类申请人之和不等于总计。",
                   quote="1,036", place=seeder.place_of(document, "t3_new__total"))  # fmt: skip
    seeder.finding(document, "W-BLANK", "1 格为空，本站存为空值，不当作 0。", quote="")
    unread = _cell(None, "unread", None, "报告把（六）其他处理印成一行")
    one_row = {
        code: unread if code.startswith("t3_other_") else cell
        for code, cell in _figures("2021", random.Random(2)).items()
    }
    for column, number in zip((*COLUMNS, "total"), (3, 0, 0, 1, 0, 0, 4), strict=True):
        one_row[f"t3_other_total__{column}"] = _cell(number)
    seeder.report(4, 2023, one_row, "verified")
    shown = _figures("2021", random.Random(3))
    other = {**shown, "t2_licensing_decisions": _cell(77777), "t3_granted__total": _cell(5555)}
    document = seeder.report(4, 2024, shown, "read", forms=("html", "pdf"), other_cells=other)
    seeder.finding(
        document, "W-FORMS", "网页与附件的数字不同：t2_licensing_decisions。", quote="77777"
    )


def _hostile(seeder: _Seeder) -> None:
    cells = _figures("2021", random.Random(4))
    cells["t2_licensing_decisions"] = _cell(None, "note", HOSTILE, HOSTILE)
    cells["t3_new__business"] = _cell(None, "unread", f'"><img src=x onerror=alert(1)>{HOSTILE}',
                                      HOSTILE)  # fmt: skip
    title = f"{HOSTILE}2021年报告（虚构）"
    document = seeder.report(11, 2021, cells, "partial", title=title, url=HOSTILE_URL)
    seeder.finding(document, "E-T4-SUM", HOSTILE, quote=HOSTILE, place=HOSTILE)
    seeder.db.table("sections").upsert(
        {"document_id": document, "ordinal": 6, "heading": HEADINGS[5] + HOSTILE,
         "text": f"测试编造 {HOSTILE} " + "长" * 5000, "place": HOSTILE},
        pk=("document_id", "ordinal"),
    )  # fmt: skip
    seeder.db.table("contacts").upsert(
        {"document_id": document, "office": HOSTILE, "website": HOSTILE_URL}, pk="document_id"
    )
    index_report(seeder.db, seeder.db.table("reports").count)
    seeder.finding(None, "E-BLOCKED", "网站返回拦截页，本次停止。",
                   url="https://www.example.invalid/blocked")  # fmt: skip
    unreadable = seeder.report(11, 2022, {}, "unreadable", template=None, forms=("pdf",))
    seeder.finding(
        unreadable, "E-PDF-ENCRYPTED", "文件设有密码，无法读取；请向发布机关索取无密码版本。"
    )


def _history(seeder: _Seeder) -> None:
    """Give three reports a past: replaced at its address, found again elsewhere, gone since."""
    db = seeder.db

    def of(agency_id: int, year: int) -> tuple[int, int, str, str]:
        row = db.execute(
            "SELECT r.id, r.document_id, s.url, r.title FROM reports r JOIN sources s"
            " ON s.document_id = r.document_id WHERE r.agency_id = ? AND r.year = ?",
            [agency_id, year],
        ).fetchone()
        return row[0], row[1], row[2], row[3]

    report, _, url, title = of(5, 2022)
    name = AGENCIES[4][1]
    before = dict(seeder.cells["999901:finance", 2022])
    before["t3_new__total"] = _cell(424242)
    earlier = seeder.document(
        (5, name, 2022), "text", before, "read", title, url, "2021"
    )  # fmt: skip
    db.execute("UPDATE documents SET report_id = ? WHERE id = ?", [report, earlier])
    db.execute("UPDATE sources SET is_current = 0 WHERE document_id = ?", [earlier])
    db.execute(
        "UPDATE captures SET captured_at = '2023-01-30T01:00:00Z' WHERE id ="
        " (SELECT capture_id FROM sources WHERE document_id = ?)",
        [earlier],
    )
    # The address was visited when it gave the one and when it gave the other.
    db.execute(
        "INSERT INTO run_visits (run_id, url, visited_at, status, capture_id)"
        " SELECT 1, s.url, k.captured_at, 200, k.id FROM sources s"
        " JOIN captures k ON k.id = s.capture_id WHERE s.url = ?",
        [url],
    )
    report, _, url, title = of(10, 2022)
    cells = seeder.cells["999902:health", 2022]
    other = seeder.document(
        (10, AGENCIES[9][1], 2022), "docx", cells, "read", title, f"{url}.docx", "2021"
    )  # fmt: skip
    db.execute("UPDATE documents SET report_id = ? WHERE id = ?", [report, other])
    db.execute(
        "UPDATE captures SET captured_at = '2026-02-02T01:02:00Z' WHERE id ="
        " (SELECT capture_id FROM sources WHERE document_id = ?)",
        [other],
    )
    _, document, url, _ = of(6, 2021)
    for kind, moment in (("missing", "2026-02-01T01:01:00Z"), ("removed", "2026-02-02T01:01:00Z")):
        db.table("events").insert(
            {
                "id": kind,
                "site_id": "demo",
                "url": url,
                "document_id": document,
                "kind": kind,
                "happened_at": moment,
                "cause": "http-404",
                "other_url": None,
            }
        )


def seed(folder: Path) -> Seeded:
    """Make an archive in a folder and return what it holds."""
    seeder = _Seeder(folder)
    with seeder.archive.transaction():
        seeder.site_and_agencies()
        _ordinary(seeder)
        _special(seeder)
        _hostile(seeder)
        _history(seeder)
    seeder.archive.close()
    return Seeded(folder, seeder.cells, seeder.digests, seeder.payloads)


def seed_long_series(folder: Path, years: range) -> Seeded:
    """Make an archive whose first agency has a report of every year, with figures of all sizes."""
    seeder = _Seeder(folder)
    with seeder.archive.transaction():
        seeder.site_and_agencies()
        for year in years:
            cells = _figures("2021" if year >= 2021 else "2019", random.Random(year))
            for code in ("t3_new__total", "t3_granted__total", "t4_review_total"):
                cells[code] = _cell(10 ** (year % 5) * (year % 9 + 1))
            seeder.report(1, year, cells, "verified")
    seeder.archive.close()
    return Seeded(folder, seeder.cells, seeder.digests, seeder.payloads)


def seed_many(folder: Path, regions: list[str], agencies_each: int) -> None:
    """Make an archive of many regions; each agency has reports of 2021 and 2023 without cells.

    The first agency of each region has a finding in 2021, the last one was read in part in 2023.
    """
    archive = Archive(folder, create=True)
    with archive.transaction() as db:
        report = agency = 0
        for region in regions:
            for number in range(agencies_each):
                agency += 1
                db.table("agencies").insert(
                    {
                        "id": agency, "key": f"{region}:a{number}", "type": "department",
                        "name": f"第{agency}局（虚构）", "region_code": region, "basis": "测试编造",
                    }
                )  # fmt: skip
                for year in (2021, 2023):
                    report += 1
                    partial = number == agencies_each - 1 and year == 2023
                    db.table("reports").insert(
                        {
                            "id": report, "agency_id": agency, "year": year,
                            "status": "partial" if partial else "verified",
                            "title": f"第{agency}局{year}年报告（虚构）",
                        }
                    )  # fmt: skip
                    if number == 0 and year == 2021:
                        db.table("findings").insert(
                            {
                                "id": f"f{report}", "report_id": report, "rule": "E-T3-BALANCE",
                                "severity": "error", "message": "测试编造", "quote": "",
                                "place": "",
                            }
                        )  # fmt: skip
        db.table("sites").insert(
            {
                "id": "many", "name": "站", "region_code": regions[0],
                "region_name": "甲县（虚构）",
                "region_parents": "[]", "home": "https://www.example.invalid/",
                "hosts": "www.example.invalid",
            }
        )  # fmt: skip
        digest = archive.blobs.put(b"x")
        db.table("payloads").insert({"digest": digest, "size": 1})
        db.table("captures").insert(
            {
                "site_id": "many", "url": "https://www.example.invalid/", "status": 200,
                "digest": digest, "captured_at": "2024-05-01T00:00:00Z", "headers": "[]",
                "warc_file": "w", "warc_offset": 0, "warc_length": 1,
            }
        )  # fmt: skip
    archive.close()


if __name__ == "__main__":
    seed(Path(sys.argv[1]))


def note_late(folder: Path) -> None:
    """Say of one report of a seeded archive, ``LATE``, that it was published late."""
    archive = Archive(folder)
    with archive.transaction() as db:
        report = db.execute(
            "SELECT r.id FROM reports r JOIN agencies a ON a.id = r.agency_id"
            " WHERE a.key = ? AND r.year = ?",
            LATE,
        ).fetchone()[0]
        db.table("findings").insert(
            {
                "id": "late", "report_id": report, "rule": "W-DEADLINE", "severity": "warning",
                "message": "发布于 2022-05-01，晚于条例规定的 2022-01-31。", "quote": "",
                "place": "",
            }
        )  # fmt: skip
    archive.close()
