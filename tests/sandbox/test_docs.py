"""Every example of docs/sandbox.md runs."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from attio_ctl.sandbox.faults import Effects, Rule, read_rules
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.portable import grow
from attio_ctl.sandbox.server import embedded
from attio_ctl.sandbox.store.store import Store

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
HERE = "http://127.0.0.1:8700"


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.mark.parametrize("text", blocks("python"))
def test_the_python_runs(text: str) -> None:
    exec(compile(text, "docs/sandbox.md", "exec"), {})


@pytest.mark.parametrize(("language", "program"), [("sh", "bash"), ("js", "node")])
def test_the_commands_are_answered(language: str, program: str) -> None:
    if shutil.which(program) is None or shutil.which("curl") is None:
        pytest.skip(f"no {program} or curl on this machine")
    flags = ["--input-type=module", "-e"] if program == "node" else ["-ec"]
    with embedded(":memory:", token="dev", options=Options(limits=NO_LIMITS, admin_token="admin")) as url:
        for text in blocks(language):
            told = text.replace(HERE, url) + ("\nif (!answer.ok) process.exit(1);" if program == "node" else "")
            run = subprocess.run([program, *flags, told], capture_output=True, text=True, timeout=100, check=True)
            assert program == "node" or "data" in json.loads(run.stdout)


@pytest.mark.parametrize("text", blocks("console"))
def test_serving_begins_with_what_the_page_says(text: str, tmp_path: Path) -> None:
    free = socket.socket()
    free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the server, which listens, may have it beside us
    free.bind(("127.0.0.1", 0))
    told = text.replace("8700", str(free.getsockname()[1]))
    command, *printed = told.splitlines()
    program, *arguments = shlex.split(command.removeprefix("$ "))
    with (
        free,
        subprocess.Popen(
            [Path(sys.executable).with_name(program), *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stdout is not None
        for line in printed:
            begins, _, ends = line.partition("…")
            said = server.stdout.readline().rstrip("\n")
            assert said.startswith(begins)
            assert said.endswith(ends)
        server.send_signal(signal.SIGINT)
    assert server.returncode in (0, 130)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_fault_script_is_one(text: str) -> None:
    assert len(read_rules(yaml.safe_load(text))) == 7


@pytest.mark.parametrize("text", blocks("json"))
def test_the_seed_grows(text: str) -> None:
    store = Store(":memory:", Options())
    grow(store, json.loads(text))
    assert store.db.row("SELECT COUNT(*) FROM records") == (1,)
    store.close()


def test_every_key_of_a_fault_is_explained() -> None:
    for name in (*Rule.__dataclass_fields__, *Effects.__dataclass_fields__):
        assert name == "effects" or f"`{name}`" in PAGE, name
