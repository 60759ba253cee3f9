-- Where a delivery goes, in the pipeline's own form: decided before its first step is sent, and not again while any of its
-- steps is known. NULL: nobody decided.
ALTER TABLE journal ADD COLUMN place TEXT;
