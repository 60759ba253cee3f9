-- How far each adapter's CRM was asked what is new: the adapter's own cursor, and when it was last answered.
CREATE TABLE cursors (
    tenant  TEXT    NOT NULL,
    adapter TEXT    NOT NULL,
    cursor  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, adapter)
) STRICT, WITHOUT ROWID;

-- Polls that brought something new; of the others nothing is kept but the cursor.
CREATE TABLE polls (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  TEXT    NOT NULL,
    adapter TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

-- The poll that an entry was read out of; nothing for what a webhook brought.
ALTER TABLE entries ADD COLUMN poll INTEGER;
