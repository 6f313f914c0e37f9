-- Records. JSON is kept as TEXT, so that it can be read here; anything else as BLOB.
CREATE TABLE records (
    collection TEXT NOT NULL,
    id         TEXT NOT NULL,
    value      ANY  NOT NULL,
    version    INTEGER NOT NULL,            -- the number of the commit that wrote it
    PRIMARY KEY (collection, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE streams (
    id      INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 0xFFFFFF),
    name    TEXT NOT NULL UNIQUE,
    head    INTEGER NOT NULL,               -- offsets up to here were used, and all that the segments have
    trimmed INTEGER NOT NULL                -- entries up to here are forgotten
) STRICT;

-- Entries of streams, packed: one row for what one transaction appended to one stream, merged into larger rows later.
-- The key is stream and offset in one integer, so that an append changes one page: there is no index beside the rows.
CREATE TABLE segments (
    place    INTEGER PRIMARY KEY CHECK (place > 0),
    stream   INTEGER NOT NULL AS (place >> 39),
    base     INTEGER NOT NULL AS (place & 0x7FFFFFFFFF), -- the offset of the first entry
    count    INTEGER NOT NULL,
    min_time INTEGER NOT NULL,              -- milliseconds since 1970, UTC
    max_time INTEGER NOT NULL,
    codec    INTEGER NOT NULL,
    crc32c   INTEGER NOT NULL,
    data     BLOB NOT NULL
) STRICT;

-- The last append of each producer.
CREATE TABLE producers (
    stream   INTEGER NOT NULL,
    id       TEXT NOT NULL,
    epoch    INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (stream, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    commits INTEGER NOT NULL                -- no commit has a greater number; written ahead, a block at a time
) STRICT;

INSERT INTO meta (one, commits) VALUES (1, 0);
