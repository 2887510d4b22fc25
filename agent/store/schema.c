/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema, as SQL. An object is only a key; what is known about it are versions and links that
 * hold from one backup point until another (until NULL: still). Invariant: only the tables version,
 * link, event and point say something, and the ledger vouches for each of their rows. identifier,
 * place, object_type and event_key are indexes over documents and can be recomputed. A running
 * capture is one transaction; which links it has heard of again is in a temporary table of its
 * connection.
 */
#include "agent/store/schema.h"

static const char version_1[] =
    "CREATE TABLE ledger ("
    "  entry INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL CHECK (kind IN ('point', 'pin', 'prune')),"
    "  point INTEGER," /* kind point and pin: which */
    "  body TEXT NOT NULL,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32)"
    ") STRICT;"
    "CREATE UNIQUE INDEX ledger_point ON ledger (point) WHERE kind = 'point';"
    "CREATE TABLE head ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  entry INTEGER NOT NULL,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32)"
    ") STRICT;"
    "CREATE TABLE point ("
    "  number INTEGER PRIMARY KEY CHECK (number > 0),"
    "  entry INTEGER NOT NULL UNIQUE REFERENCES ledger (entry) DEFERRABLE INITIALLY DEFERRED,"
    "  finished_us INTEGER NOT NULL,"
    "  state TEXT NOT NULL CHECK (state IN ('complete', 'partial', 'failed')),"
    "  pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),"
    "  content BLOB NOT NULL CHECK (length(content) = 32)"
    ") STRICT;"
    "CREATE INDEX point_finished ON point (finished_us, number);"

    "CREATE TABLE object ("
    "  id INTEGER PRIMARY KEY,"
    "  directory INTEGER NOT NULL CHECK (directory IN (0, 1))," /* 0 ad, 1 entra */
    "  key TEXT NOT NULL,"
    "  UNIQUE (directory, key)"
    ") STRICT;"
    "CREATE TABLE version ("
    "  id INTEGER PRIMARY KEY,"
    "  object INTEGER NOT NULL REFERENCES object (id),"
    "  from_point INTEGER NOT NULL REFERENCES point (number),"
    "  until_point INTEGER REFERENCES point (number) CHECK (until_point > from_point),"
    "  type TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  life INTEGER NOT NULL CHECK (life IN (0, 1, 2))," /* 0 live, 1 deleted, 2 recycled */
    "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
    "  document BLOB NOT NULL,"
    "  UNIQUE (object, from_point)"
    ") STRICT;"
    "CREATE INDEX version_open ON version (object, hash) WHERE until_point IS NULL;"
    "CREATE INDEX version_from ON version (from_point, object);"
    "CREATE INDEX version_until ON version (until_point, object) WHERE until_point IS NOT NULL;"
    "CREATE TABLE link ("
    "  source INTEGER NOT NULL REFERENCES object (id),"
    "  kind TEXT NOT NULL,"
    "  target INTEGER NOT NULL REFERENCES object (id),"
    "  from_point INTEGER NOT NULL REFERENCES point (number),"
    "  until_point INTEGER REFERENCES point (number) CHECK (until_point > from_point),"
    "  PRIMARY KEY (source, kind, target, from_point)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX link_target ON link (target, kind);"
    "CREATE INDEX link_from ON link (from_point);"
    "CREATE INDEX link_until ON link (until_point) WHERE until_point IS NOT NULL;"

    "CREATE TABLE event ("
    "  id INTEGER PRIMARY KEY,"
    "  source TEXT NOT NULL,"
    "  event TEXT NOT NULL," /* id given by the source */
    "  time_us INTEGER NOT NULL,"
    "  point INTEGER NOT NULL REFERENCES point (number),"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
    "  document BLOB NOT NULL,"
    "  UNIQUE (source, event)"
    ") STRICT;"
    "CREATE INDEX event_time ON event (time_us);"
    "CREATE INDEX event_point ON event (point, source, event);"

    "CREATE TABLE object_type ("
    "  directory INTEGER NOT NULL,"
    "  type TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  object INTEGER NOT NULL,"
    "  PRIMARY KEY (directory, type, key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE identifier ("
    "  kind INTEGER NOT NULL,"
    "  value TEXT NOT NULL,"
    "  object INTEGER NOT NULL,"
    "  PRIMARY KEY (kind, value, object)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE event_key ("
    "  key TEXT NOT NULL,"
    "  time_us INTEGER NOT NULL,"
    "  event INTEGER NOT NULL REFERENCES event (id),"
    "  PRIMARY KEY (key, time_us, event)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE staged_run ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  pid INTEGER NOT NULL,"
    "  started_us INTEGER NOT NULL,"
    "  first_object INTEGER NOT NULL" /* keys from here on were first heard of by this run */
    ") STRICT;"

    "CREATE VIEW backup_points AS"
    "  SELECT p.number AS point,"
    "    strftime('%Y-%m-%dT%H:%M:%SZ', json_extract(l.body, '$.startedUs') / 1000000,"
    "      'unixepoch') AS started,"
    "    strftime('%Y-%m-%dT%H:%M:%SZ', p.finished_us / 1000000, 'unixepoch') AS finished,"
    "    p.state AS state, p.pinned AS pinned, lower(hex(l.hash)) AS hash,"
    "    json_extract(l.body, '$.halves') AS halves"
    "  FROM point p JOIN ledger l ON l.entry = p.entry;"
    "CREATE VIEW objects_now AS"
    "  SELECT CASE o.directory WHEN 0 THEN 'ad' ELSE 'entra' END AS directory, o.key AS key,"
    "    v.type AS type, v.name AS name,"
    "    CASE v.life WHEN 0 THEN 'live' WHEN 1 THEN 'deleted' ELSE 'recycled' END AS life,"
    "    v.from_point AS since_point, v.document AS document_zstd"
    "  FROM version v JOIN object o ON o.id = v.object WHERE v.until_point IS NULL;"
    "CREATE VIEW object_history AS"
    "  SELECT CASE o.directory WHEN 0 THEN 'ad' ELSE 'entra' END AS directory, o.key AS key,"
    "    v.type AS type, v.name AS name,"
    "    CASE v.life WHEN 0 THEN 'live' WHEN 1 THEN 'deleted' ELSE 'recycled' END AS life,"
    "    v.from_point AS from_point, v.until_point AS until_point, v.document AS document_zstd"
    "  FROM version v JOIN object o ON o.id = v.object;"
    "CREATE VIEW links_now AS"
    "  SELECT CASE s.directory WHEN 0 THEN 'ad' ELSE 'entra' END AS directory, l.kind AS kind,"
    "    s.key AS source_key, sv.name AS source_name, t.key AS target_key, tv.name AS target_name,"
    "    l.from_point AS since_point"
    "  FROM link l JOIN object s ON s.id = l.source JOIN object t ON t.id = l.target"
    "    LEFT JOIN version sv ON sv.object = l.source AND sv.until_point IS NULL"
    "    LEFT JOIN version tv ON tv.object = l.target AND tv.until_point IS NULL"
    "  WHERE l.until_point IS NULL;"
    "CREATE VIEW audit_events AS"
    "  SELECT source, event, strftime('%Y-%m-%dT%H:%M:%SZ', time_us / 1000000, 'unixepoch') AS "
    "time,"
    "    point, document AS document_zstd FROM event;"

    "PRAGMA application_id = 0x41575348;"
    "PRAGMA user_version = 1;";

/* Checkpoints of incremental captures. A run stages nothing in the file any more; what a killed
 * one of before left behind goes here. */
static const char version_2[] =
    "CREATE TABLE checkpoint ("
    "  directory INTEGER NOT NULL,"
    "  source TEXT NOT NULL,"
    "  stream TEXT NOT NULL,"
    "  document TEXT NOT NULL," /* canonical JSON, of the collector */
    "  PRIMARY KEY (directory, source, stream)"
    ") STRICT, WITHOUT ROWID;"
    "DELETE FROM object WHERE EXISTS (SELECT 1 FROM staged_run)"
    "  AND NOT EXISTS (SELECT 1 FROM version WHERE version.object = object.id)"
    "  AND NOT EXISTS (SELECT 1 FROM link WHERE link.source = object.id)"
    "  AND NOT EXISTS (SELECT 1 FROM link WHERE link.target = object.id);"
    "DROP TABLE staged_run;"
    "PRAGMA user_version = 2;";

/*
 * Imported rules, and the ledger with entries about them. SQLite cannot widen a CHECK, so the table
 * is made anew under its name: points refer to it, which is why their references are only checked
 * at the end, when every entry is back.
 */
static const char step_rules[] =
    "PRAGMA defer_foreign_keys = ON;"
    "CREATE TABLE ledger_kept AS SELECT entry, kind, point, body, hash FROM ledger;"
    "DROP TABLE ledger;"
    "CREATE TABLE ledger ("
    "  entry INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL CHECK (kind IN ('point', 'pin', 'prune', 'rules')),"
    "  point INTEGER," /* kind point and pin: which */
    "  body TEXT NOT NULL,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32)"
    ") STRICT;"
    "CREATE UNIQUE INDEX ledger_point ON ledger (point) WHERE kind = 'point';"
    "INSERT INTO ledger (entry, kind, point, body, hash)"
    "  SELECT entry, kind, point, body, hash FROM ledger_kept ORDER BY entry;"
    "DROP TABLE ledger_kept;"
    "CREATE TABLE rule_set ("
    "  number INTEGER PRIMARY KEY CHECK (number > 0),"
    "  entry INTEGER NOT NULL UNIQUE REFERENCES ledger (entry) DEFERRABLE INITIALLY DEFERRED,"
    "  imported_us INTEGER NOT NULL,"
    "  source TEXT NOT NULL,"
    "  origin TEXT NOT NULL,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
    "  document BLOB NOT NULL"
    ") STRICT;"
    "CREATE VIEW rule_sets AS"
    "  SELECT number, strftime('%Y-%m-%dT%H:%M:%SZ', imported_us / 1000000, 'unixepoch') AS "
    "imported,"
    "    source, origin, lower(hex(hash)) AS hash, document AS document_zstd FROM rule_set;"
    "PRAGMA user_version = 3;";

/*
 * Identifiers as hashes, which take a third of the room, in one index for all kinds: an answer is
 * checked against the document in any case. Only the names of AD objects stay as text, because what
 * lies below a container is found by how a name ends.
 */
static const char step_hashes[] =
    "CREATE TABLE place ("
    "  object INTEGER NOT NULL,"
    "  name TEXT NOT NULL," /* distinguished name, folded */
    "  PRIMARY KEY (object, name)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO place (object, name)"
    "  SELECT i.object, i.value FROM identifier i JOIN object o ON o.id = i.object"
    "  WHERE i.kind = 6 AND o.directory = 0;"
    "ALTER TABLE identifier RENAME TO identifier_text;"
    "CREATE TABLE identifier ("
    "  hash INTEGER NOT NULL," /* of the folded value, whatever its kind */
    "  object INTEGER NOT NULL,"
    "  PRIMARY KEY (hash, object)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT OR IGNORE INTO identifier (hash, object)"
    "  SELECT identifier_hash(value), object FROM identifier_text ORDER BY 1, 2;"
    "DROP TABLE identifier_text;"
    "PRAGMA user_version = 4;";

static const char *const steps[] = {version_1, version_2, step_rules, step_hashes};

const struct store_schema store_schema = {steps, G_N_ELEMENTS(steps)};

const char store_scratch[] = "CREATE TEMP TABLE seen_link ("
                             "  source INTEGER NOT NULL,"
                             "  kind TEXT NOT NULL,"
                             "  target INTEGER NOT NULL,"
                             "  PRIMARY KEY (source, kind, target)"
                             ") STRICT, WITHOUT ROWID;";
