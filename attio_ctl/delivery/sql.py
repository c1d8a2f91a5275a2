"""
The SQL of the ledger, each statement with a name.

Rows are keyed by 64 bits of a hash, since integer keys are three times as fast to insert as text or blobs and take a
third of the room; beside the hash stands what it was made from, so that a collision is seen and never believed.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 4
"""Kept in `user_version`; 0 is a file that was never a ledger."""

SCHEMA: Final = """
create table workspace (
    id text not null                          -- Attio's id of the workspace that this ledger belongs to
) strict;

create table run (
    id integer primary key autoincrement,
    paths text not null,                      -- JSON array: the files in the order they were given
    open integer not null                     -- 1 until every file was read to its end, or the run was abandoned
) strict;
create index open_run on run (paths) where open;

create table input (
    run integer not null references run (id),
    position integer not null,                -- in `run.paths`, from 0
    path text not null,
    "offset" integer not null,                -- bytes of the uncompressed content that are accounted for
    line integer not null,
    proof text not null,
    done integer not null,
    account text not null,                    -- JSON object of figures: up to the offset
    unsettled text not null,                  -- the same: beyond it
    followed integer not null,                -- 1 once it was read as a file that others add to
    primary key (run, position)
) strict, without rowid;

create table recent (
    bucket integer primary key,               -- the first two bytes of an event's fingerprint
    marks blob not null                       -- the other eight bytes of each, the oldest first
) strict;

create table retried (
    event text primary key                    -- a dead letter's, of a retry that was begun and is not settled
) strict, without rowid;

create table record (
    id integer primary key,                   -- hash of the key
    key text not null,                        -- JSON array: object, attribute, value
    cells blob not null                       -- msgpack: attribute -> [set_at, digest, {added value: time}]
) strict;

create table mapping (
    name text primary key,
    digest text not null                      -- what the mapping said when it last delivered something
) strict, without rowid;

create table holder (
    who text not null                         -- the process that delivers now, or did last
) strict;
"""

FROM_1: Final = """
drop table seen;
create table recent (bucket integer primary key, marks blob not null) strict;
alter table input add column unsettled text not null default '{}'
"""

FROM_2: Final = "create table retried (event text primary key) strict, without rowid"

FROM_3: Final = """
alter table input add column followed integer not null default 0;
update input set followed = 1 where "offset" > 0 and not done
"""
"""Whoever reads a file without following it comes to its end before the first offset is noted."""

OPEN_RUN: Final = "select id from run where open and paths = ? order by id desc limit 1"
NEW_RUN: Final = "insert into run (paths, open) values (?, 1) returning id"
CLOSE_RUN: Final = "update run set open = 0 where id = ?"
ABANDON_RUNS: Final = "update run set open = 0 where open and paths = ?"
LATEST_RUNS: Final = "select id from run order by id desc limit ?"

IN_DOUBT: Final = """
with pending as (select distinct run from input where json_extract(unsettled, '$.pending') > 0)
select exists (select 1 from retried) or exists (
    select 1 from run as cut where cut.id in pending and not exists (
        select 1 from run as later
        where later.paths = cut.paths and later.id > cut.id and not later.open and later.id not in pending
    )
)
"""

INPUTS: Final = """
select path, "offset", line, proof, done, account, unsettled, followed from input where run = ? order by position
"""
PUT_INPUT: Final = """
insert into input (run, position, path, "offset", line, proof, done, account, unsettled, followed)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (run, position) do update set
    "offset" = excluded."offset", line = excluded.line, proof = excluded.proof,
    done = excluded.done, account = excluded.account, unsettled = excluded.unsettled, followed = excluded.followed
"""

PUT_RETRIED: Final = "insert or ignore into retried (event) values (?)"
SETTLE_RETRIED: Final = "delete from retried where event = ?"

RECENT: Final = "select bucket, marks from recent"
PUT_RECENT: Final = "insert or replace into recent (bucket, marks) values (?, ?)"

RECORDS: Final = "select id, key, cells from record where id in (select value from json_each(?))"
PUT_RECORD: Final = """
insert into record (id, key, cells) values (?, ?, ?)
on conflict (id) do update set cells = excluded.cells where key = excluded.key
"""

MAPPINGS: Final = "select name, digest from mapping"
PUT_MAPPING: Final = """
insert into mapping (name, digest) values (?, ?) on conflict (name) do update set digest = excluded.digest
"""

HOLDER: Final = "select who from holder"
CLEAR_HOLDER: Final = "delete from holder"
PUT_HOLDER: Final = "insert into holder (who) values (?)"
