"""Notify: the operator is told of a night by a program, a webhook or a mail.

A hook reads what a night came to and changes nothing of it; one that fails is reported.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import subprocess
import time
from email.errors import MessageError
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import httpx

from crawler.night.plan import CommandHook, MailHook, WebhookHook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.night.plan import Hook

ATTEMPTS = 3
PAUSE = 2.0
"""Seconds before the second attempt of a webhook, twice as many before the third."""

_LAST_LETTERS = 300


class HookFailedError(RuntimeError):
    """Nobody was told by this hook; the message says why."""


def notify(
    hooks: Sequence[Hook], report: dict[str, Any], summary: str, *, trouble: bool
) -> list[str]:
    """Tell what a night came to by every hook that wants to hear of it.

    Args:
        hooks: of the plan.
        report: the night, for machines.
        summary: the night in words; its first line is the subject of a mail.
        trouble: whether the night ended with another exit code than 0.

    Returns:
        One sentence for each hook that failed.

    """
    failed = []
    for number, hook in enumerate(hooks, start=1):
        if hook.when == "trouble" and not trouble:
            continue
        try:
            _tell(hook, report, summary)
        except HookFailedError as error:
            failed.append(f"hook {number} ({hook.kind}): {error}")
    return failed


def _tell(hook: Hook, report: dict[str, Any], summary: str) -> None:
    if isinstance(hook, CommandHook):
        _run(hook, json.dumps(report, ensure_ascii=False))
    elif isinstance(hook, WebhookHook):
        _post(hook, report)
    else:
        _mail(hook, summary)


def _run(hook: CommandHook, text: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own program, named in the plan
            hook.command,
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=hook.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise HookFailedError(
            f"{hook.command[0]} had not ended after {hook.timeout:g} s and was ended"
        ) from error
    except OSError as error:
        raise HookFailedError(f"{hook.command[0]} can't be started: {error}") from error
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()[-_LAST_LETTERS:]
        raise HookFailedError(
            f"{hook.command[0]} ended with exit code {done.returncode}: {words or 'no output'}"
        )


def _post(hook: WebhookHook, report: dict[str, Any]) -> None:
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE * attempt)
        try:
            answer = httpx.post(hook.url, json=report, timeout=hook.timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = f"{type(error).__name__}: {error}"
            continue
        if answer.is_success:
            return
        problem = f"HTTP {answer.status_code}"
        if answer.status_code < 500 and answer.status_code != 429:
            break  # the same again would be refused again
    raise HookFailedError(f"{hook.url} did not take it: {problem}")


def _mail(hook: MailHook, summary: str) -> None:
    mail = EmailMessage()
    try:
        mail["Subject"] = summary.partition("\n")[0]
        mail["From"] = hook.sender
        mail["To"] = ", ".join(hook.recipients)
    except (ValueError, MessageError) as error:
        raise HookFailedError(f"sender or recipients are no addresses: {error}") from error
    mail.set_content(summary)
    password = os.environ.get(hook.password_env)
    if hook.user and password is None:
        raise HookFailedError(
            f"the environment variable {hook.password_env} with the password of {hook.user} "
            "is not set"
        )
    context = ssl.create_default_context()
    try:
        if hook.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                hook.server, hook.port, timeout=hook.timeout, context=context
            )
        else:
            server = smtplib.SMTP(hook.server, hook.port, timeout=hook.timeout)
        with server:
            if hook.security == "starttls":
                server.starttls(context=context)
            if hook.user:
                server.login(hook.user, password or "")
            refused = server.send_message(mail)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise HookFailedError(
            f"{hook.server}:{hook.port} did not take the mail: {type(error).__name__}: {error}"
        ) from error
    if refused:
        raise HookFailedError(f"{hook.server}:{hook.port} refused {', '.join(refused)}")
