"""Site profiles: what is particular to one site, as data. A new county is one such file.

Five lines are enough: id, name, region, hosts, entries. Everything else has a default that fits the
platform.
"""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from archive.runs import Site


class ProfileError(ValueError):
    """A profile can't be used; the message names file, key and what is expected."""


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value):
        raise ValueError("expected a host name in small letters without scheme, port or path")
    return value


def _with_defaults(defaults: tuple[str, ...]) -> AfterValidator:
    """Put the defaults where "..." stands: a site of its own markup keeps what it shares."""

    def filled(values: tuple[str, ...]) -> tuple[str, ...]:
        parts = [defaults if value == "..." else (value,) for value in values]
        return tuple(dict.fromkeys(one for part in parts for one in part))

    return AfterValidator(filled)


Pattern = Annotated[str, AfterValidator(_pattern)]
Host = Annotated[str, AfterValidator(_host)]

_LONGEST_SHOWN = 120
REPORT = r"年报|年度报告|年度工作报告"
DISCLOSURE = (
    r"信息公开|政务公开|政府信息|公开目录|公开平台|公开专栏|主动公开|公开内容|公开事项|重点领域"
)
DIRECTORY = (
    r"部门|机构|单位|乡镇|镇街|街道|镇乡|区直|县直|市直|旗直|直属|派出|驻.{0,3}单位|企事业|"
    r"公共企事业|县区|区县|各县|各区|园区|目录"
)
AGENCY = (
    r"(?:局|委员会|委|厅|办公室|政府办|编办|[外党]办|中心|镇|乡|街道|办事处|人民政府|政府|联合会|残联|妇联|"
    r"工商联|文联|科协|侨联|总工会|工会|团委|红十字会|协会|学会|党校|学院|大学|学校|中学|小学|"
    r"研究院|法院|检察院|医院|院|馆|站|台|总队|支队|大队|队|所|处|社|署|公司|集团|银行|"
    r"管委会|开发区|园区|产业园|林场|农场|海关)"
)
AVOID = (
    r"指南|依申请|申请公开|意见箱|举报|投诉|登录|注册|搜索|检索|无障碍|长者|适老|繁体|English|"
    r"收藏|打印|设为首页|办事大厅|网上办事|互动|访谈|信箱|留言|调查征集|微博|微信|客户端|RSS"
)
LISTS = (
    "div.zfxxgk_zdgkc li",
    "#dataListSearch tr",
    "ul.nx-list li",
    "ul.list_ul li",
    "div.xxgk_wrap li",
    "div.scroll_main li",
    "div.list li",
    "ul.list li",
    "ul.news_list li",
    "div.gknb_list li",
    "table.list tr",
)
ARTICLES = (
    "div.view.TRS_UEDITOR",
    "div.trs_editor_view",
    "div.TRS_UEDITOR",
    "div.TRS_Editor",
    "#zoom",
    "div.con-article",
    "#ofdneed",
    "div.article",
    "div.article-content",
    "#UCAP-CONTENT",
    ".v_news_content",
)


class RegionProfile(BaseModel):
    """The region that a site belongs to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(
        pattern=r"^\d{6}$", description="Six-digit code of the region (GB/T 2260), e.g. 640502."
    )
    name: str = Field(min_length=2, description="Short name of the region, e.g. 沙坡头区.")
    parents: tuple[str, ...] = Field(
        default=(), description="Names of the regions above it, outermost first."
    )


class SearchProfile(BaseModel):
    """The search interface of the platform: POST JSON to ``/irs/front/search``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="Address of the interface, e.g. https://HOST/irs/front/search.")
    tenant_id: str | None = Field(
        default=None,
        description="Number of the site there; without it, that of a search link on an entry page.",
    )
    words: tuple[str, ...] = Field(
        default=("信息公开工作年度报告", "信息公开年报"),
        min_length=1,
        description="What is searched for in titles, one search each.",
    )


class Profile(BaseModel):
    """One site. Each key's description is its documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$",
        description="Short name of the site: small letters, digits, hyphens; names its WARC files.",
    )
    name: str = Field(min_length=2, description="What the site is called, Chinese.")
    region: RegionProfile = Field(description="Region: code, name, parents.")
    hosts: tuple[Host, ...] = Field(
        min_length=1,
        description="Hosts of the site today, the main one first. Nothing else is ever fetched.",
    )
    former_hosts: tuple[Host, ...] = Field(
        default=(), description="Hosts that the site had; addresses there are the same site."
    )
    entries: tuple[str, ...] = Field(
        min_length=1,
        description="Pages to begin at: home page, disclosure platform; with http:// or https://.",
    )
    report_columns: tuple[str, ...] = Field(
        default=(),
        description="Report columns known by address, walked beside those that are discovered.",
    )
    report_text: Pattern = Field(
        default=REPORT, description="Link text that leads to a report column or a report."
    )
    disclosure_text: Pattern = Field(
        default=DISCLOSURE, description="Link text that leads deeper into the disclosure platform."
    )
    directory_text: Pattern = Field(
        default=DIRECTORY, description="Link text that leads to a tree of departments or townships."
    )
    agency_text: Pattern = Field(
        default=AGENCY, description="How the name of an agency ends, within that tree."
    )
    avoid_text: Pattern = Field(
        default=AVOID, description="Link text that is never followed while exploring."
    )
    list_selectors: Annotated[tuple[str, ...], _with_defaults(LISTS)] = Field(
        default=LISTS,
        description='CSS selectors of list lines; the first that fits. "..." means the defaults.',
    )
    article_selectors: Annotated[tuple[str, ...], _with_defaults(ARTICLES)] = Field(
        default=ARTICLES,
        description='CSS selectors of article bodies, in order. "..." means the defaults.',
    )
    pager_base: Literal["auto", 0, 1] = Field(
        default="auto",
        description="Number of the first list page in the pager's script; auto knows both forms.",
    )
    delay: float = Field(
        default=1.5,
        ge=0.5,
        le=60,
        description="Seconds between two requests; robots.txt can only make it longer.",
    )
    max_depth: int = Field(
        default=10, ge=2, le=30, description="Links from an entry page to a report column at most."
    )
    max_pages: int = Field(
        default=20000,
        ge=10,
        description="Requests of one night at most; what is left is asked for the next night.",
    )
    revalidate_days: int = Field(
        default=6,
        ge=0,
        le=60,
        description="Nights until a known report is asked for again, unless its list line changes.",
    )
    max_list_pages: int = Field(
        default=200, ge=1, description="Pages of one list at most; reaching it is reported."
    )
    verify_certificates: bool = Field(
        default=True, description="False only for a site whose certificate is known to be broken."
    )
    expected_agencies: tuple[str, ...] = Field(
        default=(), description="Agencies that must turn up; one that does not is reported."
    )
    sitemaps: tuple[str, ...] | None = Field(
        default=None,
        description="Sitemaps to compare the walk with; [] for none.",
    )
    search: SearchProfile | None = Field(
        default=None,
        description="Search interface to compare the walk with: url, tenant_id, words.",
    )

    # Where the profile was read from, so that advice can name file and line.
    _file: str = PrivateAttr(default="")
    _text: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _addresses_are_ours(self) -> Profile:
        asked = {
            "entries": self.entries,
            "report_columns": self.report_columns,
            "sitemaps": self.sitemaps or (),
            "search.url": (self.search.url,) if self.search else (),
        }
        for key, urls in asked.items():
            for url in urls:
                parts = urlsplit(url)
                if parts.scheme not in {"http", "https"} or not parts.hostname:
                    raise ValueError(f"{key}: {url!r} is no http:// or https:// address")
                if parts.hostname not in self.all_hosts:
                    raise ValueError(
                        f"{key}: host {parts.hostname} of {url} is not in hosts or former_hosts"
                    )
        return self

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """All hosts, today's first."""
        return tuple(dict.fromkeys((*self.hosts, *self.former_hosts)))

    @property
    def file(self) -> str:
        """The file it was read from, as short as it can be named from here."""
        path = Path(self._file)
        here = Path.cwd()
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

    def place(self, key: str) -> str:
        """Return where a key stands and what it says now: ``FILE:LINE: KEY = VALUE``.

        Args:
            key: name of a top-level key; ``region`` and ``search`` may be tables.

        """
        pattern = re.compile(rf"^\s*(?:{re.escape(key)}\s*=|\[{re.escape(key)}\])")
        lines = self._text.splitlines()
        at = next((n for n, line in enumerate(lines, 1) if pattern.match(line)), None)
        shown = json.dumps(self.model_dump(mode="json")[key], ensure_ascii=False)
        if len(shown) > _LONGEST_SHOWN:
            shown = f"{shown[:_LONGEST_SHOWN]}…"
        if at is not None:
            return f"{self.file}:{at}: {key} = {shown}"
        table = next((n for n, line in enumerate(lines, 1) if line.lstrip().startswith("[")), None)
        where = f"{self.file}:{table}" if table else self.file
        # A key behind the first table's head would belong to that table.
        put = f"add a line {'above line ' + str(table) if table else 'at the end'}"
        return f"{where}: {key} is not set ({put}); the default is {shown}"

    def site(self) -> Site:
        """Return the site's row for the archive."""
        return Site(
            self.id,
            self.name,
            self.region.code,
            self.region.name,
            self.region.parents,
            self.entries[0],
            self.all_hosts,
        )


def bundled() -> tuple[str, ...]:
    """Return the ids of the profiles that come with the project."""
    names = (entry.name for entry in files("crawler").joinpath("profiles").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load(which: str) -> Profile:
    """Return a profile.

    Args:
        which: id of a bundled profile, or the path of a TOML file.

    Raises:
        ProfileError: there is none, it is no TOML, or a key is wrong.

    """
    if which in bundled():
        file = files("crawler").joinpath(f"profiles/{which}.toml")
        return _remembered(parse(file.read_text("utf-8"), f"profiles/{which}.toml"), str(file))
    try:
        text = Path(which).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ProfileError(
            f"{which}: no such profile; expected a TOML file or one of {', '.join(bundled())}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{which}: can't be read: {error}") from error
    return _remembered(parse(text, which), which)


def _remembered(profile: Profile, file: str) -> Profile:
    profile._file = str(Path(file).resolve())  # noqa: SLF001 - the module's own class
    return profile


def parse(text: str, source: str) -> Profile:
    """Return the profile that a TOML text describes.

    Args:
        text: the TOML.
        source: its file, for messages.

    Raises:
        ProfileError: it is no TOML, or a key is wrong.

    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{source}: not TOML: {error}") from error
    try:
        profile = Profile.model_validate(data)
    except ValidationError as error:
        lines = [_explain(source, dict(problem)) for problem in error.errors()]
        raise ProfileError("\n".join(lines)) from error
    profile._file, profile._text = source, text  # noqa: SLF001 - the module's own class
    return profile


def _explain(source: str, problem: dict[str, object]) -> str:
    place = problem["loc"]
    assert isinstance(place, tuple)
    key = ".".join(str(part) for part in place)
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        known = ", ".join(Profile.model_fields)
        return f"{source}: unknown key {key}; keys are {known}"
    field = Profile.model_fields.get(str(place[0])) if place else None
    tables: dict[str, type[BaseModel]] = {"region": RegionProfile, "search": SearchProfile}
    if len(place) > 1 and place[0] in tables:
        field = tables[str(place[0])].model_fields.get(str(place[1]))
    expected = f"; expected: {field.description}" if field else ""
    return f"{source}: {f'{key}: ' if key else ''}{message}{expected}"


def is_loopback(address: str) -> bool:
    """Tell whether ADDRESS:PORT is on this machine."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
