"""A profile is data; what is wrong with one is said by file, key and expectation."""

from __future__ import annotations

import pytest

from archive.agencies import Region, identify
from crawler.profile import Profile, ProfileError, RegionProfile, bundled, load, parse

SMALL = """
id = "xian"
name = "示例县人民政府"
hosts = ["www.xian.test"]
entries = ["https://www.xian.test/"]
region = {code = "990000", name = "示例县"}
"""


def test_five_lines_are_enough():
    profile = parse(SMALL, "xian.toml")
    assert profile.all_hosts == ("www.xian.test",)
    assert profile.site().home == "https://www.xian.test/"
    assert profile.delay >= 1


def test_bundled_profiles_are_the_two_sites():
    assert bundled() == ("nxzw", "spt")
    nxzw = load("nxzw")
    assert nxzw.hosts == ("www.nxzw.gov.cn",)
    assert nxzw.former_hosts == ("www.nxzww.gov.cn",)


@pytest.mark.parametrize("name", bundled())
def test_expected_agencies_are_known_to_the_register(name):
    profile = load(name)
    region = Region(profile.region.code, profile.region.name, profile.region.parents)
    for agency in profile.expected_agencies:
        assert identify(agency, region).basis == "register", agency


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "xian"', "", ["id", "Field required", "Short name of the site"]),
        ('id = "xian"', 'id = "Xian 1"', ["id"]),
        ('"990000"', '"99"', ["region.code", "Six-digit"]),
        ('["www.xian.test"]', '["https://www.xian.test/"]', ["hosts", "host name"]),
        ("https://www.xian.test/", "https://other.test/", ["entries", "other.test"]),
        ("https://www.xian.test/", "www.xian.test/", ["entries", "http://"]),
        ('name = "示例县人民政府"', 'name = "示例县"\ncolour = "red"', ["unknown key colour"]),
        (
            'name = "示例县人民政府"',
            'name = "示例县"\nreport_text = "("',
            ["report_text", "regular"],
        ),
        ('name = "示例县人民政府"', 'name = "示例县"\ndelay = 0', ["delay", "Seconds"]),
        ('id = "xian"', "id = xian", ["not TOML"]),
    ],
)
def test_errors_name_file_key_and_expectation(old, new, words):
    with pytest.raises(ProfileError) as caught:
        parse(SMALL.replace(old, new), "xian.toml")
    message = str(caught.value)
    assert message.startswith("xian.toml")
    for word in words:
        assert word in message


def test_missing_file_names_the_bundled_ones():
    with pytest.raises(ProfileError, match="nxzw, spt"):
        load("nowhere.toml")


def test_every_key_is_documented():
    for model in (Profile, RegionProfile):
        for name, field in model.model_fields.items():
            assert field.description, name
