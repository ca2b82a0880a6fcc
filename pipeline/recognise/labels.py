"""Labels: how printed words are compared with the words of the official form."""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz import fuzz

from pipeline.recognise.memory import remembered

_BRACKETED_NUMERAL = re.compile(r"\([一二三四五六七八九十]{1,2}\)")
_LEADING_NUMERAL = re.compile(
    r"^(?:[一二三四五六七八九十]{1,2}[、.,:]|\d{1,2}[、.,:)](?!\d)|\d{1,2}(?=[^\d.]))"
)
_BRACKETS = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]")
_NOT_WORD = re.compile(r"[\W_]+")
HAN = re.compile(r"[\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff]")
# NFKC folds Kangxi radicals and compatibility ideographs, but not the radicals beside them that
# fonts of PDF files give for whole characters, nor traditional characters.
_RADICALS = "⺟⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳"
_WHOLE = "母民虎西见角贝车长长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟"
_TRADITIONAL = (
    "總計開請數業機構組織務處訴訟復複議結維糾審規許強費單額廢製發現內對為關於屬國執檔類過報"
    "舉補確認獲轉續繼辦項應據穩級無當書類個環會經達質標體間負擔違條網產資訊與術購買團領導門"
)
_SIMPLE = (
    "总计开请数业机构组织务处诉讼复复议结维纠审规许强费单额废制发现内对为关于属国执档类过报"
    "举补确认获转续继办项应据稳级无当书类个环会经达质标体间负担违条网产资讯与术购买团领导门"
)
_FOLDS = str.maketrans(_RADICALS + _TRADITIONAL, _WHOLE + _SIMPLE)
INVISIBLE = re.compile(r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


@remembered(20_000)
def plain(text: str) -> str:
    """Return text NFKC-folded, in simple characters and without any white space."""
    if text.isascii():
        return "".join(text.split())
    folded = INVISIBLE.sub("", unicodedata.normalize("NFKC", text).translate(_FOLDS))
    return "".join(folded.split())


@remembered(20_000)
def key(text: str) -> str:
    """Return the words of a label without numbering, punctuation and white space.

    "（三）不予 公开" and "不予公开" have one key, "其他处理（六）" and "（六）其他处理" too:
    extraction swaps and drops the numbers, so they can't carry meaning.
    """
    folded = _BRACKETED_NUMERAL.sub("", plain(text))
    folded = _LEADING_NUMERAL.sub("", folded)
    return _NOT_WORD.sub("", folded).lower()


@remembered(20_000)
def short_key(text: str) -> str:
    """Return the key without what stands in brackets (local explanations, remarks)."""
    folded = _BRACKETED_NUMERAL.sub("", plain(text))
    folded = _LEADING_NUMERAL.sub("", folded)
    return _NOT_WORD.sub("", _BRACKETS.sub("", folded)).lower()


def _ratio(a: str, b: str) -> float:
    return fuzz.ratio(a, b) / 100


# Reports print nearly the same labels, so most pairs were met in a report before.
@remembered(50_000)
def similarity(printed: str, official: str) -> float:
    """Return how well a printed label fits an official one, 0 to 1.

    1 is equal after folding. A label cut by a page break or a stray rule, of which at least four
    characters are left at its beginning or end, fits with 0.8.
    """
    a, b = key(printed), key(official)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    short_a, short_b = short_key(printed), short_key(official)
    if short_a and short_a == short_b:
        return 0.99
    best = max(_ratio(a, b), _ratio(short_a, short_b) if short_a and short_b else 0.0)
    if len(a) >= 4 and (b.startswith(a) or b.endswith(a)):
        best = max(best, 0.8)
    return best


@remembered(20_000)
def best_similarity(printed: str, officials: tuple[str, ...]) -> float:
    """Return the best fit of a printed label over a label and its aliases."""
    return max((similarity(printed, official) for official in officials), default=0.0)


def has_han(text: str) -> bool:
    """Tell whether a text holds Chinese characters."""
    return HAN.search(text) is not None
