-- What is kept of clicks and events. One row.
CREATE TABLE retention (
    id BIGINT NOT NULL PRIMARY KEY,
    -- Clicks and events before this UTC midnight may be deleted: figures of then come from sums alone. NULL: none are.
    rows_from BIGINT,
    -- Days before this UTC midnight are in the archive. NULL: there is none.
    archived_to BIGINT,
    -- The node that deletes, and until when it may: one at a time.
    holder BINARY(16),
    held_until BIGINT
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT INTO retention (id, rows_from, archived_to, holder, held_until) VALUES (1, NULL, NULL, NULL, NULL);
