-- Patchbay on SQLite: what was accepted, what follows from it, and why.
--
-- Times are milliseconds since the Unix epoch. Numbers of inbox, outbox, actions, hooks, entries and parked are given
-- out by the host and never used twice (AUTOINCREMENT remembers the highest). What is large lies in a table of its own
-- beside its row, so that a change of state rewrites few pages. Indexes on random keys are kept to what de-duplication
-- needs: each costs a page of write-ahead log for each row.

-- Every event that a homeserver sent. A row stays as the key that repeats are recognised by.
-- state: 0 pending, 1 done, 2 parked, 3 ignored, 4 nobody's.
CREATE TABLE inbox (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    registration TEXT    NOT NULL,
    event_key    TEXT    NOT NULL,
    room_id      TEXT,
    tenant       TEXT,
    state        INTEGER NOT NULL DEFAULT 0,
    late         INTEGER NOT NULL DEFAULT 0,
    received_at  INTEGER NOT NULL,
    decided_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX inbox_key ON inbox (event_key, registration);
CREATE INDEX inbox_pending ON inbox (seq) WHERE state = 0;
CREATE INDEX inbox_lane ON inbox (registration, room_id, seq) WHERE state = 0;

-- The events themselves; dropped when the tenant's retention says so.
CREATE TABLE bodies (
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- What each step was asked and answered: one row for each commit, a MessagePack array of steps, compressed (LZ4, the
-- size in front). subject: inbox, delivery, action, hook, entry.
CREATE TABLE traces (
    id      INTEGER PRIMARY KEY,
    subject TEXT    NOT NULL,
    ref     INTEGER NOT NULL,
    tenant  TEXT,
    at      INTEGER NOT NULL,
    steps   BLOB    NOT NULL
) STRICT;
CREATE INDEX traces_subject ON traces (subject, ref);

-- Rooms, and whose they are; nobody's without a tenant.
CREATE TABLE rooms (
    registration TEXT NOT NULL,
    room_id      TEXT NOT NULL,
    tenant       TEXT,
    decided_by   TEXT NOT NULL,
    state        TEXT NOT NULL,
    PRIMARY KEY (registration, room_id)
) STRICT;

CREATE TABLE conversations (
    tenant        TEXT    NOT NULL,
    id            TEXT    NOT NULL,
    registration  TEXT    NOT NULL,
    room_id       TEXT    NOT NULL,
    thread_root   TEXT,
    labels        TEXT    NOT NULL,
    customer      TEXT,
    message_count INTEGER NOT NULL,
    last_at       INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX conversations_room ON conversations (room_id, registration);

CREATE TABLE tickets (
    tenant           TEXT    NOT NULL,
    conversation     TEXT    NOT NULL,
    adapter          TEXT    NOT NULL,
    ticket           TEXT    NOT NULL,
    url              TEXT,
    status           TEXT    NOT NULL,
    queue            TEXT,
    assignee         TEXT,
    opened_at        INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    open             INTEGER NOT NULL,
    PRIMARY KEY (tenant, conversation, adapter, ticket)
) STRICT;
CREATE INDEX tickets_ticket ON tickets (tenant, adapter, ticket);

-- A person's identifier in a CRM.
CREATE TABLE persons (
    tenant  TEXT NOT NULL,
    adapter TEXT NOT NULL,
    person  TEXT NOT NULL,
    remote  TEXT NOT NULL,
    PRIMARY KEY (tenant, adapter, person)
) STRICT, WITHOUT ROWID;

-- Deliveries to CRMs; also the link from an event to the CRM's identifiers. Lane: (tenant, conversation, adapter).
-- state: 0 pending, 1 done, 2 dead (parked), 3 dropped. parts: a JSON array.
CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    adapter      TEXT    NOT NULL,
    inbox_seq    INTEGER,
    event_id     TEXT,
    ticket       TEXT,
    internal     INTEGER NOT NULL,
    state        INTEGER NOT NULL DEFAULT 0,
    late         INTEGER NOT NULL DEFAULT 0,
    attempt      INTEGER NOT NULL DEFAULT 0,
    not_before   INTEGER NOT NULL,
    last_error   TEXT,
    parts        TEXT,
    generation   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    done_at      INTEGER
) STRICT;
CREATE INDEX outbox_pending ON outbox (id) WHERE state = 0;
CREATE INDEX outbox_lane ON outbox (tenant, conversation, adapter, id) WHERE state = 0;
CREATE INDEX outbox_event ON outbox (inbox_seq) WHERE inbox_seq IS NOT NULL;

CREATE TABLE outbox_payloads (
    id      INTEGER PRIMARY KEY,
    payload TEXT NOT NULL
) STRICT;

-- From a CRM's identifier of a message back to the Matrix event.
CREATE TABLE links (
    tenant   TEXT NOT NULL,
    adapter  TEXT NOT NULL,
    part     TEXT NOT NULL,
    event_id TEXT NOT NULL,
    ticket   TEXT,
    PRIMARY KEY (tenant, adapter, part)
) STRICT, WITHOUT ROWID;

-- What is to be done in Matrix. Lane: (registration, room). origin_*: the CRM's message that it shows. States as in
-- outbox.
CREATE TABLE actions (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant              TEXT    NOT NULL,
    registration        TEXT    NOT NULL,
    room_id             TEXT    NOT NULL,
    source              TEXT    NOT NULL,
    ordinal             INTEGER NOT NULL,
    txn_id              TEXT    NOT NULL,
    origin_adapter      TEXT,
    origin_conversation TEXT,
    origin_ticket       TEXT,
    origin_part         TEXT,
    state               INTEGER NOT NULL DEFAULT 0,
    late                INTEGER NOT NULL DEFAULT 0,
    attempt             INTEGER NOT NULL DEFAULT 0,
    not_before          INTEGER NOT NULL,
    last_error          TEXT,
    event_id            TEXT,
    created_at          INTEGER NOT NULL,
    done_at             INTEGER
) STRICT;
CREATE INDEX actions_pending ON actions (id) WHERE state = 0;
CREATE INDEX actions_lane ON actions (registration, room_id, id) WHERE state = 0;
CREATE INDEX actions_event ON actions (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX actions_source ON actions (source);

CREATE TABLE action_payloads (
    id      INTEGER PRIMARY KEY,
    payload TEXT NOT NULL
) STRICT;

-- Webhooks as they came. state: 0 pending, 1 done, 2 parked, 3 given up.
CREATE TABLE hooks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     TEXT    NOT NULL,
    adapter    TEXT    NOT NULL,
    hook_key   TEXT    NOT NULL,
    state      INTEGER NOT NULL DEFAULT 0,
    attempt    INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    at         INTEGER NOT NULL,
    body       BLOB
) STRICT;
CREATE UNIQUE INDEX hooks_key ON hooks (hook_key, adapter, tenant);
CREATE INDEX hooks_pending ON hooks (id) WHERE state = 0;

-- News of CRMs. state: 0 pending, 1 done, 2 parked, 3 ignored.
CREATE TABLE entries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     TEXT    NOT NULL,
    adapter    TEXT    NOT NULL,
    entry_id   TEXT    NOT NULL,
    ticket     TEXT    NOT NULL,
    state      INTEGER NOT NULL DEFAULT 0,
    late       INTEGER NOT NULL DEFAULT 0,
    attempt    INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL,
    last_error TEXT,
    at         INTEGER NOT NULL,
    body       TEXT
) STRICT;
CREATE UNIQUE INDEX entries_key ON entries (entry_id, adapter, tenant);
CREATE INDEX entries_pending ON entries (id) WHERE state = 0;

-- What was set aside. subject: inbox, delivery, action, hook, entry, transaction; ref: its number there. A transaction
-- that could not be read lies here itself, and is known by its hash.
CREATE TABLE parked (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    subject     TEXT    NOT NULL,
    ref         INTEGER NOT NULL,
    tenant      TEXT,
    event_id    TEXT,
    slot        TEXT,
    component   TEXT,
    reason      TEXT    NOT NULL,
    behind      TEXT,
    at          INTEGER NOT NULL,
    resolved_at INTEGER,
    hash        TEXT,
    raw         BLOB
) STRICT;
CREATE INDEX parked_subject ON parked (subject, ref);
CREATE INDEX parked_event ON parked (event_id) WHERE resolved_at IS NULL AND event_id IS NOT NULL;
CREATE UNIQUE INDEX parked_hash ON parked (hash) WHERE hash IS NOT NULL;

-- Generations of each tenant: code and configuration of its whole chain.
CREATE TABLE generations (
    tenant     TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    spec       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    by         TEXT    NOT NULL,
    note       TEXT    NOT NULL,
    active     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, generation)
) STRICT;

-- Small state of plugins; that of the host itself has an empty tenant.
CREATE TABLE kv (
    tenant  TEXT NOT NULL,
    adapter TEXT NOT NULL,
    key     TEXT NOT NULL,
    value   BLOB NOT NULL,
    PRIMARY KEY (tenant, adapter, key)
) STRICT;

-- Matrix users that we made.
CREATE TABLE ghosts (
    registration TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    device_id    TEXT,
    display_name TEXT,
    at           INTEGER NOT NULL,
    PRIMARY KEY (registration, user_id)
) STRICT;

-- What is said once only.
CREATE TABLE notices (
    kind TEXT    NOT NULL,
    key  TEXT    NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- The embedded desk. Tickets are D-<number> within their tenant, lines L-<number>.
CREATE TABLE desk_tickets (
    tenant       TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    conversation TEXT    NOT NULL,
    customer     TEXT    NOT NULL,
    status       TEXT    NOT NULL DEFAULT 'open',
    subject      TEXT,
    priority     TEXT,
    queue        TEXT,
    assignee     TEXT,
    tags         TEXT    NOT NULL DEFAULT '[]',
    fields       TEXT    NOT NULL DEFAULT '{}',
    opened_at    INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT;

CREATE TABLE desk_lines (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     TEXT    NOT NULL,
    ticket     INTEGER NOT NULL,
    item_key   TEXT    NOT NULL,
    author     TEXT    NOT NULL,
    sent_at    INTEGER NOT NULL,
    internal   INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    reply_to   INTEGER,
    removed_at INTEGER,
    edits      TEXT    NOT NULL DEFAULT '[]',
    reactions  TEXT    NOT NULL DEFAULT '[]'
) STRICT;
CREATE UNIQUE INDEX desk_lines_item ON desk_lines (tenant, ticket, item_key);
