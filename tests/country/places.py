"""Counties and their bodies; the same number always gives the same place."""

from __future__ import annotations

from dataclasses import dataclass

from archive.runs import Site
from archive.synthetic import PREFIX


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


_FIRST = words(
    "云 临 柳 石 沙 青 白 红 东 南 西 江 北 长 平 永 安 丰 清 金 银 龙 凤 高 古 宁 和 泰 兴 双"
)
_SECOND = words(
    "溪 川 渡 桥 河 山 水 旗 湖 岭 原 和 泽 泉 坪 潭 台 城 阳 阴 浦 陵 洲 塘 冈 谷 峰 津 源 林"
)
_THIRD = ["", *words("上 下 前 后 左 右 新 大 小 中 外 内")]
DEPARTMENTS = words(
    "人民政府办公室 发展和改革局 教育局 科学技术局 工业和信息化局 公安局 民政局 司法局 财政局 "
    "人力资源和社会保障局 自然资源局 生态环境局 住房和城乡建设局 交通运输局 水务局 农业农村局 "
    "商务局 文化和旅游局 卫生健康委员会 退役军人事务局 应急管理局 审计局 市场监督管理局 统计局 "
    "医疗保障局 信访局 乡村振兴局 行政审批服务局 城市管理局 林业和草原局"
)
TOWNS = words(
    "城关镇 河西镇 新华镇 柔川镇 石坝镇 永丰镇 太平镇 大桥镇 三合镇 双塘镇 马场镇 白沙镇 "
    "东升乡 南坪乡 西坪乡 北坪乡 红星乡 前进乡 民乐乡"
)
BODIES = (*DEPARTMENTS, *TOWNS)


@dataclass(frozen=True, slots=True)
class County:
    """A county.

    Args:
        number: from 0; at most 9,999 counties have a code.

    """

    number: int

    @property
    def code(self) -> str:
        """Six digits; 99 stands for no province."""
        return f"99{self.number:04d}"

    @property
    def name(self) -> str:
        """Short name, different for each county."""
        number, first = divmod(self.number, len(_FIRST))
        third, second = divmod(number, len(_SECOND))
        return f"虚构{_THIRD[third]}{_FIRST[first]}{_SECOND[second]}县"

    @property
    def host(self) -> str:
        """Host of its site; .test is never resolved (RFC 6761)."""
        return f"www.county-{self.number:04d}.test"

    @property
    def site(self) -> Site:
        """Its site, as the archive has it."""
        home = f"http://{self.host}/"
        name = f"{self.name}人民政府（虚构）"
        site_id = f"{PREFIX}{self.number:04d}"
        return Site(site_id, name, self.code, self.name, (), home, (self.host,))

    def agency(self, place: int) -> str:
        """Return the name of a body, 0 to 48."""
        return f"{self.name}{BODIES[place]}"
