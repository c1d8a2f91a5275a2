"""From a file into a workspace, on the sandbox: every line has a verdict, and the newest events have the records."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attio_ctl.delivery import sending
from attio_ctl.delivery.account import Account
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.outcome import Progress
from attio_ctl.delivery.preview import preview
from attio_ctl.delivery.rehearsal import Rehearsal
from attio_ctl.errors import EventsError, Exit, LeaseHeldError, PartialError
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded

from .conftest import GROUP, IDENTIFY, TOKEN, Place

pytestmark = pytest.mark.anyio


def identify(n: int, user: str, at: int | None = None, **traits: Any) -> dict[str, Any]:
    minute = n if at is None else at
    return {
        "type": "identify",
        "messageId": f"m{n}",
        "userId": user,
        "timestamp": f"2026-10-01T{minute // 60:02}:{minute % 60:02}:00Z",
        "traits": {"email": f"{user}@example.com", **traits},
    }


TRACK = {"type": "track", "event": "Clicked", "messageId": "t1"}


def verdicts(account: Account) -> dict[str, int]:
    names = ("read", "delivered", "duplicate", "superseded", "filtered", "dead_lettered", "pending")
    return {name: getattr(account, name) for name in names if getattr(account, name)}


async def test_each_event_gets_its_verdict_and_the_newest_value_wins(place: Place) -> None:
    file = place.write(
        [
            identify(1, "ada", plan="Free", seats=1, tags=["red"]),
            identify(3, "ada", plan="Pro", tags=["green", "red"]),
            identify(2, "ada", plan="Free"),
            identify(1, "ada", plan="Free", seats=1, tags=["red"]),
            identify(4, "bob", plan="Free"),
            identify(5, "eve", plan="Gold"),
            TRACK,
            b'{"type": "identify", ',
            b"[1, 2]",
        ]
    )

    outcome = await place.deliver(file)

    assert outcome.finished
    assert verdicts(outcome.account) == {
        "read": 9, "delivered": 3, "duplicate": 1, "superseded": 1, "filtered": 1, "dead_lettered": 3,
    }  # fmt: skip
    assert outcome.account.codes == {"unknown_option": 1, "invalid_json": 1, "not_an_event": 1}
    users = await place.records("users", "user_id")
    people = await place.records("people", "email_addresses")
    assert set(users) == {"ada", "bob"}
    assert (users["ada"]["plan"], users["ada"]["seats"]) == ("Pro", 1)
    assert people["ada@example.com"]["tags"] == {"red", "green"}


async def test_many_events_of_one_record_cost_one_write(place: Place) -> None:
    file = place.write([identify(n, "ada", seats=n) for n in range(1, 60)])

    account = (await place.deliver(file)).account

    assert (account.writes, account.requests) == (2, 2)
    assert verdicts(account) == {"read": 59, "delivered": 1, "superseded": 58}


async def test_running_a_finished_file_again_finds_duplicates_and_writes_nothing(place: Place) -> None:
    file = place.write([identify(1, "ada", plan="Pro"), identify(2, "eve", plan="Gold"), TRACK, b"broken"])
    await place.deliver(file)

    again = (await place.deliver(file)).account

    assert verdicts(again) == {"read": 4, "duplicate": 4}
    assert (again.writes, again.requests) == (0, 0)
    assert len(place.open_letters) == 2


async def test_half_an_emoji_is_repaired_and_the_event_delivered(place: Place) -> None:
    """Browsers cut text by UTF-16 units."""
    event = rb'{"type":"identify","userId":"ada","traits":{"email":"ada@example.com","description":"Hi \ud83d"}}'

    account = (await place.deliver(place.write([event]))).account

    assert verdicts(account) == {"read": 1, "delivered": 1}
    assert (await place.records("people", "email_addresses"))["ada@example.com"]["description"] == "Hi \ufffd"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":', "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        (b'{"a": NaN}', "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"a":1} {"b":2}', "invalid_json"),
        (b'"text"', "not_an_event"),
        (b"null", "not_an_event"),
    ],
)
async def test_a_line_without_an_event_is_a_dead_letter_with_its_bytes(place: Place, raw: bytes, code: str) -> None:
    account = (await place.deliver(place.write([identify(1, "ada"), raw, identify(2, "bob")]))).account

    assert verdicts(account) == {"read": 3, "delivered": 2, "dead_lettered": 1}
    (letter,) = place.open_letters
    assert (letter.line.raw, letter.line.number, letter.code) == (raw, 2, code)


async def test_a_file_given_three_times_costs_what_it_costs_once(place: Place) -> None:
    """Also events without a `messageId`, which are recognised by their bytes."""
    anonymous = {**identify(9, "eve", seats=3), "messageId": None}
    file = place.write([identify(1, "ada", plan="Pro"), identify(2, "bob"), anonymous, TRACK])

    outcome = await place.deliver(file, file, file)

    assert outcome.exit_code == 0
    assert verdicts(outcome.account) == {"read": 12, "delivered": 3, "duplicate": 8, "filtered": 1}
    assert outcome.account.requests == 6


async def test_the_same_content_in_new_events_is_delivered_without_a_request(place: Place) -> None:
    await place.deliver(place.write([identify(1, "ada", plan="Pro", tags=["red"])]))

    account = (await place.deliver(place.write([identify(2, "ada", plan="Pro", tags=["red"])], "later"))).account

    assert verdicts(account) == {"read": 1, "delivered": 1}
    assert account.requests == 0


async def test_an_older_event_in_a_later_file_changes_nothing(place: Place) -> None:
    await place.deliver(place.write([identify(5, "ada", plan="Pro")]))

    account = (await place.deliver(place.write([identify(6, "ada", at=4, plan="Free")], "later"))).account

    assert verdicts(account) == {"read": 1, "superseded": 1}
    assert (await place.records("users", "user_id"))["ada"]["plan"] == "Pro"


async def test_after_a_mapping_changed_a_file_goes_through_again_and_only_the_change_is_written(place: Place) -> None:
    events = [identify(n, user, plan="Pro", description="d") for n, user in enumerate(["ada", "bob"])]
    place.mappings = {"identify": {**IDENTIFY, "person": {}}}
    await place.deliver(place.write(events))
    place.mappings = {"identify": IDENTIFY}

    account = (await place.deliver(place.write(events))).account

    assert verdicts(account) == {"read": 2, "delivered": 2}
    assert account.writes == 2
    assert (await place.records("people", "email_addresses"))["ada@example.com"]["description"] == "d"


async def test_appended_values_only_add_to_what_a_person_put_there(place: Place) -> None:
    """An assert alone would have replaced them."""
    async with place.writer() as attio:
        await attio.assert_record(
            "people",
            matching_attribute="email_addresses",
            values={"email_addresses": ["ada@example.com", "ada@home.example.com"], "tags": ["blue"]},
        )

    await place.deliver(place.write([identify(1, "ada", tags=["red"])]))

    ada = next(iter((await place.records("people", "email_addresses")).values()))
    assert ada["tags"] == {"blue", "red"}
    assert ada["email_addresses"] == {"ada@example.com", "ada@home.example.com"}


async def test_replaced_values_replace(place: Place) -> None:
    place.mappings = {"identify": {**IDENTIFY, "multiselect": {"tags": "replace"}}}
    await place.deliver(place.write([identify(1, "ada", tags=["red", "blue"])]))

    await place.deliver(place.write([identify(2, "ada", tags=["green"])], "later"))

    assert (await place.records("people", "email_addresses"))["ada@example.com"]["tags"] == {"green"}


async def test_null_unsets_and_a_late_addition_from_before_stays_away(place: Place) -> None:
    await place.deliver(place.write([identify(1, "ada", tags=["red"], description="x")]))
    await place.deliver(place.write([identify(9, "ada", tags=None, description=None)], "second"))

    account = (await place.deliver(place.write([identify(10, "ada", at=5, tags=["blue"])], "third"))).account

    assert verdicts(account) == {"read": 1, "superseded": 1}
    ada = (await place.records("people", "email_addresses"))["ada@example.com"]
    assert "tags" not in ada
    assert "description" not in ada


async def test_people_who_refer_to_each_other_are_both_linked(place: Place) -> None:
    file = place.write(
        [
            identify(1, "ada", manager="bob@example.com"),
            identify(2, "bob", manager="ada@example.com"),
            identify(3, "eve", manager="eve@example.com"),
        ]
    )

    account = (await place.deliver(file)).account

    assert verdicts(account) == {"read": 3, "delivered": 3}
    people = await place.records("people", "email_addresses")
    assert all("manager" in person for person in people.values())


async def test_a_user_who_comes_after_the_workspace_in_the_file_is_linked_all_the_same(place: Place) -> None:
    """Segment's destination fails such a call: the user is not known yet."""
    place.mappings = {"group": GROUP, "identify": IDENTIFY}
    group = {
        "type": "group", "messageId": "g1", "userId": "ada", "groupId": "w1", "timestamp": "2026-10-01T00:00:00Z",
        "traits": {"website": "acme.example.com", "name": "Acme"},
    }  # fmt: skip

    account = (await place.deliver(place.write([group, identify(1, "ada")]))).account

    assert verdicts(account) == {"read": 2, "delivered": 2}
    assert len((await place.records("workspaces", "workspace_id"))["w1"]["users"]) == 1


async def archive_legacy(place: Place) -> None:
    async with place.writer() as attio:
        await attio.update_option("objects", "users", "plan", "Legacy", is_archived=True)


class TestRefusals:
    async def test_only_the_culprit_among_many_events_of_one_record_is_refused(self, place: Place) -> None:
        """The option went away after the mappings were checked, so Attio alone knows."""
        await archive_legacy(place)
        events = [identify(n, "ada", seats=n, plan="Pro") for n in range(64)]
        events[63] = identify(63, "ada", seats=63, plan="Legacy")

        outcome = await place.deliver(place.write(events))

        assert outcome.account.dead_lettered == 1
        assert outcome.account.codes == {"value_not_found": 1}
        ada = (await place.records("users", "user_id"))["ada"]
        assert (ada["plan"], ada["seats"]) == ("Pro", 62)
        assert outcome.account.requests <= 2 + 1 + 2 * 6

    async def test_a_letter_holds_the_line_the_mapping_and_attios_words(self, place: Place) -> None:
        await archive_legacy(place)
        event = json.dumps(identify(1, "ada", plan="Legacy"), indent=None, separators=(" ,", " : ")).encode()

        await place.deliver(place.write([event]))

        (letter,) = place.open_letters
        assert letter.line.raw == event
        assert (letter.line.number, letter.line.offset) == (1, 0)
        assert letter.mapping_digest == place.program.digest("identify")
        assert letter.answer is not None
        assert letter.answer["status"] == 400
        assert "Legacy" in letter.reason
        assert letter.request is not None
        assert letter.request["path"] == "/v2/objects/users/records"

    async def test_what_another_mapping_made_of_a_refused_event_is_sent(self, place: Place) -> None:
        person_only = {
            "action": "assert-record", "object": "people", "match": "email_addresses", "when": 'type = "identify"',
            "values": {"email_addresses": "$.traits.email", "description": "from the other"},
        }  # fmt: skip
        place.mappings = {"identify": IDENTIFY, "other": person_only}

        account = (await place.deliver(place.write([identify(1, "ada", plan="Gold")]))).account

        assert verdicts(account) == {"read": 1, "dead_lettered": 1}
        people = await place.records("people", "email_addresses")
        assert people["ada@example.com"]["description"] == "from the other"

    async def test_a_retry_after_the_mend_delivers_every_letter_and_settles_it(self, place: Place) -> None:
        await archive_legacy(place)
        await place.deliver(place.write([identify(n, f"u{n}", plan="Legacy") for n in range(5)]))
        assert len(place.open_letters) == 5
        async with place.writer() as attio:
            await attio.update_option("objects", "users", "plan", "Legacy", is_archived=False)

        outcome = await place.retry(place.open_letters)

        assert verdicts(outcome.account) == {"read": 5, "delivered": 5}
        assert place.open_letters == ()
        assert {user["plan"] for user in (await place.records("users", "user_id")).values()} == {"Legacy"}

    async def test_a_retry_says_of_each_letter_whether_it_was_sent_or_is_taken_by_no_mapping_any_more(
        self, place: Place
    ) -> None:
        """An event that another mapping sends is filtered all the same where its own does not take it."""
        mapping = {"action": "assert-record", "object": "users", "match": "user_id", "when": 'type = "identify"'}
        values = {"user_id": "$.userId", "primary_email_address": "$.traits.email"}
        with_plan = {**mapping, "values": {**values, "plan": "$.traits.plan"}}
        place.mappings = {"plans": with_plan, "users": {**mapping, "values": values}}
        events = [identify(1, "ada", plan="Gold"), identify(2, "bob", plan="Gold"), identify(3, "cy", plan="Gold")]
        await place.deliver(place.write(events))
        place.mappings = {
            "plans": {**mapping, "when": 'type = "identify" and userId != "bob"', "values": values},
            "users": {**mapping, "values": values},
        }

        await place.retry([*place.open_letters, replace(place.open_letters[2], mapping="gone")])

        settled = [json.loads(line) for line in place.dead_letters.path.read_text().splitlines()][3:]
        assert Counter(entry["settled"] for entry in settled) == {"delivered": 3, "filtered": 1}
        assert place.open_letters == ()

    async def test_a_retry_does_not_undo_what_newer_events_have_written(self, place: Place) -> None:
        await archive_legacy(place)
        await place.deliver(place.write([identify(1, "ada", plan="Legacy"), identify(2, "ada", plan="Pro")]))
        letters = place.open_letters
        async with place.writer() as attio:
            await attio.update_option("objects", "users", "plan", "Legacy", is_archived=False)

        await place.retry(letters)

        assert (await place.records("users", "user_id"))["ada"]["plan"] == "Pro"

    async def test_a_retry_does_not_undo_what_an_event_of_the_same_time_has_written(self, place: Place) -> None:
        """As all events are that name no time."""
        await archive_legacy(place)
        untimed = {**identify(1, "ada", plan="Legacy"), "timestamp": None}
        await place.deliver(place.write([untimed]))
        await place.deliver(
            place.write([{**untimed, "messageId": "m2", "traits": {**untimed["traits"], "plan": "Pro"}}])
        )
        async with place.writer() as attio:
            await attio.update_option("objects", "users", "plan", "Legacy", is_archived=False)

        await place.retry(place.open_letters)

        assert (await place.records("users", "user_id"))["ada"]["plan"] == "Pro"

    async def test_what_a_refused_event_has_set_already_is_set_right_again(self, place: Place) -> None:
        """The assert is taken, the values to be added are refused: a write of two requests may stand by half."""
        async with place.writer() as attio:
            await attio.update_option("objects", "people", "tags", "blue", is_archived=True)
        events = [
            identify(1, "ada", description="good", tags=["red"]),
            identify(2, "ada", description="bad", tags=["blue"]),
        ]

        account = (await place.deliver(place.write(events))).account

        assert verdicts(account) == {"read": 2, "delivered": 1, "dead_lettered": 1}
        ada = (await place.records("people", "email_addresses"))["ada@example.com"]
        assert (ada["description"], ada["tags"]) == ("good", {"red"})

    async def test_a_refused_event_that_stands_by_half_is_overwritten_by_the_next_of_the_same_content(
        self, place: Place
    ) -> None:
        async with place.writer() as attio:
            await attio.update_option("objects", "people", "tags", "blue", is_archived=True)
        await place.deliver(place.write([identify(1, "ada", description="good")]))
        await place.deliver(place.write([identify(2, "ada", description="bad", tags=["blue"])]))

        await place.deliver(place.write([identify(3, "ada", description="good")]))

        assert (await place.records("people", "email_addresses"))["ada@example.com"]["description"] == "good"

    async def test_an_input_that_is_replaced_while_a_refusal_is_looked_into_ends_the_run(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending, "TELL_EVERY", 0.0)
        await archive_legacy(place)
        file = place.write([identify(n, f"u{n}", plan="Legacy") for n in range(3)])

        def replaced(progress: Progress) -> None:
            if progress.writes:
                place.write([identify(n, f"v{n}", plan="Pro") for n in range(3)])

        with pytest.raises(EventsError, match="changed while it was delivered"):
            await place.deliver(file, observe=replaced)

    async def test_an_event_with_two_dead_letters_is_one_dead_event(self, place: Place) -> None:
        place.mappings = {"one": IDENTIFY, "two": IDENTIFY}
        file = place.write([identify(n, f"u{n}", plan="Gold" if n % 2 else "Pro") for n in range(120)])

        outcome = await place.deliver(file, max_dead_ratio=0.6)

        assert outcome.finished
        assert outcome.halted is None
        assert verdicts(outcome.account) == {"read": 120, "delivered": 60, "dead_lettered": 60}

    async def test_a_letter_refused_again_stays_open_with_the_new_reason(self, place: Place) -> None:
        place.mappings = {"identify": {**IDENTIFY, "user": {"plan": "Gold"}}}
        await place.deliver(place.write([identify(1, "ada")]))
        place.mappings = {"identify": {**IDENTIFY, "user": {"seats": "many"}}}

        outcome = await place.retry(place.open_letters)

        assert verdicts(outcome.account) == {"read": 1, "dead_lettered": 1}
        (letter,) = place.open_letters
        assert letter.code == "invalid_number"

    async def test_an_object_that_is_switched_off_is_asked_once_per_record(self, tmp_path: Path, place: Place) -> None:
        """Cutting the events in halves would find every one of them guilty, at two requests each."""
        with embedded(tmp_path / "off.sqlite", token=TOKEN, options=Options(limits=NO_LIMITS)) as url:
            place.url = url
            place.mappings = {"identify": {**IDENTIFY, "person": {}}}
            file = place.write([identify(n, "ada", seats=n) for n in range(20)])

            account = (await place.deliver(file)).account

        assert account.codes == {"standard_object_disabled": 20}
        assert account.requests == 2

    async def test_too_many_dead_letters_stop_the_run_before_anything_is_sent(self, place: Place) -> None:
        file = place.write([identify(n, f"u{n}", plan="Gold" if n % 3 else "Pro") for n in range(300)])

        outcome = await place.deliver(file, max_dead_ratio=0.3)

        assert isinstance(outcome.halted, PartialError)
        assert "200 of 300 events are dead letters, more than 30%: unknown_option 200" in str(outcome.halted)
        assert outcome.exit_code == Exit.PARTIAL
        assert verdicts(outcome.account) == {"read": 300, "pending": 300}
        assert outcome.account.requests == 0
        assert place.open_letters == ()

        assert verdicts((await place.deliver(file)).account) == {"read": 300, "delivered": 100, "dead_lettered": 200}

    async def test_too_many_refusals_stop_the_run_while_it_sends(self, place: Place) -> None:
        await archive_legacy(place)
        file = place.write([identify(n, f"u{n:03}", plan="Legacy" if n % 2 else "Pro") for n in range(200)])

        outcome = await place.deliver(file, max_dead_ratio=0.3)

        assert isinstance(outcome.halted, PartialError)
        assert outcome.account.pending > 0
        assert place.open_letters == ()

    async def test_refusals_that_are_many_are_told_apart_a_portion_at_a_time(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending, "REFUSED_AT_ONCE", 3)
        await archive_legacy(place)
        events = [identify(2 * n + m, f"u{n}", plan="Legacy" if m else "Pro") for n in range(8) for m in (0, 1)]

        outcome = await place.deliver(place.write(events))

        assert verdicts(outcome.account) == {"read": 16, "delivered": 8, "dead_lettered": 8}
        assert {user["plan"] for user in (await place.records("users", "user_id")).values()} == {"Pro"}


class TestStops:
    async def test_a_stopped_run_keeps_the_rest_pending_and_the_next_one_completes_it(self, place: Place) -> None:
        file = place.write([identify(n, f"u{n}", plan="Pro") for n in range(100)])
        stop = asyncio.Event()

        def stop_half_way(progress: Progress) -> None:
            if progress.account.writes >= 120:
                stop.set()

        first = await place.deliver(file, stop=stop, observe=stop_half_way)
        assert not first.finished
        assert first.account.read == 100
        assert first.account.pending > 0
        assert place.open_letters == ()
        ledger = place.ledger()
        assert verdicts(ledger.runs(1)[0].account) == verdicts(first.account)
        ledger.close()

        second = await place.deliver(file)

        assert second.finished
        assert verdicts(second.account) == {"read": 100, "delivered": 100}
        assert second.account.writes == 200
        assert len(await place.records("users", "user_id")) == 100

    async def test_a_run_stopped_while_it_reads_has_sent_nothing(self, place: Place) -> None:
        stop = asyncio.Event()

        outcome = await place.deliver(place.write([identify(1, "ada")]), stop=stop, observe=lambda progress: stop.set())

        assert verdicts(outcome.account) == {"read": 1, "pending": 1}
        assert outcome.account.requests == 0

    async def test_a_file_that_changed_under_an_unfinished_run_is_refused_and_one_that_grew_goes_on(
        self, place: Place
    ) -> None:
        file = place.write([identify(n, f"u{n}") for n in range(30)])
        stop = asyncio.Event()
        await place.deliver(file, stop=stop, observe=lambda progress: stop.set() if progress.writes else None)
        text = file.read_bytes()
        file.write_bytes(text.replace(b"u0@", b"uX@"))

        with pytest.raises(EventsError, match="changed where an unfinished run has read it"):
            await place.deliver(file)

        file.write_bytes(text + json.dumps(identify(30, "u30")).encode())
        account = (await place.deliver(file)).account
        assert verdicts(account) == {"read": 31, "delivered": 31}
        assert account.writes == 62

    async def test_a_second_delivery_with_the_same_ledger_is_refused(self, place: Place) -> None:
        held = place.ledger()
        with held.claim(), pytest.raises(LeaseHeldError, match="another delivery is running"):
            await place.deliver(place.write([identify(1, "ada")]))
        held.close()


class TestPreview:
    async def test_a_preview_counts_what_the_run_then_does(self, place: Place) -> None:
        await place.deliver(place.write([identify(1, "ada", plan="Pro")], "before"))
        file = place.write(
            [identify(1, "ada", plan="Pro"), identify(2, "bob", tags=["red"]), identify(3, "eve", plan="Gold"), TRACK]
        )
        ledger = place.ledger()
        rehearsal = Rehearsal("documented", BatchOptions(), place.schema)
        found = await preview(files=[file], program=place.program, ledger=ledger, rehearsal=rehearsal)
        ledger.close()
        assert set(await place.records("users", "user_id")) == {"ada"}

        account = (await place.deliver(file)).account

        assert verdicts(found.account) == verdicts(account)
        assert (found.account.writes, found.account.requests) == (account.writes, account.requests)
        assert (found.records, found.requests) == ({"people": 1, "users": 1}, {"assert": 2, "patch": 1})
        assert [letter.code for letter in found.dead_letters] == ["unknown_option"]
        assert found.eta == pytest.approx(3 / 24.25)

    async def test_a_preview_needs_neither_ledger_nor_server(self, tmp_path: Path) -> None:
        place = Place(tmp_path, "http://127.0.0.1:9")

        rehearsal = Rehearsal("documented", BatchOptions(), place.schema)
        found = await preview(files=[place.write([TRACK])], program=place.program, ledger=None, rehearsal=rehearsal)

        assert verdicts(found.account) == {"read": 1, "filtered": 1}
