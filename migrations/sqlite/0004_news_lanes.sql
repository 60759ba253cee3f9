-- News wait for their adapter alone: they are read adapter by adapter.
CREATE INDEX hooks_lane ON hooks (tenant, adapter, id) WHERE state = 0;
CREATE INDEX entries_lane ON entries (tenant, adapter, id, not_before) WHERE state = 0;
DROP INDEX hooks_pending;
DROP INDEX entries_pending;
