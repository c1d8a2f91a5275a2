"""What `deliver` reads: folders, patterns, pipes and files that grow, and what it says of those that it cannot."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from backports import zstd
from click.testing import CliRunner, Result
from delivered import MAPPINGS, event, lines, start, summary
from servers import TOKEN, attio, head

from attio_ctl.cli.main import main

Run = Callable[..., Result]
Write = Callable[..., Path]


def account(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / "account.json").read_text()))


def test_folders_patterns_arrays_and_compressed_files_are_read(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    folder = project / "exports" / "day"
    folder.mkdir(parents=True)
    (folder / "a.ndjson.gz").write_bytes(gzip.compress(lines([event(1)])))
    (folder / "b.ndjson.zst").write_bytes(zstd.compress(lines([event(2)])))
    (folder / ".hidden").write_bytes(lines([event(9)]))
    (project / "array.json").write_text(json.dumps([event(3), event(4)]))

    done = attio_ctl("deliver", "--events", "exports", "--events", "arr*.json")

    assert summary(done).startswith("Deliver: 4 read = 4 delivered + 0 duplicate")
    assert summary(done).endswith(", 0 lost.")


def test_what_a_folder_holds_besides_events_is_left_out_and_said(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    (project / "exports").mkdir()
    (project / "exports" / "a.ndjson").write_bytes(lines([event(1)]))
    (project / "exports" / "notes.txt").write_text("no event")
    folder = attio_ctl("deliver", "--events", "exports")
    itself = attio_ctl("deliver", "--events", "exports/notes.txt")

    assert "1 read = 1 delivered" in summary(folder)
    assert "left out 1 file of exports that is none of events by name, such as exports/notes.txt" in folder.stderr
    assert "1 read = 0 delivered" in summary(itself)
    assert "left out" not in itself.stderr


def test_hidden_files_of_a_folder_are_left_out_and_said(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    folder = project / "exports"
    (folder / ".unfinished").mkdir(parents=True)
    (folder / "a.ndjson").write_bytes(lines([event(1)]))
    (folder / ".b.ndjson").write_bytes(lines([event(2)]))
    (folder / ".unfinished" / "c.ndjson").write_bytes(lines([event(3)]))
    done = attio_ctl("deliver", "--events", "exports")
    (folder / "a.ndjson").unlink()
    alone = attio_ctl("deliver", "--events", "exports", code=64)

    assert "1 read = 1 delivered" in summary(done)
    assert "left out 2 hidden files of exports, such as exports/.b.ndjson: a dot before a name" in done.stderr
    assert "the folder holds hidden files only" in " ".join(alone.stderr.split())


@pytest.mark.parametrize(
    ("named", "hint"),
    [
        ("exports/wek.ndjson", "did you mean `exports/week.ndjson`?"),
        ("export/week.ndjson", "there is no folder `export` either"),
        ("exports/2026-01-01.gz", "`exports` holds `other.json`, `week.ndjson`"),
        ("exports/*.gz", "`exports` holds `other.json`, `week.ndjson`"),
        ("nowhere/*/*.gz", "there is no folder `nowhere` either"),
        ("empty", "a folder stands for its files in `.ndjson`, `.jsonl`, `.json`, packed or not"),
        ("empty/*", "`empty` holds no file of events by its name"),
    ],
)
def test_where_nothing_is_found_it_says_what_there_is(
    attio_ctl: Run, write: Write, project: Path, named: str, hint: str
) -> None:
    write(MAPPINGS)
    (project / "empty").mkdir()
    (project / "exports").mkdir()
    for name in ("week.ndjson", "other.json", "notes.txt"):
        (project / "exports" / name).touch()

    refused = attio_ctl("deliver", "--events", named, code=None)

    assert refused.exit_code in (64, 74)
    assert hint in " ".join(refused.stderr.split())


def test_a_packed_file_that_is_cut_off_says_what_became_of_the_others_and_how_to_go_on(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(MAPPINGS)
    folder = project / "exports"
    folder.mkdir()
    whole = gzip.compress(lines(event(n) for n in range(10, 20)))
    (folder / "a.ndjson").write_bytes(lines([event(1)]))
    (folder / "b.ndjson.gz").write_bytes(whole[:-20])
    refused = attio_ctl("deliver", "--events", "exports", code=65)
    (folder / "b.ndjson.gz").write_bytes(whole)
    done = attio_ctl("deliver", "--events", "exports")

    said = " ".join(refused.stderr.split())
    assert "error: exports/b.ndjson.gz: the compressed data ends in the middle: the file is cut off" in said
    assert "run the same command once more, or leave the file out" in said
    assert "all files are read before anything is sent, so nothing of this run was" in said
    assert "11 read = 11 delivered" in summary(done)


def test_a_misspelled_file_of_any_command_is_answered_with_the_near_one(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(MAPPINGS)
    (project / "plan.json").touch()

    assert "did you mean `plan.json`?" in attio_ctl("show", "plam.json", code=74).stderr


@pytest.mark.parametrize("how", [(), ("--dry-run",)])
def test_a_file_in_utf_16_is_refused_before_anything_is_read(
    attio_ctl: Run, write: Write, project: Path, how: tuple[str, ...]
) -> None:
    write(MAPPINGS)
    (project / "a.ndjson").write_bytes(lines([event(1)]))
    (project / "b.ndjson").write_bytes(lines([event(2)]).decode().encode("utf-16"))

    refused = attio_ctl("deliver", "--events", "a.ndjson", "--events", "b.ndjson", *how, code=65)
    bodies = attio_ctl("mapping", "run", "--events", "a.ndjson", "--events", "b.ndjson", code=65)

    said = " ".join(refused.stderr.split())
    assert "b.ndjson: the events are in UTF-16" in said
    assert "`iconv -f UTF-16 -t UTF-8 b.ndjson > converted.ndjson`" in said
    assert "Nothing was delivered" in attio_ctl("deliver", "status").stdout
    assert bodies.stdout == ""


def test_a_dead_letter_says_in_our_words_why_its_line_is_no_json_and_where(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(MAPPINGS)
    (project / "events.ndjson").write_bytes(lines([event(1), b'{"type": "track", "email": ada@example.com}']))
    attio_ctl("deliver", "--events", "events.ndjson")
    (letter,) = map(json.loads, attio_ctl("dead-letters", "list", "--format", "json").stdout.splitlines())

    assert letter["reason"] == "the line is no JSON: column 28: a value is expected, not `ada`"


def pipe(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["deliver", "--events", "-", *arguments], input=lines([event(1), event(2)]))


def test_a_pipe_is_kept_until_it_is_delivered_and_the_same_bytes_go_on(write: Write, project: Path, token: str) -> None:
    """Where it is kept is said, and it can be named as well."""
    spools = project / ".attio-ctl" / "workspaces" / "acme" / "stdin"
    with attio(project, {"method": "PUT", "path": "/v2/objects/*", "nth": 1, "times": 2, "status": 401}) as url:
        write(MAPPINGS, head=head(url))
        refused = pipe()
        (kept,) = spools.iterdir()
        again = CliRunner().invoke(main, ["deliver", "--events", str(kept.relative_to(project))])
        there = list(spools.iterdir())
        repeated = pipe()

    assert refused.exit_code == 13
    assert f"Standard input is kept in {kept.relative_to(project)} until it is delivered" in " ".join(
        refused.stderr.split()
    )
    assert summary(again).startswith("Deliver: 2 read = 2 delivered")
    assert there == []
    assert "2 duplicate" in summary(repeated)
    assert list(spools.iterdir()) == []


def test_a_preview_keeps_nothing_of_a_pipe(write: Write, project: Path) -> None:
    write(MAPPINGS)

    assert "2 read = 2 delivered" in summary(pipe("--dry-run"))
    assert not list(project.rglob("stdin*"))
    assert not list(project.rglob("preview-*"))


def test_what_is_kept_of_events_is_for_its_owner_alone(attio_ctl: Run, write: Write, project: Path) -> None:
    """Also where an earlier version has left it open to others."""
    write(MAPPINGS)
    folder = project / ".attio-ctl" / "workspaces" / "acme"
    (project / "a.ndjson").write_bytes(lines([event(1), b"no json"]))
    attio_ctl("deliver", "--events", "a.ndjson")
    for path in folder.iterdir():
        path.chmod(0o644)
    (project / "b.ndjson").write_bytes(lines([event(2), b"nor this"]))
    attio_ctl("deliver", "--events", "b.ndjson")
    attio_ctl("deliver", "--events", "b.ndjson", "--dry-run", "--requests", "requests.ndjson")

    kept = [project / "requests.ndjson", *folder.glob("ledger.sqlite*"), *folder.glob("dead-letters*")]
    assert {path.name: path.stat().st_mode & 0o777 for path in kept} == {path.name: 0o600 for path in kept}
    assert len(kept) >= 4
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)], ids=["deliver", "preview"])
def test_stamps_that_cannot_be_used_are_counted_and_the_first_is_named(
    attio_ctl: Run, write: Write, project: Path, arguments: tuple[str, ...]
) -> None:
    write(MAPPINGS)
    stamps = ["2026-01-01T00:00:00Z", "yesterday", 1_700_000_000, "2099-01-01T00:00:00Z", None]
    found = [{**event(n), "timestamp": stamp} for n, stamp in enumerate(stamps)]
    (project / "a.ndjson").write_bytes(lines(found[:1]))
    (project / "b.ndjson").write_bytes(lines(found[1:]))

    files = ("--events", "a.ndjson", "--events", "b.ndjson")
    done = attio_ctl("deliver", *files, *arguments, "--json-into", "account.json")
    said = " ".join(done.stdout.split())

    assert "2 events have an unreadable `timestamp`, the first at b.ndjson:1" in said
    assert "1 event is stamped in the future" in said
    assert summary(done).split(": ")[1].startswith("5 read = 5 delivered")
    assert {name: account(project)[name] for name in ("unreadable_timestamps", "first_unreadable_timestamp")} == {
        "unreadable_timestamps": 2,
        "first_unreadable_timestamp": "b.ndjson:1",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--events", "none.ndjson"), 74, "none.ndjson: cannot read it: there is no such file"),
        (("--events", "none*.ndjson"), 64, "the pattern matches no file"),
        (("--events", "-", "--events", "-"), 64, "standard input can be read once only"),
        (("--events", "-", "--follow"), 64, "standard input cannot be followed"),
        (("--events", "a.ndjson", "a.ndjson"), 64, "give each file its own `--events`, or quote the pattern"),
        (("--events", "a.ndjson", "--diff", "3"), 64, "add `--dry-run`"),
        (("--events", "a.ndjson", "--dry-run", "--follow"), 64, "a preview comes to an end"),
        ((), 64, "nothing to deliver"),
        (("--events", "a.ndjson", "status"), 64, "do not go together"),
    ],
)
def test_what_cannot_be_read_or_makes_no_sense_is_told_with_the_way_out(
    attio_ctl: Run, write: Write, project: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    write(MAPPINGS)
    (project / "a.ndjson").write_bytes(lines([event(1)]))

    assert said in " ".join(attio_ctl("deliver", *arguments, code=code).stderr.split())


def test_followed_files_are_delivered_as_they_grow_and_rotate_until_it_is_stopped(
    attio_ctl: Run, write: Write, project: Path, token: str
) -> None:
    """A file that is not there yet is waited for; in the end the same command has nothing left to do."""
    file, arguments = project / "app.ndjson", ("deliver", "--events", "app.ndjson", "--json-into", "account.json")
    with attio(project) as url:
        write(MAPPINGS, head=head(url))
        running = start(project, *arguments, "--follow")

        def wait_for(is_so: Callable[[], bool]) -> None:
            while not is_so():
                time.sleep(0.05)

        def delivered() -> int:
            return int(json.loads(attio_ctl("deliver", "status", "--json").stdout)["runs"][0]["account"]["delivered"])

        wait_for((project / ".attio-ctl/workspaces/acme/ledger.sqlite.reserve").exists)
        file.write_bytes(lines([event(1)]))
        wait_for(lambda: len(people(url)) == 1)
        with file.open("ab") as more:
            more.write(lines([event(2)]) + b'{"type": "track", ')
        wait_for(lambda: len(people(url)) == 2)
        file.rename(project / "app.ndjson.1")
        file.write_bytes(lines([event(3)]))
        wait_for(lambda: len(people(url)) == 3)
        wait_for(lambda: delivered() == 3)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()

    assert running.returncode == 130, out + err
    assert "app.ndjson is not there yet; waiting for it" in err
    assert "The same command goes on where this one was" in err
    assert (account(project)["delivered"], account(project)["pending"]) == (3, 0)
    assert account(project)["finished"] is False


def follow_until(attio_ctl: Run, project: Path, delivered: int) -> None:
    """Follow `app.ndjson` until so many of its events are delivered, then stop that."""
    running = start(project, "deliver", "--events", "app.ndjson", "--follow")

    def is_there() -> bool:
        runs = json.loads(attio_ctl("deliver", "status", "--json").stdout)["runs"]
        return bool(runs) and int(runs[0]["account"]["delivered"]) == delivered

    while not is_there():
        assert running.poll() is None, running.communicate()
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    running.communicate()


def test_a_followed_run_is_gone_on_with_by_follow_and_says_so(attio_ctl: Run, write: Write, project: Path) -> None:
    """Of a file that was rotated meanwhile no line is lost then."""
    write(MAPPINGS)
    file = project / "app.ndjson"
    file.write_bytes(lines([event(1)]))
    follow_until(attio_ctl, project, 1)
    with file.open("ab") as more:
        more.write(lines([event(2)]))
    file.rename(project / "app.ndjson.1")
    file.write_bytes(lines([event(3)]))
    status = " ".join(attio_ctl("deliver", "status").stdout.split())
    document = json.loads(attio_ctl("deliver", "status", "--json").stdout)
    refused = attio_ctl("deliver", "--events", "app.ndjson", code=65)

    follow_until(attio_ctl, project, 3)

    assert "`attio-ctl deliver --follow --events app.ndjson`" in status
    assert document["runs"][0]["followed"] is True
    assert "go on as that run did, with `--follow`" in " ".join(refused.stderr.split())


def test_a_file_that_was_renamed_under_an_unfinished_run_is_named_in_the_hint(
    write: Write, project: Path, token: str
) -> None:
    with attio(project, {"method": "PUT", "path": "/v2/objects/*", "nth": 1, "times": 1, "status": 401}) as url:
        write(MAPPINGS, head=head(url))
        file = project / "app.ndjson"
        file.write_bytes(lines([event(1)]))
        CliRunner().invoke(main, ["deliver", "--events", "app.ndjson"])
        file.rename(project / "app.ndjson.1")
        file.write_bytes(lines([event(2)]))
        refused = CliRunner().invoke(main, ["deliver", "--events", "app.ndjson"])
        first = CliRunner().invoke(main, ["deliver", "--events", "app.ndjson.1"])
        then = CliRunner().invoke(main, ["deliver", "--events", "app.ndjson", "--restart"])
        again = CliRunner().invoke(main, ["deliver", "--events", "app.ndjson"])

    assert refused.exit_code == 65
    assert "what was read is `app.ndjson.1` now" in " ".join(refused.stderr.split())
    assert "first, `--events app.ndjson.1`, then this one with `--restart`" in " ".join(refused.stderr.split())
    assert "1 read = 1 delivered" in summary(first)
    assert "1 read = 1 delivered" in summary(then)
    assert "1 read = 0 delivered + 1 duplicate" in summary(again)


OUTPUTS = ("--json-into", "--report", "--health", "--metrics-file")
OF_PREVIEWS = ("--requests", "--dead-letters")


@pytest.mark.parametrize("option", [*OUTPUTS, *OF_PREVIEWS])
@pytest.mark.parametrize(
    ("named", "output"),
    [
        ("x.ndjson", "x.ndjson"),
        ("x.ndjson", "linked.ndjson"),
        ("x.ndjson", "folder/../x.ndjson"),
        ("*.ndjson", "x.ndjson"),
        ("folder", "folder/new.json"),
        (".", "new.json"),
        ("folder/*", "folder/new"),
        ("**/*.json", "folder/new.json"),
        ("folder/**", "folder/below/new"),
    ],
)
def test_an_output_that_is_events_or_would_be_the_next_time_is_refused_and_nothing_is_written(
    attio_ctl: Run, write: Write, project: Path, option: str, named: str, output: str
) -> None:
    write(MAPPINGS)
    content = lines([event(1)])
    (project / "folder" / "below").mkdir(parents=True)
    for path in (project / "x.ndjson", project / "folder" / "y.ndjson"):
        path.write_bytes(content)
    (project / "linked.ndjson").hardlink_to(project / "x.ndjson")
    there = sorted(project.rglob("*"))

    how = ("--dry-run",) if option in OF_PREVIEWS else ()
    refused = attio_ctl("deliver", "--events", named, option, output, *how, code=64)

    assert f"`{option}`" in refused.stderr
    assert sorted(project.rglob("*")) == there
    assert (project / "x.ndjson").read_bytes() == content


@pytest.mark.parametrize(
    ("named", "output"),
    [("folder", "new.json"), ("folder", "folder/page.html"), ("folder/*.ndjson", "folder/new.json"), ("-", "new.json")],
)
def test_an_output_beside_the_events_is_written(
    attio_ctl: Run, write: Write, project: Path, named: str, output: str
) -> None:
    write(MAPPINGS)
    (project / "folder").mkdir()
    (project / "folder" / "y.ndjson").write_bytes(lines([event(1)]))

    attio_ctl("deliver", "--events", named, "--json-into", output)

    assert (project / output).exists()


def test_the_bodies_of_mapping_run_are_not_written_over_the_events(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    (project / "x.ndjson").write_bytes(lines([event(1)]))
    attio_ctl("mapping", "run", "--events", "x.ndjson", "--into", "x.ndjson", code=64)

    assert (project / "x.ndjson").read_bytes() == lines([event(1)])


def test_an_empty_name_is_no_folder(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    (project / "x.ndjson").write_bytes(lines([event(1)]))

    assert "`--events` names no file" in attio_ctl("deliver", "--events", "", code=64).stderr


@pytest.mark.parametrize("option", [*OUTPUTS[1:], "--metrics-listen"])
def test_a_preview_says_that_it_leaves_nothing_of_a_delivery(
    attio_ctl: Run, write: Write, project: Path, option: str
) -> None:
    write(MAPPINGS)
    (project / "x.ndjson").write_bytes(lines([event(1)]))
    value = "127.0.0.1:0" if option == "--metrics-listen" else "new.txt"
    refused = attio_ctl("deliver", "--events", "x.ndjson", "--dry-run", option, value, code=64)

    assert f"`{option}` is of a delivery, and a preview is none" in " ".join(refused.stderr.split())


@pytest.mark.parametrize("how", [(), ("--dry-run",)])
def test_a_named_pipe_is_read_like_standard_input(
    attio_ctl: Run, write: Write, project: Path, how: tuple[str, ...]
) -> None:
    write(MAPPINGS)
    os.mkfifo(project / "events.pipe")
    with ThreadPoolExecutor() as pool:
        writing = pool.submit((project / "events.pipe").write_bytes, gzip.compress(lines([event(1), event(2)])))
        done = attio_ctl("deliver", "--events", "events.pipe", *how)
        writing.result()

    assert "2 read = 2 delivered" in summary(done)
    assert not list(project.rglob("pipe-*"))


def test_a_named_pipe_cannot_be_followed(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    os.mkfifo(project / "events.pipe")
    refused = attio_ctl("deliver", "--events", "events.pipe", "--follow", code=64)

    assert "the pipe `events.pipe` cannot be followed" in " ".join(refused.stderr.split())


def test_standard_input_is_told_by_its_name_wherever_a_person_reads_it(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(MAPPINGS)
    (project / "a.ndjson").write_bytes(lines([event(1)]))
    piped = lines([event(2), {**event(3), "timestamp": "soon"}, b"no json"])

    def deliver(*how: str) -> str:
        named = ["deliver", "--events", "a.ndjson", "--events", "-", *how]
        return " ".join(CliRunner().invoke(main, named, input=piped).stdout.split())

    preview, delivered = deliver("--dry-run", "--diff", "5"), deliver()
    status = attio_ctl("deliver", "status").stdout
    listed = attio_ctl("dead-letters", "list").stdout
    (letter,) = map(json.loads, attio_ctl("dead-letters", "list", "--format", "json").stdout.splitlines())

    assert "(event standard input:1)" in preview
    assert "standard input:3: the line is no JSON" in preview
    assert "the first at standard input:2" in preview
    assert "the first at standard input:2" in delivered
    assert "  a.ndjson, standard input\n" in status
    assert "  standard input:3" in listed
    for file in ("-", "standard input", letter["file"]):
        assert letter["id"][:8] in attio_ctl("dead-letters", "list", "--where", f"file={file}").stdout


def test_dead_letters_are_chosen_by_what_their_list_prints(attio_ctl: Run, write: Write, project: Path) -> None:
    write(MAPPINGS)
    (project / "a.ndjson").write_bytes(lines([b"no json", {**event(1), "email": "nobody"}]))
    attio_ctl("deliver", "--events", "a.ndjson")

    def listed(condition: str) -> Result:
        return attio_ctl("dead-letters", "list", "--where", condition)

    assert "mapping.note" in listed("mapping=note").stdout
    assert listed("mapping=mapping.note").stdout == listed("mapping=note").stdout
    assert "there are mapping: note." in " ".join(listed("mapping=other").stderr.split())
    assert listed("code=nope").stdout == ""
    assert "None of the 2 dead letters fits" in listed("code=nope").stderr
    assert attio_ctl("dead-letters", "retry", "--where", "code=nope").stdout == ""


def test_events_that_are_no_plan_are_not_named_as_the_file_to_write(
    attio_ctl: Run, write: Write, project: Path
) -> None:
    write(MAPPINGS)
    for content in (lines([event(1)]), lines([event(1), event(2)])):
        (project / "app.ndjson").write_bytes(content)
        refused = attio_ctl("show", "app.ndjson", code=65)

        assert "`attio-ctl plan --out FILE` writes a plan" in " ".join(refused.stderr.split())
        assert "--out app.ndjson" not in refused.stderr


def people(url: str) -> set[str]:
    answer = httpx.post(
        f"{url}/v2/objects/people/records/query",
        headers={"authorization": f"Bearer {TOKEN}"},
        json={},
        trust_env=False,
        timeout=60,
    )
    return {each["values"]["email_addresses"][0]["email_address"] for each in answer.json()["data"]}
