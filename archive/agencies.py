"""Who is who: agencies are identities, names are what they were called at a time.

The register holds what was verified; everything else is learned from the sites' own trees and the
reports' titles, under a key made of region and core name, and says so.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Region:
    """An administrative region.

    Args:
        code: six-digit code of GB/T 2260.
        name: short name, e.g. 沙坡头区.
        parents: names of the regions above it, outermost first.

    """

    code: str
    name: str
    parents: tuple[str, ...] = ()

    def prefixes(self) -> tuple[str, ...]:
        """Return every way in which a body's name can begin with this region, longest first."""
        chain = [*self.parents, self.name]
        whole = ["".join(chain[start:]) for start in range(len(chain))]
        return tuple(sorted({*whole, self.name}, key=len, reverse=True))


# Regions of the two sites; a profile brings its own.
NINGXIA = "宁夏回族自治区"
REGIONS = (
    Region("640500", "中卫市", (NINGXIA,)),
    Region("640502", "沙坡头区", (NINGXIA, "中卫市")),
)


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency.

    Args:
        key: identity, stable over changes of name: ``<region code>:<id>``.
        name: official name where verified, else as printed.
        type: government, government_office, department, township, mass_organisation, …
        region_code: six-digit code of its region; empty when unknown.
        area_code: nine-digit code of a township; empty otherwise.
        basis: what the identity rests on.
        aliases: other names.

    """

    key: str
    name: str
    type: str
    region_code: str
    area_code: str = ""
    basis: str = "register"
    aliases: tuple[str, ...] = ()


@cache
def register() -> tuple[Agency, ...]:
    """Return the verified agencies."""
    source = files("archive").joinpath("data/agencies.csv")
    with source.open(encoding="utf-8") as lines:
        return tuple(
            Agency(
                row["key"],
                row["name"],
                row["type"],
                row["region_code"],
                row["area_code"],
                "register",
                tuple(alias for alias in row["aliases"].split("|") if alias),
            )
            for row in csv.DictReader(lines)
        )


_TYPES = (
    (re.compile(r"人民政府办公[室厅]$|政府办$"), "government_office"),
    (re.compile(r"(?:镇|乡|街道)(?:人民政府|办事处)?$|街道办$"), "township"),
    (re.compile(r"(?:区|县|市|省|自治区|自治州|旗|盟)人民政府$"), "government"),
    (re.compile(r"联合会$|总工会$|残联$|妇联$|团委$|红十字会$|工商联$"), "mass_organisation"),
    (re.compile(r"局$|委员会$|厅$|办公室$|中心$|馆$|院$|队$|站$|社$|处$|所$"), "department"),
)


def kind_of(name: str) -> str:
    """Return the kind of body that a name says, or "other"."""
    return next((kind for pattern, kind in _TYPES if pattern.search(name)), "other")


# 淮安市…, 兴庆区…: the name brings a region of its own. 城市管理局 and 社区服务中心 do not.
_FOREIGN = re.compile(
    r"(?!城市|超市|集市|都市|夜市)[\u3400-\u9fff]{2,7}?(?:省|自治区|市|自治州|盟|县|旗)(?=[\u3400-\u9fff]{2})"
    r"|(?!.{1,4}(?:社区|园区|景区|牧区|灌区|库区|林区|辖区|片区|新区|专区|发区|范区|护区|合区|税区))"
    r"[\u3400-\u9fff]{2,4}区(?=[\u3400-\u9fff]{2})"
)


def fold(name: str) -> str:
    """Return a name without white space, NFKC-folded."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))


def _core(name: str, kind: str) -> str:
    core = re.sub(r"(?<=[镇乡])人民政府$", "", name) if kind == "township" else name
    core = re.sub(r"(?<=街道)(?:办事处|办)$", "", core)
    return re.sub(r"^政府办(?:公室)?$", "人民政府办公室", core)


def identify(printed: str, home: Region | None = None) -> Agency:
    """Return the agency that a printed name means.

    Args:
        printed: the name as printed in a title, a breadcrumb or a text.
        home: region of the site it was found on, for names that say none (区财政局).

    Returns:
        The verified agency when name or alias is in the register; else one learned from the name,
        with the region that the name says, failing that the site's. A name that brings a region
        that is not known here keeps its whole name as identity. A name that says no region
        never means a verified agency of another region than the site's: many counties have a
        滨河镇.

    """
    name = fold(printed)
    for agency in register():
        if name == fold(agency.name):
            return agency
    regions = tuple(dict.fromkeys((*((home,) if home else ()), *REGIONS)))
    for region in sorted(regions, key=lambda r: -len(r.parents)):
        for prefix in region.prefixes():
            if name.startswith(prefix):
                return _within(region, name[len(prefix) :], "printed name")
    if home is not None and not _FOREIGN.match(name):
        rest = name[1:] if name[:1] == home.name[-1:] and len(name) > 2 else name
        return _within(home, rest, "printed name and site")
    return Agency(f"name:{name}", name, kind_of(name), "", basis="printed name, region unknown")


def _within(region: Region, rest: str, basis: str) -> Agency:
    """Return the agency of a region whose name goes on with the given rest."""
    core = _core(rest or "人民政府", kind_of(rest)) if rest else "人民政府"
    for agency in register():
        if agency.region_code == region.code and core in _cores(agency, region):
            return agency
    places = [
        name for name in (*region.parents, region.name) if not re.search(r"省$|自治区$", name)
    ]
    full = "".join(places) + core
    if core.endswith(("镇", "乡")):
        full += "人民政府"
    elif core.endswith("街道"):
        full += "办事处"
    return Agency(f"{region.code}:{core}", full, kind_of(full), region.code, basis=basis)


@cache
def _cores(agency: Agency, region: Region) -> frozenset[str]:
    """Return the names of a verified agency without its region."""
    found = set()
    for name in (agency.name, *agency.aliases):
        folded = fold(name)
        rest = next(
            (folded[len(p) :] for p in region.prefixes() if folded.startswith(p)),
            folded[1:] if folded[:1] == region.name[-1:] else folded,
        )
        found.add(_core(rest, agency.type) if rest else "人民政府")
    return frozenset(found)
