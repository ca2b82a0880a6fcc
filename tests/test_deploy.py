"""What is deployed is checked by those who will read it: systemd, Docker's and GitHub's linters."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from crawler.cli import main
from crawler.night.plan import WINDOW, make_plan

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
UNITS = sorted(DEPLOY.glob("nianbao-*"))
TEXTS = [file for file in sorted(DEPLOY.iterdir()) if file.is_file()]


def program(name: str) -> str:
    found = shutil.which(name, path=str(BIN)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def workflow() -> dict:
    return yaml.safe_load((DEPLOY / "github-actions.yml").read_text("utf-8"))


def passes(*command: object, given: str | None = None) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        input=given, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_every_command_and_option_named_exists(file):
    text = file.read_text("utf-8").replace("\\\n", " ")
    for command in re.findall(
        r"(?:^|[/`=&\s])nianbao ((?:[a-z]+ ?)[^\n`#&,;]*)", text, re.MULTILINE
    ):
        words = command.split()
        if words[0] not in main.commands:
            # "user nianbao, the program", "chown nianbao /data": no command.
            assert not re.search(rf"bin/nianbao {re.escape(words[0])}", text), command
            continue
        known = main.commands[words[0]]
        options = {name for one in known.params for name in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= options, command


def test_the_commands_are_told_at_all():
    """The check above would pass a file without commands."""
    pattern = r"(?:nianbao|ENTRYPOINT|\[)\W+(nightly|serve|restore|backup|verify|probe)\b"
    named = {file.name: set(re.findall(pattern, file.read_text("utf-8"))) for file in TEXTS}
    assert named["nianbao-nightly.service"] == {"nightly"}
    assert named["nianbao-serve.service"] == {"serve"}
    assert named["crontab"] == {"nightly", "backup", "verify"}
    assert named["Dockerfile"] == {"serve"}
    assert named["github-actions.yml"] >= {"nightly", "restore"}


def test_systemd_accepts_the_units(tmp_path):
    """The program's own path is replaced by one that exists here."""
    analyze = program("systemd-analyze")
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/nianbao/bin/nianbao", "/bin/true")
        (tmp_path / unit.name).write_text(text, "utf-8")
    done = subprocess.run(
        [analyze, "verify", *sorted(tmp_path.iterdir())],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "nianbao" in line]


def begin_of_window() -> tuple[int, int]:
    hour, minute = re.match(r"(\d\d):(\d\d)", WINDOW).groups()
    return int(hour), int(minute)


def test_every_clock_rings_soon_after_the_window_opens_in_beijing():
    timer = (DEPLOY / "nianbao-nightly.timer").read_text("utf-8")
    hour, minute, zone = re.search(r"OnCalendar=\S+ (\d+):(\d+):\d+ (\S+)", timer).groups()
    assert zone == "Asia/Shanghai"
    crontab = (DEPLOY / "crontab").read_text("utf-8")
    assert "CRON_TZ=Asia/Shanghai" in crontab
    cron = re.search(r"^(\d+) (\d+) .*nianbao nightly", crontab, re.MULTILINE)
    utc = workflow()[True]["schedule"][0]["cron"].split()
    times = [
        (int(hour), int(minute)),
        (int(cron[2]), int(cron[1])),
        ((int(utc[1]) + 8) % 24, int(utc[0])),
    ]
    hours, minutes = begin_of_window()
    for at in times:
        assert 0 <= (at[0] - hours) * 60 + at[1] - minutes <= 30, at


def test_the_workflow_is_one_that_github_accepts():
    passes(program("check-jsonschema"), "--builtin-schema", "vendor.github-workflows",
           DEPLOY / "github-actions.yml")  # fmt: skip


def test_the_workflow_keeps_what_it_has_even_after_a_failed_night():
    steps = workflow()["jobs"]["night"]["steps"]
    keep = next(step for step in steps if step.get("name") == "Keep")
    assert keep["if"].startswith("always()")
    assert workflow()["permissions"] == {"contents": "write"}
    plan = "\n".join(
        re.findall(r"echo '(.*?)' >", next(s for s in steps if s.get("name") == "Night")["run"])
    )
    hours = make_plan(tomllib.loads(plan), "nightly.toml").longest_hours
    assert hours * 60 + 60 < workflow()["jobs"]["night"]["timeout-minutes"] <= 360


def test_the_shell_of_the_workflow_is_sound():
    shellcheck = program("shellcheck")
    for step in workflow()["jobs"]["night"]["steps"]:
        if "run" in step:
            passes(shellcheck, "--shell=bash", "-", given=step["run"])


def test_the_keep_step_uploads_new_files_and_no_others(tmp_path):
    """The real script, with a gh that writes down what it is asked."""
    step = next(s for s in workflow()["jobs"]["night"]["steps"] if s.get("name") == "Keep")
    folder = tmp_path / "data" / "warc"
    folder.mkdir(parents=True)
    (folder / "spt-1-1.warc.gz").write_bytes(b"old")
    marker = tmp_path / "restored"
    marker.touch()
    (folder / "spt 2-1.warc.gz").write_bytes(b"new")
    os.utime(folder / "spt-1-1.warc.gz", (1, 1))
    gh = tmp_path / "gh"
    gh.write_text(
        '#!/bin/sh\nif [ "$2" = view ]; then exit 1; fi\n'
        'for a; do printf "%s|" "$a"; done >> asked\n'
    )
    gh.chmod(0o755)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]], cwd=tmp_path, check=False, timeout=30,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0
    asked = (tmp_path / "asked").read_text()
    assert "release|create|archive-" in asked
    assert "data/warc/spt 2-1.warc.gz" in asked
    assert "spt-1-1" not in asked


def test_the_image_is_well_made():
    passes(program("hadolint"), "--ignore", "DL3008", DEPLOY / "Dockerfile")


def dockerfile() -> str:
    return (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")


def test_the_image_holds_what_it_copies_and_installs_from_that_alone(tmp_path):
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split()
    context = tmp_path / "context"
    context.mkdir()
    copied = [
        part
        for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile(), re.MULTILINE)
        for part in line.split()[:-1]
    ]
    for name in copied:
        assert f"!{name}" in ignored, name
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, context / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, context / name)
    passes(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
        "--target", tmp_path / "installed", context,
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", "import crawler.profile as p; print(p.__file__, *p.bundled())"],
        env={"PYTHONPATH": str(tmp_path / "installed")}, cwd=tmp_path,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(tmp_path / "installed") in done.stdout
    assert done.stdout.split()[1:] == ["nxzw", "spt"]


def test_the_image_runs_as_nobody_special_with_locked_dependencies():
    text = dockerfile()
    last = text[text.rindex("FROM ") :]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert "useradd --uid 10001" in last
    installs = re.findall(r"pip install (.*)", text)
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs)
    assert '--require-hashes -r "$LOCK"' in text
    assert "ARG LOCK=requirements.lock" in text


def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def test_the_compose_file_is_one_that_docker_accepts():
    passes(program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec",
           DEPLOY / "compose.yaml")  # fmt: skip


def test_what_the_compose_file_refers_to_is_there():
    found = compose()
    services = found["services"]
    for name, service in services.items():
        for other, on in service.get("depends_on", {}).items():
            assert on["condition"] == "service_healthy", name
            assert "healthcheck" in services[other], other
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in found["volumes"] or source.startswith(("./", "${")), volume
        if "build" in service:
            build = service["build"]
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
            assert (ROOT / build["args"]["LOCK"]).is_file()
            # Whoever reads stored bytes finds them at the same path.
            assert name == "scheduler" or "data:/data" in service["volumes"]
    # Whoever reaches the scheduler runs code; the site is for the proxy of the machine.
    assert "ports" not in services["scheduler"]
    assert all(port.startswith("127.0.0.1:") for port in services["serve"]["ports"])


def test_the_settings_of_the_compose_file_are_explained():
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    named = set(re.findall(r"\$\{([A-Z0-9_]+)", text))
    told = set(
        re.findall(r"^([A-Z_]+)=", (DEPLOY / "compose.env.example").read_text(), re.MULTILINE)
    )
    assert told <= named
    assert named - told == {"AWS_DEFAULT_REGION", "S3_IMAGE"}


def test_the_lock_of_a_cluster_agrees_with_that_of_the_program():
    """The same versions everywhere, and what a cluster needs on top of them."""
    plain, cluster = (
        dict(re.findall(r"^([a-z0-9._-]+)==([^ ]+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-cluster.lock")
    )
    assert plain.items() <= cluster.items()
    assert {"dask", "distributed", "s3fs"} <= cluster.keys()


def test_scheduler_and_worker_start_with_the_arguments_of_the_compose_file(tmp_path):
    distributed = pytest.importorskip("distributed")
    services = compose()["services"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    places = {
        "8786": port, "tcp://scheduler:8786": f"tcp://127.0.0.1:{port}", "/scratch": str(tmp_path),
        "${WORKER_THREADS:-8}": "3",
    }  # fmt: skip
    with ExitStack() as running:
        for name in ("scheduler", "worker"):
            words = [*services[name]["entrypoint"], *services[name]["command"]]
            assert words[0] == "dask"
            command = [program("dask"), *(places.get(word, word) for word in words[1:])]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path)
            running.callback(process.wait, 30)
            running.callback(process.terminate)
        with distributed.Client(f"tcp://127.0.0.1:{port}", timeout=60) as client:
            client.wait_for_workers(1, timeout=60)
            assert list(client.nthreads().values()) == [3]
