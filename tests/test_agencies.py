"""One body is one identity, whatever it calls itself, and never two bodies one."""

from __future__ import annotations

import pytest

from archive.agencies import REGIONS, Region, identify, register

ZHONGWEI, SHAPOTOU = REGIONS
COUNTY = Region("990000", "示例县", ("示例省", "示例市"))


@pytest.mark.parametrize(
    ("printed", "home", "key"),
    [
        ("沙坡头区柔远镇人民政府", SHAPOTOU, "640502103:township"),
        ("中卫市沙坡头区柔远镇", None, "640502103:township"),
        ("柔远镇", SHAPOTOU, "640502103:township"),
        ("沙坡头区人民政府办公室", None, "640502:government_office"),
        ("中卫市沙坡头区人民政府办公室", ZHONGWEI, "640502:government_office"),
        ("区政府办公室", SHAPOTOU, "640502:government_office"),
        ("市信访局", ZHONGWEI, "640500:xinfang"),
        ("中卫市信访局", SHAPOTOU, "640500:xinfang"),
        ("信访局", SHAPOTOU, "640502:信访局"),
        ("沙坡头区", SHAPOTOU, "640502:government"),
        ("区财政局", SHAPOTOU, "640502:财政局"),
        ("财政局", ZHONGWEI, "640500:finance"),
        ("示例市示例县财政局", COUNTY, "990000:财政局"),
        ("县财政局", COUNTY, "990000:财政局"),
        ("滨河镇", COUNTY, "990000:滨河镇"),
        ("滨河镇人民政府", COUNTY, "990000:滨河镇"),
        ("淮安市洪泽区人民政府", SHAPOTOU, "name:淮安市洪泽区人民政府"),
        ("城市管理局", SHAPOTOU, "640502:城市管理局"),
        ("社区服务中心", SHAPOTOU, "640502:社区服务中心"),
        ("市场监督管理局", SHAPOTOU, "640502:市场监督管理局"),
        ("滨河镇人民政府", None, "name:滨河镇人民政府"),
        ("淮安市人民政府", None, "name:淮安市人民政府"),
    ],
)
def test_identity(printed, home, key):
    assert identify(printed, home).key == key


def test_a_learned_agency_has_one_name_however_it_was_printed():
    names = {
        identify(n, COUNTY).name for n in ("滨河镇", "示例县滨河镇人民政府", "示例市示例县滨河镇")
    }
    assert names == {"示例市示例县滨河镇人民政府"}


def test_the_register_holds_verified_agencies_only():
    keys = [agency.key for agency in register()]
    assert len(keys) == len(set(keys))
    assert not any("?" in key for key in keys)
