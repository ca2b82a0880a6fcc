"""One seed, one file, one set of answers."""

from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace

from archive.codebook import Template, template_metrics
from tests.mutants import elsewhere, hostile, labels, spans, traps
from tests.mutants.figures import OTHER, figures, print_figures
from tests.mutants.model import Draft, Mutant, Sheet, delete_row
from tests.mutants.write_docx import write_docx
from tests.mutants.write_html import write_html
from tests.mutants.write_pdf import write_pdf
from tests.mutants.write_scan import write_scan
from tests.mutants.write_text import write_grid_text, write_lines
from tests.replica.grids import Slot, grids

FORMATS = ("html", "docx", "pdf", "tabs", "pipes", "spaces")
SCANS = ("scan200", "scan150")
"""Pictures of pages at so many dots per inch: apart, as reading them takes seconds."""
_WRITERS = {
    "html": write_html,
    "docx": write_docx,
    "pdf": write_pdf,
    **dict.fromkeys(SCANS, write_scan),
    "tabs": write_grid_text,
    "pipes": write_grid_text,
    "spaces": write_lines,
}
LAYOUTS = traps.TRAPS | elsewhere.ELSEWHERE
_NARROW = str.maketrans("０１２３４５６７８９．＋", "0123456789.+")
_PAPER = str.maketrans("－−", "--")
# Without a grid a changed structure is no longer the document's but the tool's.
_STRUCTURE = {
    "html": (*spans.MUTATIONS, *spans.HTML_ONLY),
    "docx": tuple(spans.MUTATIONS),
    "pdf": tuple(spans.MUTATIONS),
    **dict.fromkeys(SCANS, tuple(spans.MUTATIONS)),
    "tabs": ("extra-label", "cut-three", "cut-two", "note-row", "empty-row", "head-again"),
    "pipes": ("extra-label", "cut-three", "cut-two", "note-row", "empty-row", "group-unmerged"),
    "spaces": ("note-row",),
}


def make(seed: str, form: str, trap: str | None = None, layout: str | None = None) -> Mutant:
    """Return the mutant of a seed in a format of ``FORMATS``; the same bytes every time.

    Args:
        seed: any text.
        form: format of the file.
        trap: name of the change of ``hostile.MUTATIONS`` to make; None lets chance decide.
        layout: name of the change of ``LAYOUTS`` to make; None for none.
    """
    rng = random.Random(f"{seed} {form}")
    template: Template = rng.choice(("2019", "2021", "2021"))
    collapsed = template == "2021" and rng.random() < 0.2
    printed, way = print_figures(rng, figures(rng, template, collapsed=collapsed))
    if form == "pdf" or form in SCANS:
        # The font of the tests has no full-width digits.
        printed = {c: replace(p, text=p.text.translate(_NARROW)) for c, p in printed.items()}
    if form in SCANS:
        # On paper a wide hyphen is a dash, and a minus sign a hyphen.
        alike = {"－": "—", "−": "-"}
        printed = {
            c: replace(p, text=alike.get(p.text) or p.text.translate(_PAPER))
            for c, p in printed.items()
        }
    two, three, four = _sheets(template, printed, collapsed=collapsed)
    draft = Draft(rng, form, template, printed, [two], [three], [four], [template, way])
    if collapsed:
        draft.kinds.append("collapsed-six")
    if trap is None and rng.random() < 0.35:
        trap = rng.choice(tuple(hostile.MUTATIONS))
    if trap is not None:
        draft.kinds.append(trap)
        hostile.MUTATIONS[trap](draft)
    change = layout is not None and _possible(layout, draft)
    if change and layout in traps.TRAPS:
        draft.kinds.append(layout)
        traps.TRAPS[layout](draft)
    for name, mutate in labels.MUTATIONS.items():
        usual = name in {"aliases", "broken-heads", "note-cell"}
        # The font of the tests lacks most of these characters.
        paper = form == "pdf" or form in SCANS
        if rng.random() < (0.4 if usual else 0 if paper else 0.12):
            draft.kinds.append(name)
            mutate(draft)
    share = rng.choice((0, 0.1, 0.25))
    for name in _STRUCTURE[form]:
        if rng.random() < share:
            draft.kinds.append(name)
            (spans.MUTATIONS | spans.HTML_ONLY)[name](draft)
    if change and layout in elsewhere.ELSEWHERE:
        # What a program does to a finished table.
        draft.kinds.append(layout)
        elsewhere.ELSEWHERE[layout](draft)
    data = _WRITERS[form](draft, _blocks(draft))
    told = {c: p for c, p in draft.printed.items() if c[0] != "~" and c not in draft.absent}
    return Mutant(seed, form, data, told, frozenset(draft.untold), tuple(draft.kinds))


def _possible(layout: str, draft: Draft) -> bool:
    """Tell whether a change of the layout is made: with a grid, and not upon another change."""
    if set(draft.kinds) & set(hostile.MUTATIONS):
        return False
    if layout in elsewhere.ONLY:
        return draft.format in elsewhere.ONLY[layout]
    return layout not in traps.LAYOUT or draft.format in {"html", "docx", "pdf"}


def _sheets(template: Template, printed, *, collapsed: bool) -> list[Sheet]:
    texts = {code: cell.text for code, cell in printed.items()}
    cells = {m.code: texts.get(m.code, "") for m in template_metrics(template)}
    report = SimpleNamespace(template=template, labels={}, cells=cells, slug="mutant")
    found = [Sheet(g.name, list(g.slots), list(g.widths), g.head_rows) for g in grids(report)]
    if collapsed:
        _collapse(found[1], texts)
    return found


def _collapse(sheet: Sheet, texts: dict[str, str]) -> None:
    """Print （六）其他处理 in one row."""
    places = {s.code: s for s in sheet.slots if s.code}
    row = places[f"t3_{OTHER[0]}__total"].row
    values = [s for s in sheet.slots if s.row == row and s.code]
    sheet.slots = [
        s for s in sheet.slots if not (row <= s.row < row + 3 and (s.code or s.column > 0))
    ]
    sheet.slots.append(Slot("（六）其他处理", row, 1, columns=2))
    for s in values:
        code = str(s.code).replace(OTHER[0], "other_total")
        sheet.slots.append(Slot(texts[code], row, s.column, code=code))
    delete_row(sheet, row + 2)
    delete_row(sheet, row + 1)


def _blocks(draft: Draft) -> list[str | Sheet]:
    year = 2020 if draft.template == "2019" else 2022
    between = draft.rng.choice(([], ["（续表）"], ["单位：件"]))
    blocks: list[str | Sheet] = [
        f"示例县财政局{year}年政府信息公开工作年度报告",
        f"现公布{year}年政府信息公开工作年度报告，统计期限自{year}年1月1日至12月31日。",
        "一、总体情况",
        "全年主动公开政府信息128条，收到申请3件，均按期答复。",
        "二、主动公开政府信息情况",
        *draft.two,
        "三、收到和处理政府信息公开申请情况",
    ]
    if draft.joined:
        # One grid holds both tables, so that the heading can only stand behind it.
        blocks.pop()
    for number, sheet in enumerate(draft.three):
        blocks += [*(between if number else []), sheet]
    if draft.joined:
        blocks.append("三、收到和处理政府信息公开申请情况")
    blocks += ["四、政府信息公开行政复议、行政诉讼情况", *draft.four]
    blocks += [
        "五、存在的主要问题及改进情况",
        "公开内容还不够丰富，下一步将加强培训。",
        "六、其他需要报告的事项",
        "本年度没有收取信息处理费。",
    ]
    return blocks
