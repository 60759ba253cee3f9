-- Pictures of people that a CRM has, as they were uploaded: each once. handle: the adapter's own.
CREATE TABLE avatars (
    tenant       TEXT    NOT NULL,
    adapter      TEXT    NOT NULL,
    registration TEXT    NOT NULL,
    handle       TEXT    NOT NULL,
    uri          TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (tenant, adapter, registration, handle)
) STRICT, WITHOUT ROWID;

-- The picture that a ghost shows now, as an address of Matrix media; none: none that we set.
ALTER TABLE ghosts ADD COLUMN avatar TEXT;
