-- From a CRM's identifier of a person back to the person: a CRM names the people of a conversation that it begins.
CREATE INDEX persons_remote ON persons (tenant, adapter, remote);

-- The conversations of a customer, by the person's identifier. A table of its own, kept by triggers: the row of a
-- conversation changes with every message, its customer once.
CREATE TABLE conversation_customers (
    tenant       TEXT NOT NULL,
    customer     TEXT NOT NULL,
    conversation TEXT NOT NULL,
    PRIMARY KEY (tenant, customer, conversation)
) STRICT, WITHOUT ROWID;
INSERT INTO conversation_customers (tenant, customer, conversation)
    SELECT tenant, json_extract(customer, '$.id'), id FROM conversations
    WHERE json_valid(customer) AND json_extract(customer, '$.id') IS NOT NULL;
CREATE TRIGGER conversations_customer_new AFTER INSERT ON conversations
WHEN json_valid(NEW.customer) AND json_extract(NEW.customer, '$.id') IS NOT NULL
BEGIN
    INSERT INTO conversation_customers VALUES (NEW.tenant, json_extract(NEW.customer, '$.id'), NEW.id)
        ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER conversations_customer_known AFTER UPDATE OF customer ON conversations
WHEN OLD.customer IS NOT NEW.customer AND json_valid(NEW.customer) AND json_extract(NEW.customer, '$.id') IS NOT NULL
BEGIN
    INSERT INTO conversation_customers VALUES (NEW.tenant, json_extract(NEW.customer, '$.id'), NEW.id)
        ON CONFLICT DO NOTHING;
END;

-- News that were set aside, by ticket: later news of a ticket that nobody knows yet come behind them.
CREATE INDEX entries_parked ON entries (tenant, adapter, ticket) WHERE state = 2;
