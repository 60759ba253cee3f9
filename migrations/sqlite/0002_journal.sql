-- What adapters did outside, step by step, by the names that they gave. A step is written down before it is sent, and
-- again with what was answered; all of a call's steps go with its receipt. subject: delivery, hook; ref: its number
-- there. state: 0 sent, and nothing is known of it; 1 answered 2xx; 2 not done: refused, or never sent; 3 forgotten.
-- request: its digest; answer: a MessagePack response, compressed (LZ4, the size in front).
CREATE TABLE journal (
    subject TEXT    NOT NULL,
    ref     INTEGER NOT NULL,
    step    TEXT    NOT NULL,
    state   INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    request BLOB    NOT NULL,
    at      INTEGER NOT NULL,
    answer  BLOB,
    PRIMARY KEY (subject, ref, step)
) STRICT;
