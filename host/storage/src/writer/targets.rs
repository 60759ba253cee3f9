//! The statements that take rows in bulk: a JSON array of arrays, in which `value ->> n` is the row's n-th value. Where
//! one value is large, the row has its span in a blob that is bound first. (The blob stands in `substr` itself: bound in
//! a subquery, it would be copied for each row.)

macro_rules! targets {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        /// What rows are for; they are written in the order of the variants.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Target { $($(#[$doc])* $name,)* }

        /// All of them, in order.
        pub(crate) const TARGETS: [Target; [$(Target::$name),*].len()] = [$(Target::$name),*];

        impl Target {
            pub(crate) fn sql(self) -> &'static str {
                match self { $(Self::$name => $sql,)* }
            }

            /// Whether a blob is bound before the rows.
            pub(crate) fn has_blob(self) -> bool {
                self.sql().contains("substr(?")
            }
        }
    };
}

/// The rows of a batch: `value` is one of them, and stays in SQLite's binary form, so that it is parsed once.
macro_rules! rows {
    () => {
        "FROM jsonb_each(?)"
    };
}

/// A span of two values, as text.
macro_rules! span {
    ($at:literal, $length:literal) => {
        concat!("CAST(substr(?, value ->> ", $at, ", value ->> ", $length, ") AS TEXT)")
    };
}

targets! {
    /// seq, registration, key, room, tenant, state, received
    Inbox = concat!(
        "INSERT INTO inbox (seq, registration, event_key, room_id, state, received_at) ",
        "SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 ", rows!());
    /// seq, span
    Body = concat!("INSERT INTO bodies (seq, body) SELECT value->>0, ", span!(1, 2), " ", rows!());
    /// seq, state, tenant, at
    InboxState = concat!(
        "UPDATE inbox SET state = value->>1, tenant = value->>2, decided_at = value->>3 ", rows!(),
        " WHERE seq = value->>0");
    /// registration, room, tenant, decided by, span
    Room = concat!(
        "INSERT INTO rooms (registration, room_id, tenant, decided_by, state) ",
        "SELECT value->>0, value->>1, value->>2, value->>3, ", span!(4, 5), " ", rows!(), " WHERE true ",
        "ON CONFLICT DO UPDATE SET tenant = excluded.tenant, decided_by = excluded.decided_by, state = excluded.state");
    /// tenant, id, registration, room, thread, labels, customer, count, last
    Conversation = concat!(
        "INSERT INTO conversations (tenant, id, registration, room_id, thread_root, labels, customer, message_count, ",
        "last_at) SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, ",
        "value->>8 ", rows!(), " WHERE true ON CONFLICT DO UPDATE SET registration = excluded.registration, ",
        "room_id = excluded.room_id, thread_root = excluded.thread_root, labels = excluded.labels, ",
        "customer = excluded.customer, message_count = excluded.message_count, last_at = excluded.last_at");
    /// tenant, conversation, adapter, ticket, url, status, queue, assignee, opened, last, open
    Ticket = concat!(
        "INSERT INTO tickets (tenant, conversation, adapter, ticket, url, status, queue, assignee, opened_at, ",
        "last_activity_at, open) SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, ",
        "value->>7, value->>8, value->>9, value->>10 ", rows!(), " WHERE true ON CONFLICT DO UPDATE SET ",
        "url = excluded.url, status = excluded.status, queue = excluded.queue, assignee = excluded.assignee, ",
        "opened_at = excluded.opened_at, last_activity_at = excluded.last_activity_at, open = excluded.open");
    /// tenant, adapter, person, remote
    Person = concat!(
        "INSERT INTO persons (tenant, adapter, person, remote) ",
        "SELECT value->>0, value->>1, value->>2, value->>3 ", rows!(), " WHERE true ",
        "ON CONFLICT DO UPDATE SET remote = excluded.remote");
    /// id, tenant, conversation, adapter, seq, event, ticket, internal, not before, generation, created
    Delivery = concat!(
        "INSERT INTO outbox (id, tenant, conversation, adapter, inbox_seq, event_id, ticket, internal, not_before, ",
        "generation, created_at) SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, ",
        "value->>7, value->>8, value->>9, value->>10 ", rows!());
    /// id, span
    DeliveryPayload = concat!(
        "INSERT INTO outbox_payloads (id, payload) SELECT value->>0, ", span!(1, 2), " ", rows!(), " WHERE true ",
        "ON CONFLICT DO UPDATE SET payload = excluded.payload");
    /// id, state, attempt, not before, error, ticket, parts, done
    DeliveryState = concat!(
        "UPDATE outbox SET state = value->>1, attempt = value->>2, not_before = value->>3, last_error = value->>4, ",
        "ticket = coalesce(value->>5, ticket), parts = coalesce(value->>6, parts), done_at = value->>7 ", rows!(),
        " WHERE outbox.id = value->>0");
    /// delivery, part
    DeliveryLink = concat!(
        "INSERT INTO links (tenant, adapter, part, event_id, ticket) ",
        "SELECT o.tenant, o.adapter, value->>1, o.event_id, o.ticket ", rows!(), " CROSS JOIN outbox o ",
        "WHERE o.id = value->>0 AND o.event_id IS NOT NULL ",
        "ON CONFLICT DO UPDATE SET event_id = excluded.event_id, ticket = excluded.ticket");
    /// id, tenant, registration, room, source, ordinal, txn, adapter, conversation, ticket, part, not before, created
    Action = concat!(
        "INSERT INTO actions (id, tenant, registration, room_id, source, ordinal, txn_id, origin_adapter, ",
        "origin_conversation, origin_ticket, origin_part, not_before, created_at) SELECT value->>0, value->>1, ",
        "value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9, value->>10, ",
        "value->>11, value->>12 ", rows!());
    /// id, span
    ActionPayload = concat!(
        "INSERT INTO action_payloads (id, payload) SELECT value->>0, ", span!(1, 2), " ", rows!());
    /// id, state, attempt, not before, error, event, done
    ActionState = concat!(
        "UPDATE actions SET state = value->>1, attempt = value->>2, not_before = value->>3, last_error = value->>4, ",
        "event_id = coalesce(value->>5, event_id), done_at = value->>6 ", rows!(), " WHERE actions.id = value->>0");
    /// action
    ActionLink = concat!(
        "INSERT INTO links (tenant, adapter, part, event_id, ticket) ",
        "SELECT a.tenant, a.origin_adapter, a.origin_part, a.event_id, a.origin_ticket ", rows!(),
        " CROSS JOIN actions a WHERE a.id = value->>0 AND a.origin_part IS NOT NULL AND a.event_id IS NOT NULL ",
        "ON CONFLICT DO NOTHING");
    /// tenant, adapter, key, at, span
    Hook = concat!(
        "INSERT INTO hooks (tenant, adapter, hook_key, at, body) SELECT value->>0, value->>1, value->>2, value->>3, ",
        "substr(?, value->>4, value->>5) ", rows!());
    /// id, state, not before
    HookState = concat!(
        "UPDATE hooks SET state = value->>1, not_before = value->>2, attempt = attempt + 1 ", rows!(),
        " WHERE hooks.id = value->>0");
    /// tenant, adapter, entry, ticket, not before, at, span
    Entry = concat!(
        "INSERT INTO entries (tenant, adapter, entry_id, ticket, not_before, at, body) SELECT value->>0, value->>1, ",
        "value->>2, value->>3, value->>4, value->>5, ", span!(6, 7), " ", rows!());
    /// id, state, not before, error
    EntryState = concat!(
        "UPDATE entries SET state = value->>1, not_before = value->>2, last_error = value->>3, attempt = attempt + 1 ",
        rows!(), " WHERE entries.id = value->>0");
    /// tenant, adapter, key, span
    Kv = concat!(
        "INSERT INTO kv (tenant, adapter, key, value) SELECT value->>0, value->>1, value->>2, ",
        "substr(?, value->>3, value->>4) ", rows!(), " WHERE true ",
        "ON CONFLICT DO UPDATE SET value = excluded.value");
    /// subject, ref, tenant, event, slot, component, reason, behind, at
    Parked = concat!(
        "INSERT INTO parked (subject, ref, tenant, event_id, slot, component, reason, behind, at) SELECT value->>0, ",
        "value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8 ", rows!());
    /// subject, ref, tenant, at, span
    Trace = concat!(
        "INSERT INTO traces (subject, ref, tenant, at, steps) SELECT value->>0, value->>1, value->>2, value->>3, ",
        "substr(?, value->>4, value->>5) ", rows!());
    /// tenant, number, conversation, customer, at
    DeskTicket = concat!(
        "INSERT INTO desk_tickets (tenant, number, conversation, customer, opened_at, last_at) SELECT value->>0, ",
        "value->>1, value->>2, value->>3, value->>4, value->>4 ", rows!());
    /// tenant, ticket, number, key, author, sent, internal, span, reply
    DeskLine = concat!(
        "INSERT INTO desk_lines (tenant, ticket, number, item_key, author, sent_at, internal, body, reply_to) ",
        "SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, ", span!(7, 8),
        ", value->>9 ", rows!(), " WHERE true ON CONFLICT (tenant, ticket, item_key) DO NOTHING");
    /// tenant, ticket, at
    DeskTouch = concat!(
        "UPDATE desk_tickets SET last_at = max(last_at, at) FROM (SELECT value->>0 AS t, value->>1 AS k, ",
        "max(value->>2) AS at ", rows!(), " GROUP BY 1, 2) WHERE tenant = t AND number = k");
    /// kind, key, at
    Notice = concat!("INSERT INTO notices (kind, key, at) SELECT value->>0, value->>1, value->>2 ", rows!());
}
