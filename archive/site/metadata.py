"""Titles, units and notes of every table and column, for people who take the data."""

from __future__ import annotations

import sqlite3
from typing import Any

from archive.codebook import metrics, template_metrics
from archive.site import words
from archive.views import KEY_FIGURES, SUMS

# Tools, not data: the index, its texts, the record of migrations.
CLOSED_TABLES = frozenset(
    ["search_texts", "search_index", "search_index_data", "search_index_idx",
     "search_index_docsize", "search_index_config", "_sqlite_migrations", "sqlite_sequence",
     "sqlite_stat1", "sqlite_stat4", "unsettled", "sketches", "sketch_buckets",
     "pending_sources", "run_notices", "run_lines", "run_blocks",
     "indicator_parts", "summary_counts", "summary_regions", "summary_reports",
     "summary_years", "summary_measures", "summary_values", "summary_totals"]
)  # fmt: skip

_CODES_HELD = (
    f"两种格式共 {len(metrics())} 个单元格：2019 年格式 {len(template_metrics('2019'))} 个，"
    f"2021 年格式 {len(template_metrics('2021'))} 个。"
)
TABLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "report_overview": ("年报一览", "每份年报一行，附关键数字。空值表示原文没有这个数字，不是 0。",
                        ("year", "status", "region_code", "template")),
    "metric_by_agency_year": ("单项指标（机关 × 年度）", "每个机关每年每格一行，取该年报所示文件。",
                              ("state",)),
    "cell_details": ("单元格明细", "每个文件的每一格：标签、原文、数值、状态和位置。",
                     ("state",)),
    "source_details": ("来源明细", "每个文件的出处和存档时间。", ("role", "format", "site_id")),
    "agencies": ("机关", "机关的身份；名称可能随年份变化。", ("type", "region_code")),
    "agency_names": ("机关名称", "机关用过的名称和起止年份。", ("kind",)),
    "reports": ("年报", "一个机关一个年度一行，指向所示文件。", ("year", "status", "template")),
    "documents": ("文件", "读过的每个文件（按内容区分）。", ("format", "status", "year")),
    "sources": ("来源", "文件在网上的每个出处。", ("role", "site_id")),
    "sections": ("正文", "年报的各部分文字。", ("ordinal",)),
    "contacts": ("联系方式", "年报中印出的公开机构联系方式。", ()),
    "cells": ("单元格", "三张统计表的每一格。", ("state",)),
    "figures": ("正文中的数字", "正文里作为结果出现的数字。", ("measure", "kind", "unit")),
    "statements": ("正文中的零与无", "正文里不用数字说出的零或没有。", ("measure",)),
    "measures": ("指标表", "正文数字所数的内容：代码、名称、单位和对应的表格单元。", ()),
    "metrics": ("代码表", _CODES_HELD, ("table", "unit", "mapping")),
    "changes": ("变化", "新收录、被更改、另外找到和不再存在的文件，附日期。", ("kind", "year")),
    "findings": ("问题", "读取、识别和核对时发现的问题，附规则与引文。", ("severity", "rule")),
    "rules": ("规则", "每条核对规则的级别、范围和依据。", ("severity", "scope")),
    "verdicts": ("规则结论", "每个文件对每条规则：符合、不符或无法判断及其原因。",
                 ("rule", "outcome")),
    "derived": ("推算值", "空白的合计格由各分项推算出的值；原格仍为空白，两者不混。", ()),
    "similarities": ("与上年文本相似度", "第一、五部分与同一机关上一份年报的相似度。",
                     ("section",)),
    "indicators": ("统计指标", "由年报数字计算的指标：定义、算式和依据。", ("level",)),
    "indicator_by_agency_year": ("统计指标（机关 × 年度）",
                                 "每个机关每年每项指标一行；分母为 0 或缺数字时为空值。",
                                 ("code", "year", "region_code")),
    "indicator_by_region_year": ("统计指标（地区 × 年度）",
                                 "分子、分母分别加总后计算；缺数字的年报不计入。",
                                 ("code", "year", "region_code")),
    "metric_comparable": ("两种格式可比的指标",
                          "2019、2021 两种格式按代码表对照；comparability 说明可比程度。",
                          ("comparability", "year")),
    "sites": ("网站", "采集的网站。", ()),
    "runs": ("采集记录", "每次采集一行。", ("site_id", "outcome")),
    "run_visits": ("访问记录", "每次采集访问过的每个地址。", ("status",)),
    "run_columns": ("栏目记录", "每次采集读到的每个栏目：条目数、页数和翻页方式。", ()),
    "run_acceptances": ("认可记录", "维护者认可其所见属实的采集，其后的采集与之比较。", ()),
    "events": ("地址的变故", "原网址失效、撤下、恢复或迁移，附日期和依据。", ("kind",)),
    "capture_history": ("存档的首见与末见",
                        "每个存档的回应：首次、最近一次给出的时刻，以及该地址最近一次核对的时刻。",
                        ("site_id",)),
    "captures": ("存档记录", "网站给出的每一个不同的回应。", ("site_id", "status")),
    "payloads": ("存档原件", "按 SHA-256 保存的原始字节。", ("format",)),
}  # fmt: skip

# Columns that mean the same in every table that has them: title, description.
_COMMON: dict[str, tuple[str, str]] = {
    "id": ("编号", "本库内部编号"),
    "agency_id": ("机关", "机关编号"),
    "agency_key": ("机关代码", "机关的稳定代码，用于网址（冒号写作短横）"),
    "agency": ("机关名称", "机关现用名称"),
    "region_code": ("行政区划代码", "县级以上行政区划代码"),
    "year": ("年度", "报告年度"),
    "title": ("标题", "报告所印标题"),
    "template": ("表格格式", "按表格结构判定：2019 或 2021"),
    "status": ("状态", "；".join(f"{code} {word.name}" for code, word in words.STATUSES.items())),
    "published": ("发布时间", "网页载明的发布时间"),
    "address": ("网址", "本站地址"),
    "code": ("单元格代码", "见代码表"),
    "table": ("表", "t2 表二、t3 表三、t4 表四"),
    "row_group": ("行组", "行标签上级，由外到内"),
    "row_label": ("行", "格式规定的行标签"),
    "column_label": ("列", "格式规定的列标签"),
    "row_code": ("行代码", "表内的行"),
    "column_code": ("列代码", "行内的列"),
    "unit": ("单位", "件、项、万元；unstated 表示格式未写明"),
    "value": ("数值", "原文的数字；空白、横线、未识别的格为空值，不是 0。单位见 unit"),
    "raw": ("原文", "所印字符"),
    "state": ("状态", "；".join(f"{code} {word.name}" for code, word in words.STATES.items())),
    "note": ("备注", "附注的文字，或未识别的原因"),
    "place": ("位置", "在文件中的位置：页与框（点）、元素路径或行号"),
    "digest": ("SHA-256", "原始字节的 SHA-256"),
    "format": ("文件格式", "html、pdf、docx、text 等，由内容判定"),
    "report_id": ("年报", "年报编号"),
    "document_id": ("文件", "文件编号"),
    "metric_id": ("指标", "代码表编号"),
    "site_id": ("网站", "网站代码"),
    "capture_id": ("存档", "存档记录编号"),
    "run_id": ("采集", "采集记录编号"),
    "url": ("原网址", "在原网站上的地址"),
    "role": ("角色", "article 正文网页；attachment 附件"),
    "parent_url": ("所在网页", "附件所在网页的地址"),
    "link_text": ("链接文字", "链接上的文字"),
    "column_path": ("栏目", "所在栏目，由外到内"),
    "is_current": ("现存", "最近一次采集时仍在该地址为 1"),
    "captured_at": ("存档时间", "收到回应的时刻（UTC）"),
    "content_type": ("声明类型", "网站声明的内容类型"),
    "size": ("大小", "字节数"),
    "name": ("名称", "名称"),
    "ordinal": ("序号", "条例第五十条各部分的顺序；其他表中为出现顺序"),
    "heading": ("标题", "所印小标题"),
    "text": ("文字", "正文；段落以换行分隔，表格以制表符分隔"),
    "rule": ("规则", "规则代码：E 不符，W 注意，I 说明"),
    "severity": ("级别", "error 不符；warning 注意；info 说明"),
    "message": ("内容", "问题说明"),
    "message_en": ("英文内容", "问题说明的英文；读取、识别阶段的问题没有英文"),
    "scope": ("范围", "report 单份年报；series 多份年报之间"),
    "outcome": ("结论", "passed 符合；failed 不符；not_judged 无法判断"),
    "formula": ("算式", "由哪些单元格算出"),
    "numerator": ("分子", "分子"),
    "denominator": ("分母", "分母；空值表示没有分母或缺数字"),
    "indicator": ("指标", "指标名称"),
    "quote": ("引文", "依据的原文"),
    "measure": ("指标", "所数的内容，见指标表；空值表示表中没有合适的指标"),
    "section": ("部分", "所在部分的序号"),
    "period": ("所指年度", "current 报告年度；previous 上一年度；other 其他年份、多年累计或计划"),
    "offset": ("起点", "在该部分正文中的字符位置，从 0 起"),
    "length": ("长度", "所占字符数"),
    "shown": ("所示", "本站显示的那个文件为 1"),
}
# Columns with a meaning of their own in one table.
_OWN: dict[str, tuple[str, str]] = {
    "changes.kind": ("变化", "；".join(f"{c} {word.name}" for c, word in words.CHANGES.items())),
    "changes.changed_at": ("时间", "首次存到新内容，或首次发现地址失效的时刻（UTC）；空值表示不详"),
    "changes.other_url": ("新网址", "迁移后的地址；仅用于 moved"),
    "changes.earlier_document_id": ("原来的文件", "同一地址此前给出的文件；仅用于 edited"),
    "agencies.key": ("机关代码", "机关的稳定代码"),
    "agencies.type": ("类型", "；".join(f"{c} {n}" for c, n in words.AGENCY_TYPES.items())),
    "agencies.area_code": ("统计区划代码", "乡镇街道的统计用区划代码"),
    "agencies.basis": ("依据", "身份的依据"),
    "agency_names.kind": ("名称类别", "正式名称、别称、曾用名等"),
    "agency_names.first_year": ("起始年度", "名称最早使用的报告年度；空值表示不详"),
    "agency_names.last_year": ("截止年度", "名称最后使用的报告年度；空值表示仍在使用或不详"),
    "capture_history.first_seen": ("首见", "首次给出这些字节的时刻（UTC）"),
    "capture_history.last_seen": ("末见", "最近一次给出这些字节的时刻（UTC）"),
    "capture_history.last_checked": ("最近核对", "该地址最近一次有回应的时刻（UTC）"),
    "captures.status": ("HTTP 状态", "HTTP 状态码"),
    "captures.etag": ("ETag", "网站给出的版本标识"),
    "captures.last_modified": ("Last-Modified", "网站声明的修改时间"),
    "captures.location": ("转向地址", "重定向的目标"),
    "captures.headers": ("回应头", "回应头全文（JSON）"),
    "captures.referrer": ("来自", "发现该地址的网页"),
    "captures.warc_file": ("WARC 文件", "所在 WARC 文件"),
    "captures.warc_offset": ("WARC 位置", "记录起点，字节"),
    "captures.warc_length": ("WARC 长度", "记录长度，字节"),
    "contacts.office": ("机构", "公开工作机构名称"),
    "contacts.address": ("地址", "所印地址"),
    "contacts.postcode": ("邮编", "所印邮政编码"),
    "contacts.phone": ("电话", "所印电话"),
    "contacts.fax": ("传真", "所印传真"),
    "contacts.email": ("电子邮箱", "所印邮箱"),
    "contacts.website": ("网站", "所印网址"),
    "documents.agency_printed": ("所印机关", "标题或正文中的机关名称"),
    "documents.period_start": ("统计起始", "统计期限第一天"),
    "documents.period_end": ("统计截止", "统计期限最后一天"),
    "documents.signed": ("落款日期", "落款日期"),
    "documents.preamble": ("前言", "标题与第一部分之间的文字"),
    "documents.reader": ("读取版本", "读取程序的版本"),
    "figures.kind": ("类别", "count 计数；amount 金额；rate 比率；approximate 约数；norm 规定"),
    "figures.clause": ("分句", "所在分句"),
    "figures.part_of": ("所属总数", "所属总数的序号；空值表示没有印出总数"),
    "figures.ratio": ("比率算法", "share 占比：分子÷分母；change 变化：（分子－分母）÷分母"),
    "figures.numerator": ("分子", "旁边作分子的数字的序号；变化时为后一年"),
    "figures.denominator": ("分母", "旁边作分母的数字的序号；变化时为前一年"),
    "measures.code": ("指标代码", "英文代码"),
    "measures.label": ("指标", "中文名称"),
    "measures.units": ("单位", "常用单位，以竖线分隔；是否 表示只有是与否"),
    "measures.counts": ("含义", "数的是什么"),
    "measures.cells": ("对应单元格", "应与之相符的统计表单元格代码，以竖线分隔，多个则相加"),
    "statements.value": ("值", "0 表示零；是否类指标 0 表示否，1 表示是"),
    "metrics.value_type": ("取值", "int 整数；signed_int 可为负；decimal 小数"),
    "metrics.is_total": ("总计", "总计格为 1"),
    "metrics.order_2019": ("2019 格式次序", "在 2019 年格式该表中的次序"),
    "metrics.order_2021": ("2021 格式次序", "在 2021 年格式该表中的次序"),
    "metrics.law_basis": ("法律依据", "《政府信息公开条例》条款"),
    "metrics.maps_to": ("对应代码", "另一格式中对应的代码或算式"),
    "metrics.mapping": (
        "对应关系",
        "same 相同；derived 可推算；part 部分；approximate 近似；none 无",
    ),
    "payloads.format": ("内容类型", "由字节判定"),
    "report_overview.errors": ("不符", "级别为“不符”的问题数"),
    "report_overview.warnings": ("注意", "级别为“注意”的问题数"),
    "report_overview.notes": ("说明", "级别为“说明”的问题数"),
    "report_overview.sources": ("来源数", "各种形式的出处总数"),
    "rules.id": ("规则", "规则代码：E 不符，W 注意，I 说明"),
    "rules.title": ("名称", "规则要求的是什么"),
    "rules.source": ("依据", "条款、通知或格式上的说明"),
    "verdicts.reason": ("原因", "无法判断的原因"),
    "derived.value": ("推算值", "各分项之和"),
    "similarities.section": ("部分", "所在部分的序号"),
    "similarities.earlier_report_id": ("上一份年报", "所比较的年报编号"),
    "similarities.value": ("相似度", "相同文字片段的比例，0 至 1"),
    "indicators.code": ("指标代码", "英文代码"),
    "indicators.definition": ("定义", "指标的含义"),
    "indicators.numerator": ("分子", "单元格代码；* 表示一组行"),
    "indicators.denominator": ("分母", "单元格代码；空表示没有分母"),
    "indicators.level": ("层次", "report 每份年报；text 两年文本；region 地区"),
    "indicators.unit": ("单位", "计数的单位；比率为空"),
    "indicators.basis": ("依据", "采用这一算法的机关或研究；推定表示本站推定"),
    "indicator_by_agency_year.code": ("指标代码", "见统计指标表"),
    "indicator_by_agency_year.value": ("数值", "比率为小数；分母为 0 或缺数字时为空值"),
    "indicator_by_agency_year.unit": ("单位", "计数的单位；比率为空"),
    "indicator_by_region_year.code": ("指标代码", "见统计指标表"),
    "indicator_by_region_year.value": ("数值", "比率为小数；分母为 0 时为空值"),
    "indicator_by_region_year.unit": ("单位", "计数的单位；比率为空"),
    "indicator_by_region_year.reports": ("年报数", "计入的年报份数"),
    "metric_comparable.comparability": (
        "可比程度",
        "same 同一项；derived 由分项相加；approximate 口径相近，不完全相同",
    ),
    "documents.content_digest": (
        "内容摘要",
        "规范化文字和单元格的 SHA-256；字节变了而内容未变时相同",
    ),
    "events.kind": ("变故", "missing 未见；removed 次日确认已撤下；restored 恢复；moved 迁移"),
    "events.happened_at": ("时间", "首次发现的时刻（UTC）"),
    "events.cause": ("依据", "HTTP 状态、页面提示、跳转或不再列出"),
    "events.other_url": ("新网址", "迁移后的地址；仅用于 moved"),
    "run_acceptances.accepted_at": ("认可时间", "UTC"),
    "run_columns.name": ("栏目", "栏目名称"),
    "run_columns.items": ("条目数", "各页条目合计"),
    "run_columns.pages": ("页数", "读到的页数"),
    "run_columns.pager": ("翻页方式", "翻页脚本的形式；空表示没有"),
    "run_visits.warc_file": ("WARC 文件", "该次回应所在的文件"),
    "run_visits.warc_offset": ("WARC 位置", "记录起点（字节）"),
    "run_visits.warc_length": ("WARC 长度", "记录长度（字节）"),
    "run_visits.visited_at": ("访问时间", "UTC"),
    "run_visits.status": ("HTTP 状态", "HTTP 状态码；0 表示没有回应"),
    "runs.started_at": ("开始", "UTC"),
    "runs.finished_at": ("结束", "UTC"),
    "runs.outcome": ("结果", "；".join(f"{code} {name}" for code, name in words.OUTCOMES.items())),
    "runs.reason": ("原因", "中止的原因"),
    "runs.counts": ("计数", "各阶段计数（JSON）"),
    "sites.region_name": ("地区", "所属地区简称"),
    "sites.region_parents": ("上级地区", "由外到内（JSON）"),
    "sites.home": ("首页", "网站首页"),
    "sites.hosts": ("主机名", "现用与曾用主机名"),
    "source_details.document_status": ("文件状态", "该文件的读取状态"),
    "source_details.http_status": ("HTTP 状态", "HTTP 状态码"),
}


def _key_figure(column: str) -> tuple[str, str] | None:
    title = words.KEY_FIGURES.get(column)
    if title is None:
        return None
    codes = [KEY_FIGURES[column]] if column in KEY_FIGURES else SUMS[column]
    unit = metrics()[codes[0]].unit
    formula = " + ".join(codes)
    parts = "；任一项为空值则为空值" if len(codes) > 1 else ""
    only = "；仅 2021 年格式" if metrics()[codes[0]].order_2019 is None else ""
    if column == "other":
        only = "；原文只印一行时取 t3_other_total__total"
    return title, f"{formula}，单位：{unit}{parts}{only}"


def column_words(table: str, column: str) -> tuple[str, str]:
    """Return title and description of a column.

    Raises:
        KeyError: the column has no words yet; add them here.

    """
    if found := _OWN.get(f"{table}.{column}"):
        return found
    if table == "report_overview" and (figure := _key_figure(column)):
        return figure
    return _COMMON[column]


def column_title(table: str, column: str) -> str:
    """Return the Chinese title of a column for a table's head; Datasette's own stay as they are."""
    if column in ("Link", "rowid"):
        return "打开"
    return column_words(table, column)[0]


def table_title(table: str) -> str:
    """Return the Chinese title of a table or view."""
    return TABLES[table][0] if table in TABLES else table


def describe(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return Datasette's metadata for all tables and views of a database.

    Raises:
        KeyError: a table or column of the schema has no words here.

    """
    tables: dict[str, Any] = {}
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
    ).fetchall():
        if name in CLOSED_TABLES:
            tables[name] = {"hidden": True}
            continue
        title, description, facets = TABLES[name]
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info([{name}])")]
        tables[name] = {
            "title": title,
            "description": description,
            "columns": {
                column: "：".join(column_words(name, column)) for column in columns
            },
            "facets": list(facets),
            "source": words.SOURCE,
            "license": words.LICENSE,
        }  # fmt: skip
    tables["agencies"]["label_column"] = "name"
    tables["reports"]["label_column"] = "title"
    tables["documents"]["label_column"] = "title"
    tables["metrics"]["label_column"] = "code"
    tables["measures"]["label_column"] = "label"
    tables["sites"]["label_column"] = "name"
    return {
        "title": words.SITE_TITLE,
        "description": "政府信息公开工作年度报告的存档与数据。",
        "source": words.SOURCE,
        "license": words.LICENSE,
        "databases": {
            "nianbao": {
                "title": "数据",
                "description": "全部数据表。每张表都可以筛选、排序，并以 JSON 或 CSV 取走。",
                "source": words.SOURCE,
                "license": words.LICENSE,
                "tables": tables,
            }
        },
    }
