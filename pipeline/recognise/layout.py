"""Which statutory table does a row of a grid belong to? Decided by its words, row by row.

Real files cut one table into several, or put two into one grid; so the row, not the grid, is what
gets classified.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from pipeline.recognise.form import table2_rows, table3_columns, table3_rows, table4_leaf_labels
from pipeline.recognise.labels import best_similarity, key, plain
from pipeline.recognise.memory import remembered
from pipeline.recognise.numbers import looks_like_figure
from pipeline.recognise.rows import GridRow

Kind = Literal["t2_article", "t2_head", "t2_row", "t3_head", "t3_row", "t4_head", "data", "other"]

_ARTICLE = re.compile(r"第?二十条?第?\(?[一二三四五六七八九十]\)?项")
_T4_GROUPS = ("行政复议", "行政诉讼", "未经复议直接起诉", "复议后起诉")
_T4_LEAVES = ("结果维持", "结果纠正", "其他结果", "尚未审结")
_STRONG_T3 = tuple(
    dict.fromkeys(
        label
        for row in (*table3_rows("2021"), *table3_rows("2019"))
        for label in row.labels
        if len(key(label)) >= 4
    )
)
_T3_HEADS = ("勾稽关系", "申请人情况", "法人或其他组织")
GROUP_LABELS = ("不予公开", "无法提供", "不予处理", "其他处理", "本年度办理结果")


def classify(row: GridRow) -> Kind:
    """Return what a row of a grid is, by its label cells."""
    words = [plain(cell.text) for cell in row.cells if cell.text]
    if not words:
        return "other"
    labels = [cell.text for cell in row.label_cells()]
    figures = sum(looks_like_figure(cell.text) for cell in row.cells)
    if not labels:
        return "data" if figures else "other"
    joined = "".join(words)
    if _ARTICLE.search(joined) and len(joined) <= 24:
        return "t2_article"
    if "信息内容" in joined:
        return "t2_head"
    if any(group in joined for group in _T4_GROUPS) and "勾稽" not in joined and len(joined) <= 60:
        return "t4_head"
    if sum(joined.count(leaf) for leaf in _T4_LEAVES) >= 2 or _is_leaf_piece_row(words):
        return "t4_head"
    # Head cells that reach too far down do not make a head of a row of figures, nor one dash in
    # the blank corner of a head a row of figures of it.
    if figures < 2 and any(head in joined for head in _T3_HEADS):
        return "t3_head"
    heads = len({head for word in words for head in _column_heads(word)})
    if figures < 2 and heads >= (3 if figures else 2):
        return "t3_head"
    return _body_kind(labels)


@remembered(5_000)
def _column_heads(word: str) -> tuple[str, ...]:
    """Return the columns of table three that a word is the head of."""
    return tuple(c.code for c in table3_columns() if best_similarity(word, c.labels) >= 0.9)


@cache
def _leaves() -> tuple[str, ...]:
    return (*_T4_LEAVES, *table4_leaf_labels("总计"))


def _is_leaf_piece_row(words: list[str]) -> bool:
    # A head cell of table four that is split in two rows, or by the end of a page, leaves 结果,
    # 维持, 审结 … alone.
    return len(words) >= 4 and all(any(word in leaf for leaf in _leaves()) for word in words)


def _body_kind(labels: list[str]) -> Kind:
    first = labels[0]
    if any(best_similarity(first, names) >= 0.9 for names in table2_rows().values()):
        return "t2_row"
    last = labels[-1]
    strong = best_similarity(last, _STRONG_T3)
    if len(labels) >= 2:
        strong = max(strong, best_similarity("".join(labels[-2:]), _STRONG_T3))
    if strong >= 0.75 or best_similarity("".join(labels), GROUP_LABELS) >= 0.9:
        return "t3_row"
    if any(best_similarity(label, GROUP_LABELS) >= 0.9 for label in labels):
        return "t3_row"
    return "other"
