"""Words around numbers: what makes one a date, a name, a limit or a result."""

from __future__ import annotations

import re

# Longest first within the alternation, so that 人次 is not read as 人.
UNITS = sorted(
    {"人次", "人份", "件次", "条次", "批次", "场次", "户次", "台次", "期次", "班次", "课时", "学时"}
    | {
        "个百分点",
        "百分点",
        "个工作日",
        "工作日",
        "个小时",
        "小时",
        "分钟",
        "个月",
        "天",
        "日",
        "周",
    }
    | {
        "平方米",
        "大类",
        "小类",
        "卷次",
        "平方公里",
        "公里",
        "公顷",
        "万元",
        "亿元",
        "千元",
        "美元",
        "元",
        "%",
        "‰",
        "倍",
        "岁",
    }
    | set(
        "个件条次人名篇期份项类种家户处场批轮部套台本册张块幅则起宗例位道座所门栏页字支辆吨亩米只对"
    )
    | set("组节卷枚面封通集档笔帧款分株头棵"),
    key=len,
    reverse=True,
)
UNIT = "|".join(re.escape(unit) + ("(?!之)" if unit == "分" else "") for unit in UNITS)
AMOUNTS = frozenset({"元", "千元", "万元", "亿元", "美元"})
RATES = frozenset({"%", "‰", "个百分点", "百分点", "倍"})
TIMES = frozenset({"个工作日", "工作日", "个小时", "小时", "分钟", "个月", "天", "日", "周", "岁"})
MEASURED_TIME = re.compile(r"培训|学习|授课|时长|平均|累计|共计|缩短|压缩|减少|提前")
LIMIT = re.compile(
    r"(?:(?<!平均)每(?:个?(?:年度?|半年|季度?|月|周|日|天|旬|学期))|至少|最少|最多|不少于|不低于|不超过|不多于|"
    r"不高于|不得(?:少于|低于|超过))[^，。；,;]{0,10}$"
)
WITHIN = re.compile(r"(?:以内|之内|内)")

# Chinese numerals count only before these, and not in a name or an enumeration of topics.
_COUNTED = "人次|批次|场次|个|次|件|条|名|人|份|期|场|项|篇|处|家|批|轮|部|套|块|台|户|本"
_TOPICS = (
    "方面|层面|环节|维度|角度|阶段|问题|不足|短板|重点|关键|步骤|原则|意识|自信|维护|确立|坚持|统一|"
    "转变|突出|到位|必须|必查|严格|关系|大局|革命|全面|结合|优先|一百年|中心|工作日|月|小时|人员?以上|"
    "规定|制度|机制|措施|举措|任务|工作|要求|行动|工程|建设|改革|服务|基本|主要|核心|区分|最严|代表重要|"
    "[多专兼双]岗"
)
# 百 and more alone are numbers only where the words say that they are rounded: 百余件, 近千人.
_HAN_DIGIT = "一二两三四五六七八九十"
_NO_NUMBER_AFTER = "第每这那该上下前后头末再又同唯逐进有某任何零百千万亿数几之" + _HAN_DIGIT
HAN_NUMBER = re.compile(
    rf"(?P<number>[{_HAN_DIGIT}](?<![{_NO_NUMBER_AFTER}].)[零〇一二三四五六七八九十百千]*"
    rf"|[百千](?<![{_NO_NUMBER_AFTER}].)(?:(?=[余多])|(?<=[近约逾达].)))"
    rf"(?P<more>[余多]?)(?P<scale>[万亿]?)(?P<more2>[余多]?)(?P<unit>{_COUNTED})"
    rf"(?!{_TOPICS}|[{_HAN_DIGIT}])"
)
# 一 is more often an article than a count: it counts people, or closes its clause.
ONE_COUNTS = re.compile(
    r"(?:[名人](?!人)|(?:次|期|场|件|篇|份|条|家|处|项|批|部|套)(?=[，。；、,;）)]|$))"
)
# 第十三届人大四次会议 names a session.
SESSION = re.compile(r"届[^，。；]{0,10}$")
PERCENT_WORDS = re.compile(
    r"百分之(?P<number>[零〇一二三四五六七八九十百]+)(?:点(?P<decimals>[零〇一二三四五六七八九]+))?"
)

_D = r"(?<![\d.])"
_YEAR = r"(?:19|20)\d\d"
_HOTLINES = "12345|12388|12315|12348|12380|12337|12333|12366|12329|12328|12320|12318|12309"
# Every alternative below begins with one of these, which spares most positions the whole list.
_FIRST = r"(?=[\dA-Za-z《“\"‘〔﹝\[(（【第前电传邮热手Q微抖账代_.+])"
_NOT_RESULTS = re.compile(
    _FIRST
    + "(?:"
    + "|".join(
        (
            # addresses of pages and mail boxes, titles, short names in quotes
            r"https?[:：]//[^\s，。；）)>》]+|www\.[A-Za-z0-9./_-]+",
            r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9.-]+",
            r"《[^《》\n]{0,80}(?:《[^《》\n]{0,80}》[^《》\n]{0,80})*》",
            r"“[^“”\n]{0,12}”|\"[^\"\n]{0,12}\"|‘[^‘’\n]{0,12}’",
            # document numbers, ordinals
            rf"[〔﹝\[(（【]{_YEAR}[〕﹞\])）】]第?\d*号?",
            r"第\d+(?:[-—–~至到、]\d+)?|前\d+(?=[名位强])",
            # dates; those that lost 年 or 月 on their way are dates still
            rf"{_D}{_YEAR}[-./]\d{{1,2}}[-./]\d{{1,2}}日?",
            rf"{_D}{_YEAR}(?:[-—–~至到]{{1,2}}{_YEAR})?(?:年度?|版|[)）])",
            rf"{_D}{_YEAR}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?!\d|[余多千万亿]|{UNIT})",
            (
                r"(?<![\d.])(?:\d{1,2}[-—–~至到、和])?\d{1,2}月份?(?:\d{1,2}[日号])?"
                r"(?:[-—–~至到]{1,2}(?:\d{1,2}月)?\d{1,2}[日号])?"
            ),
            r"(?<![\d.])(?:\d{1,2}|\d{4,8})日(?!以?内|之内)",
            (
                r"(?<![\d.])(?:\d{1,4}[-—–~至到、和])?\d{1,4}"
                r"(?=年|周年|季度|届|中全会|版|世纪|年代|周?岁|[后](?:干|青|群|、|，))"
            ),
            r"\d{1,2}[:：]\d{1,2}(?:[:：]\d\d)?(?!\d)|(?<!\d)\d{1,2}[·•]\d{1,2}(?!\d)",
            r"(?<![\d.])\d{1,3}/\d{1,3}(?![\d/])",
            # addresses, telephones, codes
            r"(?<!\d)\d{1,12}号[-—]\d{1,3}|(?<!\d)\d{1,12}(?:[-—]\d{1,6}){0,3}(?=号|室|楼|层(?![次级面])|栋|幢|单元|弄|房间)",
            r"(?<!\d)[（(]?0\d{2,3}[）)]?[-—－– ]{0,3}\d{7,8}(?:[-—转]\d{1,8}){0,3}",
            r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)[48]00[-—]?\d{3,4}[-—]?\d{3,4}(?!\d)",
            (
                r"(?:电话|传真|邮编|邮政编码|热线|手机|QQ|微信号?|抖音号|账号|代码)[^，。；,;\d]{0,8}"
                r"[:：][\d\-—－–、/ ]+"
            ),
            r"(?:邮编|邮政编码|电话|传真|QQ群?)(?:号码?)?[为是]?\d{6,11}(?![\d件次条个人起])",
            rf"(?<!\d)(?:{_HOTLINES})(?!\d|余|多|{UNIT})",
            r"(?<!\d)(?:110|119|120|122)(?=[、”]|报警|联动|指挥|急救|接处警|出警|平台|热线|电话)",
            # names: 5G, H5, 2.0版, 1+N, 7×24
            r"(?<![\d.])\d{1,9}(?:\.\d{1,9}){0,3}(?=[A-Za-z])",
            rf"[A-Za-z]\d{{1,9}}(?:\.\d{{1,9}}){{0,3}}(?![\d.]|余|多|{UNIT})",
            r"(?<!\d)\d{1,4}(?=\+|[×xX*]\d)|(?<=[\dA-Za-z])\+\d{1,4}(?!\d)|\+\d{1,4}(?=[”\"）)])",
            # list marks: 1. 1、 （1） 1)
            r"(?:(?<=[。；;：:！？\n])|^)\d{1,2}(?=[、.．)）](?!\d))",
            r"[（(]\d{1,2}[）)]",
        )
    )
    + ")",
    re.MULTILINE,
)


def not_results(text: str) -> list[tuple[int, int]]:
    """Return the spans of a text whose numbers are dates, names, addresses and the like.

    Args:
        text: narrative with half-width digits.

    """
    return [match.span() for match in _NOT_RESULTS.finditer(text)]


def is_year(digits: str) -> bool:
    """Tell whether four bare digits read like a year."""
    return re.fullmatch(_YEAR, digits) is not None
