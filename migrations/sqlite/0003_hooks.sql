-- Webhooks that were kept although their adapter could not be asked whether they are to be: it is asked before they are
-- read. delivery: the identifier that the sender gave, which becomes hooks.hook_key once the adapter wants it.
CREATE TABLE hooks_unasked (
    id       INTEGER PRIMARY KEY,
    delivery TEXT
) STRICT;

-- The webhook that an entry was read out of; nothing for what was polled.
ALTER TABLE entries ADD COLUMN hook INTEGER;
