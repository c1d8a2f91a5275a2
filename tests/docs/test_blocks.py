"""
Nothing stands in the documentation that no test looks at: no block, and no command line in a sentence.

What `test_commands.py` and `tests/sandbox/test_docs.py` run is not looked at here again. The rest needs an account, a
package index or GitHub, so it is read: by click, and against the Makefile, pyproject.toml, the models, and the
workflows that the tests of the action run. A block or a program that nobody reads fails, until it is said here how it
is checked.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement

from attio_ctl import __version__
from attio_ctl.cli.main import main
from attio_ctl.cli.options import InputFile, OutputFile

from .fences import FENCE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
MENTION = re.compile(r"`((?:\w+=\S+ )*(?:attio-ctl|make|pip|pipx|uv|uvx) [^`]+)`")
RUN_BY_THE_SANDBOX = {"console", "sh", "python", "js", "yaml", "json"}
"""The languages of docs/sandbox.md, each block of which tests/sandbox/test_docs.py runs."""
TESTED_WHERE_GENERATED = {DOCS / "reference" / "rules.md"}
"""tests/render/test_rule_pages.py loads each example that this page is made of."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    title: str | None
    body: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text()
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(page, line, found["language"], found["title"], found["body"])


def run_elsewhere(block: Block) -> bool:
    if block.page == DOCS / "sandbox.md":
        return block.language in RUN_BY_THE_SANDBOX
    if block.page == ROOT / "README.md" or DOCS not in block.page.parents:
        return False
    return block.language == "console" or block.title is not None or block.page in TESTED_WHERE_GENERATED


BLOCKS = list(blocks())
READ = [block for block in BLOCKS if not run_elsewhere(block)]


@pytest.mark.parametrize("block", READ, ids=lambda block: block.name)
def test_every_block_that_is_not_run_is_read(block, monkeypatch, tmp_path):
    match block.language:
        case "console" | "sh" | "text":
            for line in typed(block):
                read_line(line, monkeypatch)
        case "yaml":
            read_yaml(block.body, tmp_path)
        case _:
            pytest.fail(f"{block.name}: nobody checks a block of `{block.language}` here")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_in_a_sentence_is_one(page, monkeypatch):
    for found in MENTION.finditer(FENCE.sub("", page.read_text())):
        read_line(" ".join(found[1].split()), monkeypatch, whole=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_block_is_written_so_that_the_tests_miss_it(page):
    """Such as one that is indented, between tildes, or without a language; and files are for commands."""
    prose = FENCE.sub("", page.read_text())
    ours = [block for block in BLOCKS if block.page == page]

    assert re.findall(r"^.*(?:```|~~~).*$", prose, re.MULTILINE) == []
    assert re.findall(r"^(?: {4}|\t)\s*(?:\$|attio-ctl|make|pipx?|uvx?) .*$", prose, re.MULTILINE) == []
    if any(block.title for block in ours):
        assert any(block.language == "console" for block in ours)


@pytest.mark.parametrize(
    "line",
    [
        "attio-ctl plan --no-such-option",
        "attio-ctl aply",
        "attio-ctl show",
        "attio-ctl fmt one two",
        "attio-ctl plan --format pdf",
        "attio-ctl validate && attio-ctl plan --nonsense",
        "make nothing",
        "make test NONSENSE=1",
        "pipx install 'attio-ctl[everything]'",
        "pip install atio-ctl",
        "git clone https://example.com/attio-ctl",
        "rm -rf /",
    ],
)
def test_a_line_that_would_fail_is_found(line, monkeypatch):
    with pytest.raises(AssertionError):
        read_line(line, monkeypatch)


@pytest.mark.parametrize(
    "text",
    [
        "# .github/workflows/attio-plan.yml\njobs: {plan: {runs-on: windows-latest}}\n",
        "steps: [{uses: attio-ctl/attio-ctl@v0, with: {comand: plan}}]\n",
        "objects: {people: {atributes: {}}}\n",
        "nonsense: 1\n",
    ],
)
def test_a_snippet_that_would_fail_is_found(text, tmp_path):
    with pytest.raises(AssertionError):
        read_yaml(text, tmp_path)


# Lines of a shell


def typed(block: Block) -> Iterator[str]:
    """The command lines of a block; in a text, those that begin with the program, as the examples of `--help` do."""
    for line in block.body.replace("\\\n", " ").splitlines():
        match block.language:
            case "console" if line.startswith("$ "):
                yield line[2:]
            case "sh":
                yield from line.split("# or: ")
            case "text" if re.match(r"(?:\$ |attio-ctl )", line.strip()):
                yield line.strip().removeprefix("$ ")


def read_line(line: str, monkeypatch: pytest.MonkeyPatch, *, whole: bool = True) -> None:
    """A line may hold several commands and redirections; one in a sentence need not be `whole`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    for ends, group in groupby(lexer, lambda word: word in {"&&", "||", "|", ";"}):
        words = list(group)
        if ends:
            continue
        kept = [w for n, w in enumerate(words) if not {w, words[n - 1] if n else ""} & {"<", ">", ">>"}]
        while re.match(r"\w+=", kept[0]):
            kept.pop(0)
        if kept[0] == "attio-ctl":
            read_by_click(kept[1:], monkeypatch, whole=whole)
        else:
            assert kept[0] in PROGRAMS, f"nobody checks what `{kept[0]}` is told"
            PROGRAMS[kept[0]](kept)


def read_by_click(words: list[str], monkeypatch: pytest.MonkeyPatch, *, whole: bool) -> None:
    """Groups find their commands, and those read their words; nothing runs, and no file has to be there."""
    with monkeypatch.context() as patch:
        patch.setattr(click.Command, "invoke", lambda self, ctx: None)
        for kind in (InputFile, OutputFile, click.Path):
            patch.setattr(kind, "convert", lambda self, value, param, ctx: Path(value))
        result = CliRunner().invoke(main, words)
    unfinished = not whole and "Missing " in result.output
    assert result.exit_code == 0 or unfinished, f"attio-ctl {shlex.join(words)}\n{result.output}{result.exception!r}"


def read_by_make(words: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)
    for word in words[1:]:
        variable, given, _ = word.partition("=")
        assert f"$({variable})" in MAKEFILE if given else word in targets, f"make knows no `{word}`"


def read_installation(words: list[str]) -> None:
    ways = (["pip", "install"], ["pipx", "install"], ["pipx", "install", "--force"], ["uv", "tool", "install"])
    assert words[:-1] in ways, f"nobody checks `{shlex.join(words)}`"
    asked = Requirement(words[-1])
    assert asked.name == PROJECT["name"]
    assert asked.extras <= set(PROJECT["optional-dependencies"])


def read_clone(words: list[str]) -> None:
    assert words[1:] == ["clone", PROJECT["urls"]["Source"]]


def nothing_to_read(words: list[str]) -> None:
    """What only gets ready for the other lines, or reads what they print."""


PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "make": read_by_make,
    "pip": read_installation,
    "pipx": read_installation,
    "uv": read_installation,
    "git": read_clone,
    **dict.fromkeys(("cd", "mkdir", "export", "jq"), nothing_to_read),
}


# YAML


def read_yaml(text: str, folder: Path) -> None:
    """By its first line, or by what is in it: a file of the examples, a part of a job, or a part of a workspace."""
    data: dict[str, Any] = yaml.safe_load(text)
    if named := re.match(r"# \.github/workflows/attio-(\w+\.yml)\n", text):
        example = yaml.safe_load((ROOT / ".github" / "examples" / named[1]).read_text())
        assert part_of(data, example), f"it says what .github/examples/{named[1]} does not"
    elif text.startswith("# .pre-commit-config.yaml\n"):
        read_hooks(data, text, folder)
    elif "steps" in data:
        read_job(data, folder)
    else:
        read_workspace(data, text, folder)


def part_of(shown: Any, whole: Any) -> bool:
    """Every key and every item that is shown stands in the whole; keys may be left out, items of a list not."""
    match shown, whole:
        case dict(), dict():
            return all(key in whole and part_of(value, whole[key]) for key, value in shown.items())
        case list(), list():
            return len(shown) == len(whole) and all(map(part_of, shown, whole))
        case _:
            return bool(shown == whole)


def tool(name: str, *arguments: str | Path) -> None:
    program = Path(sys.executable).with_name(name)
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def read_job(shown: dict[str, Any], folder: Path) -> None:
    """Its keys take the place of those of the job in plan.yml; the steps are the same, but for what they are told."""
    workflow = yaml.safe_load((ROOT / ".github" / "examples" / "plan.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert [step["uses"] for step in shown["steps"]] == [step["uses"] for step in job["steps"]]
    assert all(set(step["with"]) <= set(ACTION["inputs"]) for step in shown["steps"] if "attio-ctl" in step["uses"])
    job.update(shown)
    (folder / "plan.yml").write_text(
        yaml.safe_dump({"on": workflow[True], **{k: v for k, v in workflow.items() if k is not True}})
    )
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", folder / "plan.yml")


def read_hooks(shown: dict[str, Any], text: str, folder: Path) -> None:
    ours = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    (repository,) = shown["repos"]
    assert {hook["id"] for hook in repository["hooks"]} <= ours
    assert (repository["repo"], repository["rev"]) == (PROJECT["urls"]["Source"], f"v{__version__}")
    (folder / "hooks.yaml").write_text(text)
    tool("pre-commit", "validate-config", folder / "hooks.yaml")


def read_workspace(shown: dict[str, Any], text: str, folder: Path) -> None:
    """A part of a file stands beside a workspace file that says nothing but its name."""
    files = folder / "workspaces" / "acme"
    files.mkdir(parents=True)
    if "workspace" not in shown:
        (files / "workspace.yaml").write_text("workspace: acme\napi: {sandbox: acme}\n")
    (files / "shown.yaml").write_text(text)
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "https://example.com")
    result = CliRunner().invoke(main, ["validate", "-w", str(files)], env=variables)
    assert result.exit_code == 0, result.output
