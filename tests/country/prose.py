"""Prose of invented reports: sentences put together anew for each body and year."""

from __future__ import annotations

import random

from tests.country.places import words

_SUBJECTS = words(
    "低保 信访 行政许可 义务教育 医疗卫生 环境保护 安全生产 征地补偿 财政预决算 扶贫资金 "
    "食品药品监管 就业创业 住房保障 公共文化 交通运输 水利建设 养老服务 城乡规划 招商引资 乡村振兴 "
    "政府采购 重大项目 行政处罚 权责清单 人事任免 应急预案 惠民补贴 营商环境"
)
_DONE = words(
    "及时发布 主动公开 全面梳理 规范管理 重点推进 认真落实 不断完善 持续优化 集中整理 动态调整"
)
_WHERE = words(
    "通过政府门户网站 利用政务新媒体 依托政务服务大厅 在公示栏 通过新闻发布会 以图解形式 以问答形式"
)
_WHO = words("群众 企业 申请人 服务对象 基层单位 各股室 干部职工 新闻媒体 人大代表和政协委员")
_WHY = words("取得了成效 得到认可 提高了透明度 保障了知情权 收到良好反响 为决策提供了依据")
_BAD = words("信息更新不够及时 解读形式单一 业务能力不足 公开内容不够全面 栏目设置不够合理")
_FIX = words("加强业务培训 健全工作机制 丰富公开形式 明确责任分工 强化督促检查 加大考核力度")


def sentence(dice: random.Random, year: int, agency: str) -> str:
    """Return one sentence."""
    one, other = dice.sample(_SUBJECTS, 2)
    where, done, who, why = map(dice.choice, (_WHERE, _DONE, _WHO, _WHY))
    kind = dice.randrange(6)
    if kind == 0:
        return f"{year}年，{agency}{where}{done}{one}信息{dice.randrange(1, 900)}条，{why}。"
    if kind == 1:
        return f"围绕{one}、{other}等{who}关心的事项，{where}{done}相关信息。"
    if kind == 2:
        return f"组织{who}开展{one}培训{dice.randrange(1, 12)}次，参加{dice.randrange(9, 400)}人。"
    if kind == 3:
        return f"对照条例要求，{done}{one}领域信息公开目录{dice.randrange(1, 90)}项，{why}。"
    if kind == 4:
        return f"{where}回应{who}关于{one}的咨询{dice.randrange(1, 300)}次。"
    return f"{done}{one}和{other}，{why}，{dice.choice(_FIX)}。"


def paragraph(seed: str, year: int, agency: str, sentences: int) -> str:
    """Return a paragraph; another seed gives another one."""
    dice = random.Random(seed)
    return "".join(sentence(dice, year, agency) for _ in range(sentences))


def problems(seed: str) -> str:
    """Return what section five says."""
    dice = random.Random(seed)
    bad, fix = dice.sample(_BAD, 2), dice.sample(_FIX, 2)
    return f"主要问题：{'；'.join(bad)}。改进情况：{'；'.join(fix)}。"
