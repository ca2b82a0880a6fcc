"""The plan of a night: which sites, when, whom to tell. One TOML file, or what the command says."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEIJING = timezone(timedelta(hours=8), "Beijing")
FILE = "nightly.toml"
WINDOW = "00:30-06:30"
RULES = (
    "E-SITE-*",
    "E-NO-*",
    "E-STAGE-FAILED",
    "E-COLUMN-*",
    "E-PAGER-GONE",
    "E-ITEMS-DROPPED",
    "E-FILL-RATE",
    "E-AGENCY-MISSING",
    "I-SITE-MOVED",
    "W-AGENCY-MISSING",
    "W-LIST-MARKUP",
    "W-SITEMAP-MORE",
    "W-SEARCH-MORE",
)
"""Rules that a person is told of when nothing else is set: what asks for a change of the profile,
a word to the site's operator, or 'nianbao accept'. What is odd in a single report is not."""

_TIME = r"([01]\d|2[0-3]):([0-5]\d)"


class PlanError(ValueError):
    """The plan can't be used; the message names file, key and what is expected."""


def _window(value: str) -> str:
    if not re.fullmatch(rf"{_TIME}-({_TIME}|24:00)", value):
        raise ValueError(f"expected two times as {WINDOW}, got {value!r}")
    begin, _, end = value.partition("-")
    if begin == end:
        raise ValueError(f"{value} is no time at all; all day is 00:00-24:00")
    return value


Window = Annotated[str, AfterValidator(_window)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Hook(_Part):
    when: Literal["trouble", "always"] = Field(
        default="trouble",
        description='"trouble": when the night ends with another exit code than 0; or "always".',
    )


class CommandHook(_Hook):
    """A program that is given the report on its standard input."""

    kind: Literal["command"]
    command: tuple[str, ...] = Field(
        min_length=1, description="Program and arguments; no shell reads them."
    )
    timeout: float = Field(
        default=60, gt=0, le=3600, description="Seconds after which the program is ended."
    )


class WebhookHook(_Hook):
    """An address that the report is posted to as JSON."""

    kind: Literal["webhook"]
    url: str = Field(pattern=r"^https?://[^\s/]+", description="An http:// or https:// address.")
    timeout: float = Field(default=10, gt=0, le=300, description="Seconds for one attempt.")


class MailHook(_Hook):
    """A mail server that the summary is handed to."""

    kind: Literal["mail"]
    server: str = Field(min_length=1, description="Host of the mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port, 587 with STARTTLS.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description='"starttls", "tls" (port 465 as a rule) or "none".'
    )
    sender: str = Field(min_length=3, description="Address that the mail comes from.")
    recipients: tuple[str, ...] = Field(min_length=1, description="Addresses it goes to.")
    user: str | None = Field(default=None, description="Name to log in with; none without.")
    password_env: str = Field(
        default="NIANBAO_SMTP_PASSWORD",
        description="Environment variable that holds the password; the file never does.",
    )
    timeout: float = Field(default=30, gt=0, le=300, description="Seconds for each answer.")


Hook = Annotated[CommandHook | WebhookHook | MailHook, Field(discriminator="kind")]


class Plan(_Part):
    """A night. Each key's description is its documentation."""

    sites: tuple[str, ...] = Field(
        min_length=1,
        description="Sites to walk: ids of bundled profiles, or profile files beside this file.",
    )
    window: Window = Field(
        default=WINDOW,
        description=f"When sites may be asked, in Beijing time, as {WINDOW}; all day is "
        "00:00-24:00.",
    )
    longest_hours: float = Field(
        default=6, gt=0, le=24, description="Hours after which walking and reading come to an end."
    )
    rules: tuple[str, ...] = Field(
        default=RULES,
        description="Rules whose new findings a person is told of; * stands for any letters.",
    )
    hooks: tuple[Hook, ...] = Field(
        default=(), description='Whom to tell: kind is "command", "webhook" or "mail".'
    )


def load_plan(file: Path) -> Plan:
    """Return the plan that a TOML file describes; its profile files lie beside it.

    Raises:
        PlanError: it can't be read, it is no TOML, or a key is wrong.

    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{file}: can't be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{file}: not TOML: {error}") from error
    plan = make_plan(data, str(file))
    sites = tuple(str(file.parent / s) if s.endswith(".toml") else s for s in plan.sites)
    return plan.model_copy(update={"sites": sites})


def find_plan(sites: Sequence[str], file: Path | None, window: str | None, data: Path) -> Plan:
    """Return the plan that a command means.

    Args:
        sites: instead of those of the file; none for the file's.
        file: the file; None for ``nightly.toml`` in the data folder, which need not be there when
            sites are named.
        window: instead of the file's; None for the file's.
        data: the data folder.

    Raises:
        PlanError: there is no plan, or it can't be used.

    """
    wanted: dict[str, Any] = {"sites": tuple(sites)} if sites else {}
    if window:
        wanted["window"] = window
    if file is None and (data / FILE).exists():
        file = data / FILE
    if file is None:
        if not sites:
            raise PlanError(f"name a site (spt, nxzw), or write a plan to {data / FILE}")
        return make_plan(wanted, "--window")
    plan = load_plan(file)
    return make_plan({**plan.model_dump(), **wanted}, str(file))


def make_plan(data: dict[str, Any], source: str) -> Plan:
    """Return the plan that keys and values describe.

    Args:
        data: keys and values.
        source: where they come from, for messages.

    Raises:
        PlanError: a key is wrong.

    """
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        raise PlanError(
            "\n".join(_explain(source, dict(problem)) for problem in error.errors())
        ) from error


def _explain(source: str, problem: dict[str, Any]) -> str:
    place = problem["loc"]
    key = ".".join(str(part) for part in place)
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return f"{source}: unknown key {key}; keys are {', '.join(_fields(place))}"
    field = _fields(place).get(str(place[-1])) or Plan.model_fields.get(str(place[0]))
    expected = f"; expected: {field.description}" if field else ""
    return f"{source}: {key}: {message}{expected}"


def _fields(place: tuple[Any, ...]) -> dict[str, Any]:
    kinds: dict[str, type[BaseModel]] = {
        "command": CommandHook,
        "webhook": WebhookHook,
        "mail": MailHook,
    }
    # The place of a hook's key: hooks, number, kind, key.
    if len(place) > 3 and place[2] in kinds:
        return dict(kinds[place[2]].model_fields)
    return dict(Plan.model_fields)


def opening(window: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Return when the window that lies open now was opened and will close; None outside of it.

    Args:
        window: two times of day, Beijing time.
        now: the present moment, with its time zone.

    """
    for days in (-1, 0):
        opens, closes = _on(window, now.astimezone(BEIJING) + timedelta(days=days))
        if opens <= now < closes:
            return opens, closes
    return None


def opens_next(window: str, now: datetime) -> datetime:
    """Return when the window opens next, Beijing time."""
    today = now.astimezone(BEIJING)
    candidates = (_on(window, today + timedelta(days=days))[0] for days in (0, 1))
    return next(opens for opens in candidates if opens > now)


def deadline(plan: Plan, now: datetime) -> datetime:
    """Return when a night that begins now has to stop asking and reading.

    Args:
        plan: its window lies open, or did a moment ago.
        now: the present moment, with its time zone.

    """
    longest = now.astimezone(BEIJING) + timedelta(hours=plan.longest_hours)
    if plan.window == "00:00-24:00":
        return longest  # midnight closes nothing
    found = opening(plan.window, now)
    # It may have closed since the command looked.
    return min(longest, found[1]) if found else now


def _on(window: str, day: datetime) -> tuple[datetime, datetime]:
    begin, _, end = window.partition("-")
    midnight = datetime.combine(day.date(), time(), BEIJING)

    def moment(text: str) -> datetime:
        hours, minutes = text.split(":")
        return midnight + timedelta(hours=int(hours), minutes=int(minutes))

    opens, closes = moment(begin), moment(end)
    return opens, closes if closes > opens else closes + timedelta(days=1)
