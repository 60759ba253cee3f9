-- Conversations whose customer was told that something has not arrived yet; a row goes when nothing of theirs waits any
-- more. subject, ref: what was late when they were told (inbox, delivery). parked: what of theirs was set aside last.
CREATE TABLE told (
    tenant       TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    registration TEXT    NOT NULL,
    room_id      TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    ref          INTEGER NOT NULL,
    parked       INTEGER,
    at           INTEGER NOT NULL,
    PRIMARY KEY (tenant, conversation)
) STRICT, WITHOUT ROWID;

-- A CRM's messages of whose failure their tickets were told. source: the entry's identifier; subject, ref: what failed
-- (action, entry). settled_at: nothing more is said of it.
CREATE TABLE notes (
    id         INTEGER PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    adapter    TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    ref        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;
CREATE UNIQUE INDEX notes_source ON notes (source, adapter, tenant);
CREATE INDEX notes_open ON notes (id) WHERE settled_at IS NULL;
