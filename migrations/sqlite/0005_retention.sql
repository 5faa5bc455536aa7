-- What is kept of clicks and events. One row.
CREATE TABLE retention (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Clicks and events before this UTC midnight may be deleted: figures of then come from sums alone. NULL: none are.
    rows_from INTEGER,
    -- Days before this UTC midnight are in the archive. NULL: there is none.
    archived_to INTEGER,
    -- The node that deletes, and until when it may: one at a time.
    holder BLOB,
    held_until INTEGER
) STRICT;
INSERT INTO retention (id, rows_from, archived_to, holder, held_until) VALUES (1, NULL, NULL, NULL, NULL);
