-- Times are microseconds since 1970, ids are UUID texts, `details` and `payload` are JSON.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE members (
    pk         INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    email      TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    details    TEXT NOT NULL
);

-- Who wrote what; row 0 is the system.
CREATE TABLE actors (
    pk   INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    id   TEXT,
    UNIQUE (type, id)
);

-- Objects and lists.
CREATE TABLE collections (
    pk         INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    slug       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    details    TEXT NOT NULL,
    UNIQUE (kind, slug)
);

CREATE TABLE attributes (
    pk         INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    collection INTEGER NOT NULL,
    slug       TEXT NOT NULL,
    type       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    details    TEXT NOT NULL,
    UNIQUE (collection, slug)
);

-- Select options and statuses.
CREATE TABLE options (
    pk        INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    attribute INTEGER NOT NULL,
    title     TEXT NOT NULL,
    details   TEXT NOT NULL,
    UNIQUE (attribute, title)
);

-- Records and list entries. `data` holds the active values except references: {attribute pk: [[from, actor, payload], …]}.
CREATE TABLE records (
    pk         INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    collection INTEGER NOT NULL,
    parent     INTEGER,
    created_at INTEGER NOT NULL,
    actor      INTEGER NOT NULL,
    data       BLOB NOT NULL
);
CREATE INDEX records_by_collection ON records (collection);
CREATE INDEX records_by_parent ON records (parent, collection) WHERE parent IS NOT NULL;

-- The values of unique attributes, normalised. The record is part of the key because a switch to unique takes old data as it is.
CREATE TABLE unique_values (
    attribute INTEGER NOT NULL,
    value     TEXT NOT NULL,
    record    INTEGER NOT NULL,
    PRIMARY KEY (attribute, value, record)
) WITHOUT ROWID;

-- Active record references, both sides of a relationship. The lowest position comes first.
CREATE TABLE links (
    record      INTEGER NOT NULL,
    attribute   INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    target      INTEGER NOT NULL,
    active_from INTEGER NOT NULL,
    actor       INTEGER NOT NULL,
    PRIMARY KEY (record, attribute, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX links_by_target ON links (target, attribute, record);

-- Values that are no longer active.
CREATE TABLE history (
    pk           INTEGER PRIMARY KEY,
    record       INTEGER NOT NULL,
    attribute    INTEGER NOT NULL,
    payload      TEXT NOT NULL,
    active_from  INTEGER NOT NULL,
    active_until INTEGER NOT NULL,
    actor        INTEGER NOT NULL
);
CREATE INDEX history_by_record ON history (record, attribute);

CREATE TABLE webhooks (
    pk          INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    target_url  TEXT NOT NULL,
    subscribed  TEXT NOT NULL,
    secret      TEXT NOT NULL,
    status      TEXT NOT NULL DEFAULT 'active',
    failing_since INTEGER,
    created_at  INTEGER NOT NULL
);

-- Events on their way to a webhook; the body is fixed when the event happens, so that every retry sends the same bytes.
CREATE TABLE deliveries (
    pk          INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    webhook     INTEGER NOT NULL,
    event_type  TEXT NOT NULL,
    body        BLOB NOT NULL,
    state       TEXT NOT NULL DEFAULT 'waiting',
    tries       INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,
    last_status INTEGER,
    last_error  TEXT,
    created_at  INTEGER NOT NULL,
    done_at     INTEGER
);
CREATE INDEX deliveries_waiting ON deliveries (next_try_at) WHERE state = 'waiting';

-- Requests to PUT /v2/batch/records: taken in order, `next` is the first assertion not yet done.
CREATE TABLE batches (
    pk          INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    actor       INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    next        INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL,
    ready_at    INTEGER NOT NULL,
    finished_at INTEGER
);
CREATE INDEX batches_waiting ON batches (pk) WHERE finished_at IS NULL;

-- The assertions of batches that are not finished; null is one that is done. Apart, because a batch's row changes often.
CREATE TABLE batch_bodies (
    batch INTEGER PRIMARY KEY,
    body  BLOB NOT NULL
);

CREATE TABLE dropped_assertions (
    pk        INTEGER PRIMARY KEY,
    batch     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    code      TEXT NOT NULL,
    message   TEXT NOT NULL,
    assertion BLOB NOT NULL
);
CREATE INDEX dropped_by_batch ON dropped_assertions (batch, position);

CREATE TABLE notes (
    pk         INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    parent     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    actor      INTEGER NOT NULL,
    details    TEXT NOT NULL
);
CREATE INDEX notes_by_parent ON notes (parent);

CREATE TABLE tasks (
    pk         INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    actor      INTEGER NOT NULL,
    details    TEXT NOT NULL
);

CREATE TABLE task_records (
    task   INTEGER NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (task, record)
) WITHOUT ROWID;
CREATE INDEX task_records_by_record ON task_records (record);

CREATE TABLE requests (
    pk           INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    token        TEXT,
    method       TEXT NOT NULL,
    path         TEXT NOT NULL,
    status       INTEGER NOT NULL,
    code         TEXT,
    duration_us  INTEGER NOT NULL,
    fault        TEXT
);
