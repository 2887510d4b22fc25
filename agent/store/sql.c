/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of every statement. CROSS JOIN fixes the order of the walk where the planner, which
 * has no statistics here, could choose a worse one. A statement that reads a whole table on
 * purpose says so; a test holds all others to their indexes.
 */
#include "agent/store/statement.h"

struct statement {
    const char *sql;
    gboolean scans;
};

#define ROWS_4(row)  row "," row "," row "," row
#define ROWS_16(row) ROWS_4(row) "," ROWS_4(row) "," ROWS_4(row) "," ROWS_4(row)
#define ROWS_64(row) ROWS_16(row) "," ROWS_16(row) "," ROWS_16(row) "," ROWS_16(row)

/* clang-format off */
static const struct statement statements[STORE_STATEMENTS] = {
    [Q_BEGIN] = {"BEGIN IMMEDIATE", FALSE},
    [Q_TRUST_KEYS] = {"PRAGMA foreign_keys = OFF", FALSE},
    [Q_TRUST_VALUES] = {"PRAGMA ignore_check_constraints = ON", FALSE},
    [Q_BEGIN_READ] = {"BEGIN", FALSE},
    [Q_COMMIT] = {"COMMIT", FALSE},
    [Q_ROLLBACK] = {"ROLLBACK", FALSE},
    [Q_APPLICATION_ID] = {"PRAGMA application_id", FALSE},
    [Q_USER_VERSION] = {"PRAGMA user_version", FALSE},
    [Q_SET_AUTO_VACUUM] = {"PRAGMA auto_vacuum = INCREMENTAL", FALSE},
    [Q_SET_WAL] = {"PRAGMA journal_mode = WAL", FALSE},
    [Q_PAGE_COUNT] = {"PRAGMA page_count", FALSE},
    [Q_CHECKPOINT_LOG] = {"PRAGMA wal_checkpoint(TRUNCATE)", FALSE},
    [Q_FREE_PAGES] = {"PRAGMA freelist_count", FALSE},
    [Q_SCHEMA_SIZE] = {"SELECT count(*) FROM sqlite_schema", TRUE},

    /* the coming point; objects */
    [Q_OBJECT_ID] = {"SELECT id FROM object WHERE directory = ?1 AND key = ?2", FALSE},
    [Q_VERSION_OPEN] = {
        "SELECT id, hash FROM version WHERE object = ?1 AND until_point IS NULL", FALSE},
    [Q_OBJECT_DIRECTORY] = {"SELECT directory FROM object WHERE id = ?1", FALSE},
    [Q_OBJECT_ADD] = {"INSERT INTO object (directory, key) VALUES (?1, ?2)", FALSE},
    [Q_OBJECT_NEXT_ID] = {"SELECT max(id) + 1 FROM object", FALSE},
    [Q_OBJECTS_UNUSED] = {
        "SELECT 1 FROM object WHERE id >= ?1"
        " AND NOT EXISTS (SELECT 1 FROM version WHERE version.object = object.id)"
        " AND NOT EXISTS (SELECT 1 FROM link WHERE link.source = object.id)"
        " AND NOT EXISTS (SELECT 1 FROM link WHERE link.target = object.id) LIMIT 1", FALSE},
    [Q_VERSION_ADD] = {
        "INSERT INTO version (object, from_point, type, name, life, hash, document)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", FALSE},
    [Q_VERSION_TOUCHED] = {
        "SELECT id, from_point, until_point, hash FROM version"
        " WHERE object = ?1 AND (until_point IS NULL OR until_point = ?2)", FALSE},
    [Q_VERSION_OPEN_WALK] = {
        "SELECT object, id FROM version WHERE until_point IS NULL AND object > ?1"
        " ORDER BY object", FALSE},
    [Q_VERSION_OF_REMOVE] = {
        "DELETE FROM version WHERE object = ?1 AND from_point = ?2", FALSE},
    [Q_VERSION_OF_END] = {
        "UPDATE version SET until_point = ?2 WHERE object = ?1 AND until_point IS NULL", FALSE},
    [Q_TYPE_ADD] = {
        "INSERT OR IGNORE INTO object_type (directory, type, key, object)"
        " VALUES (?1, ?2, ?3, ?4)", FALSE},
    [Q_TYPE_OBJECTS] = {
        "SELECT t.object FROM object_type t JOIN version v ON v.object = t.object"
        " WHERE t.directory = ?1 AND t.type = ?2 AND v.until_point IS NULL AND v.life = ?3", FALSE},
    [Q_IDENTIFIER_ADD] = {
        "INSERT OR IGNORE INTO identifier (hash, object) VALUES (?1, ?2)", FALSE},
    [Q_IDENTIFIER_ADD_MANY] = {
        "INSERT OR IGNORE INTO identifier (hash, object) VALUES " ROWS_64("(?, ?)"), FALSE},
    [Q_PLACE_ADD] = {"INSERT OR IGNORE INTO place (object, name) VALUES (?1, ?2)", FALSE},

    /* the coming point; links. "+": walk the object's rows, not the point's */
    [Q_LINK_ANY] = {"SELECT 1 FROM link LIMIT 1", TRUE},
    [Q_LINK_ADD] = {
        "INSERT OR IGNORE INTO link (source, kind, target, from_point) VALUES (?1, ?2, ?3, ?4)",
        FALSE},
    [Q_LINK_ADD_MANY] = {
        "INSERT OR IGNORE INTO link (source, kind, target, from_point) VALUES "
        ROWS_64("(?, ?, ?, ?)"), FALSE},
    [Q_LINK_NEWEST] = {
        "SELECT from_point, until_point FROM link WHERE source = ?1 AND kind = ?2 AND target = ?3"
        " ORDER BY from_point DESC LIMIT 1", FALSE},
    [Q_LINK_SEEN] = {
        "INSERT OR IGNORE INTO seen_link (source, kind, target) VALUES (?1, ?2, ?3)", FALSE},
    [Q_LINKS_KEEP] = {
        "INSERT OR IGNORE INTO seen_link (source, kind, target)"
        " SELECT l.source, l.kind, l.target FROM object_type t JOIN link l ON l.source = t.object"
        " WHERE t.directory = ?1 AND t.type = ?2 AND (?3 IS NULL OR l.kind = ?3)"
        " AND l.until_point IS NULL AND EXISTS (SELECT 1 FROM version v WHERE v.object = t.object"
        " AND v.until_point IS NULL AND v.life = 0)", FALSE},
    [Q_LINKS_OF_KIND_REMOVE] = {
        "DELETE FROM link WHERE source = ?1 AND kind = ?2 AND +from_point = ?3", FALSE},
    [Q_LINKS_OF_KIND_END] = {
        "UPDATE link SET until_point = ?3"
        " WHERE source = ?1 AND kind = ?2 AND until_point IS NULL", FALSE},
    [Q_LINKS_OF_REMOVE] = {"DELETE FROM link WHERE source = ?1 AND +from_point = ?2", FALSE},
    [Q_LINKS_OF_END] = {
        "UPDATE link SET until_point = ?2 WHERE source = ?1 AND until_point IS NULL", FALSE},
    [Q_LINKS_TO_REMOVE] = {"DELETE FROM link WHERE target = ?1 AND +from_point = ?2", FALSE},
    [Q_LINKS_TO_END] = {
        "UPDATE link SET until_point = ?2 WHERE target = ?1 AND until_point IS NULL", FALSE},
    [Q_LINKS_CLOSE_UNSEEN] = {
        "UPDATE link SET until_point = ?1 WHERE from_point < ?1 AND until_point IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM seen_link s WHERE s.source = link.source"
        " AND s.kind = link.kind AND s.target = link.target)"
        " AND (SELECT directory FROM object o WHERE o.id = link.source) = ?2", FALSE},

    /* the coming point; audit records */
    [Q_EVENT_KNOWN] = {"SELECT 1 FROM event WHERE source = ?1 AND event = ?2", FALSE},
    [Q_EVENT_ADD] = {
        "INSERT INTO event (source, event, time_us, point, hash, document)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)", FALSE},
    [Q_EVENT_KEY_ADD] = {
        "INSERT OR IGNORE INTO event_key (key, time_us, event) VALUES (?1, ?2, ?3)", FALSE},

    /* taking back what one directory (?2) did at the coming point (?1) */
    [Q_REOPEN_VERSIONS] = {
        "UPDATE version SET until_point = NULL WHERE until_point = ?1"
        " AND NOT EXISTS (SELECT 1 FROM version n"
        " WHERE n.object = version.object AND n.from_point = ?1)"
        " AND (SELECT directory FROM object o WHERE o.id = version.object) = ?2", FALSE},
    [Q_REOPEN_LINKS] = {
        "UPDATE link SET until_point = NULL WHERE until_point = ?1"
        " AND (SELECT directory FROM object o WHERE o.id = link.source) = ?2", FALSE},
    [Q_UNDO_VERSIONS] = {
        "DELETE FROM version WHERE from_point = ?1"
        " AND (SELECT directory FROM object o WHERE o.id = version.object) = ?2", FALSE},
    [Q_UNDO_LINKS] = {
        "DELETE FROM link WHERE from_point = ?1"
        " AND (SELECT directory FROM object o WHERE o.id = link.source) = ?2", FALSE},
    [Q_UNDO_EVENT_KEYS] = {
        "DELETE FROM event_key"
        " WHERE event IN (SELECT id FROM event WHERE point = ?1 AND source = ?2)", TRUE},
    [Q_UNDO_EVENTS] = {"DELETE FROM event WHERE point = ?1 AND source = ?2", TRUE},

    [Q_CHECKPOINT_WALK] = {
        "SELECT directory, source, stream, document FROM checkpoint k", TRUE},
    [Q_CHECKPOINT_GET] = {
        "SELECT document FROM checkpoint WHERE directory = ?1 AND source = ?2 AND stream = ?3",
        FALSE},
    [Q_CHECKPOINT_LIST] = {
        "SELECT stream, document FROM checkpoint WHERE directory = ?1 AND source = ?2"
        " ORDER BY stream", FALSE},
    [Q_CHECKPOINT_SET] = {
        "INSERT OR REPLACE INTO checkpoint (directory, source, stream, document)"
        " VALUES (?1, ?2, ?3, ?4)", FALSE},
    [Q_CHECKPOINT_REMOVE] = {
        "DELETE FROM checkpoint WHERE directory = ?1 AND source = ?2 AND stream = ?3", FALSE},
    [Q_CHECKPOINT_REMOVE_ALL] = {
        "DELETE FROM checkpoint WHERE directory = ?1 AND source = ?2", FALSE},

    /* the chain: what a point added and closed, in the order of the digest */
    [Q_POINT_OPENED] = {
        "SELECT o.directory, o.key, v.hash FROM version v CROSS JOIN object o ON o.id = v.object"
        " WHERE v.from_point = ?1 ORDER BY v.object", FALSE},
    [Q_POINT_CLOSED] = {
        "SELECT o.directory, o.key, v.hash FROM version v CROSS JOIN object o ON o.id = v.object"
        " WHERE v.until_point = ?1 ORDER BY v.object", FALSE},
    [Q_POINT_LINKED] = {
        "SELECT s.directory, s.key, l.kind, t.key FROM link l"
        " CROSS JOIN object s ON s.id = l.source CROSS JOIN object t ON t.id = l.target"
        " WHERE l.from_point = ?1 ORDER BY l.source, l.kind, l.target", FALSE},
    [Q_POINT_UNLINKED] = {
        "SELECT s.directory, s.key, l.kind, t.key FROM link l"
        " CROSS JOIN object s ON s.id = l.source CROSS JOIN object t ON t.id = l.target"
        " WHERE l.until_point = ?1 ORDER BY l.source, l.kind, l.target", FALSE},
    [Q_POINT_EVENTS] = {
        "SELECT source, event, time_us, hash FROM event WHERE point = ?1 ORDER BY source, event",
        FALSE},
    [Q_POINT_ADD] = {
        "INSERT INTO point (number, entry, finished_us, state, content)"
        " VALUES (?1, ?2, ?3, ?4, zeroblob(32))", FALSE},
    [Q_POINT_FINISH] = {
        "UPDATE point SET finished_us = ?2, state = ?3 WHERE number = ?1", FALSE},
    [Q_POINT_NEXT] = {
        "SELECT max(point) + 1 FROM ledger WHERE kind = 'point'", FALSE},
    [Q_POINT_SET_CONTENT] = {"UPDATE point SET content = ?2 WHERE number = ?1", FALSE},
    [Q_POINT_SET_PINNED] = {"UPDATE point SET pinned = ?2 WHERE number = ?1", FALSE},
    [Q_POINT_REMOVE] = {"DELETE FROM point WHERE number = ?1", FALSE},
    [Q_POINT_GET] = {
        "SELECT p.number, p.pinned, l.body, l.hash FROM point p"
        " CROSS JOIN ledger l ON l.entry = p.entry WHERE p.number = ?1", FALSE},
    [Q_POINT_LIST] = {
        "SELECT p.number, p.pinned, l.body, l.hash FROM point p"
        " CROSS JOIN ledger l ON l.entry = p.entry ORDER BY p.number", TRUE},
    [Q_POINT_BEFORE_TIME] = {
        "SELECT number FROM point WHERE finished_us <= ?1 AND state <> 'failed'"
        " ORDER BY finished_us DESC, number DESC LIMIT 1", FALSE},
    [Q_POINT_BACK] = {
        "SELECT number FROM point WHERE state <> 'failed' ORDER BY number DESC LIMIT 1 OFFSET ?1",
        TRUE},
    [Q_LEDGER_ADD] = {
        "INSERT INTO ledger (entry, kind, point, body, hash) VALUES (?1, ?2, ?3, ?4, ?5)", FALSE},
    [Q_LEDGER_WALK] = {"SELECT entry, kind, point, body, hash FROM ledger ORDER BY entry", TRUE},
    [Q_HEAD_GET] = {"SELECT entry, hash FROM head WHERE id = 1", FALSE},
    [Q_HEAD_SET] = {"INSERT OR REPLACE INTO head (id, entry, hash) VALUES (1, ?1, ?2)", FALSE},

    /* reading */
    [Q_VIEW_GET] = {
        "SELECT o.directory, o.key, v.document FROM object o"
        " CROSS JOIN version v ON v.object = o.id AND v.from_point <= ?1"
        " AND (v.until_point IS NULL OR v.until_point > ?1)"
        " WHERE o.directory = ?2 AND o.key = ?3", FALSE},
    [Q_VIEW_FIND] = {
        "SELECT o.directory, o.key, v.document FROM identifier i"
        " CROSS JOIN object o ON o.id = i.object"
        " CROSS JOIN version v ON v.object = o.id AND v.from_point <= ?1"
        " AND (v.until_point IS NULL OR v.until_point > ?1)"
        " WHERE i.hash = ?3 AND o.directory = ?2", FALSE},
    [Q_VIEW_READ] = {
        "SELECT o.directory, o.key, v.document FROM object o"
        " CROSS JOIN version v ON v.object = o.id AND v.from_point <= ?1"
        " AND (v.until_point IS NULL OR v.until_point > ?1)"
        " WHERE o.directory = ?2 ORDER BY o.key", FALSE},
    [Q_VIEW_READ_TYPE] = {
        "SELECT t.directory, t.key, v.document FROM object_type t"
        " CROSS JOIN version v ON v.object = t.object AND v.from_point <= ?1"
        " AND (v.until_point IS NULL OR v.until_point > ?1) AND v.type = t.type"
        " WHERE t.directory = ?2 AND t.type = ?3 ORDER BY t.key", FALSE},
    [Q_VIEW_READ_TREE] = {
        "SELECT o.directory, o.key, v.document FROM (SELECT DISTINCT object FROM place"
        " WHERE name = ?3 OR substr(name, -length(?3) - 1) = ',' || ?3) p"
        " CROSS JOIN object o ON o.id = p.object AND o.directory = ?2"
        " CROSS JOIN version v ON v.object = o.id AND v.from_point <= ?1"
        " AND (v.until_point IS NULL OR v.until_point > ?1)"
        " ORDER BY o.key", TRUE},
    [Q_VIEW_LINKS_OUT] = {
        "SELECT t.key FROM object s CROSS JOIN link l ON l.source = s.id AND l.kind = ?4"
        " AND l.from_point <= ?1 AND (l.until_point IS NULL OR l.until_point > ?1)"
        " CROSS JOIN object t ON t.id = l.target"
        " WHERE s.directory = ?2 AND s.key = ?3 ORDER BY t.key", FALSE},
    [Q_VIEW_LINKS_IN] = {
        "SELECT s.key FROM object t CROSS JOIN link l ON l.target = t.id AND l.kind = ?4"
        " AND l.from_point <= ?1 AND (l.until_point IS NULL OR l.until_point > ?1)"
        " CROSS JOIN object s ON s.id = l.source"
        " WHERE t.directory = ?2 AND t.key = ?3 ORDER BY s.key", FALSE},
    [Q_VERSION_AT] = {
        "SELECT hash, document FROM version WHERE object = ?1 AND from_point <= ?2"
        " AND (until_point IS NULL OR until_point > ?2)", FALSE},
    [Q_CHANGED_OBJECTS] = {
        "SELECT o.directory, o.key, o.id FROM ("
        " SELECT object FROM version WHERE from_point > ?1 AND from_point <= ?2"
        " UNION SELECT object FROM version WHERE until_point > ?1 AND until_point <= ?2"
        ") c CROSS JOIN object o ON o.id = c.object ORDER BY o.directory, o.key", FALSE},
    [Q_CHANGED_LINKS] = {
        "SELECT s.directory, s.key, c.kind, t.key,"
        " EXISTS (SELECT 1 FROM link l WHERE l.source = c.source AND l.kind = c.kind"
        " AND l.target = c.target AND l.from_point <= ?1"
        " AND (l.until_point IS NULL OR l.until_point > ?1)),"
        " EXISTS (SELECT 1 FROM link l WHERE l.source = c.source AND l.kind = c.kind"
        " AND l.target = c.target AND l.from_point <= ?2"
        " AND (l.until_point IS NULL OR l.until_point > ?2))"
        " FROM ("
        " SELECT source, kind, target FROM link WHERE from_point > ?1 AND from_point <= ?2"
        " UNION SELECT source, kind, target FROM link WHERE until_point > ?1 AND until_point <= ?2"
        ") c CROSS JOIN object s ON s.id = c.source CROSS JOIN object t ON t.id = c.target"
        " ORDER BY s.directory, s.key, c.kind, t.key", FALSE},
    [Q_HISTORY] = {
        "SELECT v.from_point, v.until_point, v.document FROM object o"
        " CROSS JOIN version v ON v.object = o.id"
        " WHERE o.directory = ?1 AND o.key = ?2 ORDER BY v.from_point", FALSE},
    [Q_LINK_HISTORY] = {
        "SELECT l.kind, t.key, l.from_point, l.until_point FROM object s"
        " CROSS JOIN link l ON l.source = s.id CROSS JOIN object t ON t.id = l.target"
        " WHERE s.directory = ?1 AND s.key = ?2 ORDER BY l.from_point, l.kind, t.key", FALSE},
    [Q_EVENTS_OF_KEY] = {
        "SELECT e.id, e.event, e.time_us, e.document FROM event_key k"
        " CROSS JOIN event e ON e.id = k.event"
        " WHERE k.key = ?1 AND k.time_us >= ?2 AND k.time_us <= ?3 ORDER BY k.time_us", FALSE},
    [Q_EVENT_NEWEST] = {
        "SELECT time_us FROM event WHERE source = ?1 ORDER BY time_us DESC LIMIT 1", FALSE},

    /* retention; points between ?1 and ?2 (both kept) go into ?2 */
    [Q_PRUNE_VERSIONS] = {
        "DELETE FROM version WHERE from_point > ?1 AND from_point < ?2 AND until_point <= ?2",
        FALSE},
    [Q_PRUNE_VERSIONS_FROM] = {
        "UPDATE version SET from_point = ?2 WHERE from_point > ?1 AND from_point < ?2", FALSE},
    [Q_PRUNE_VERSIONS_UNTIL] = {
        "UPDATE version SET until_point = ?2 WHERE until_point > ?1 AND until_point < ?2", FALSE},
    [Q_PRUNE_LINKS] = {
        "DELETE FROM link WHERE from_point > ?1 AND from_point < ?2 AND until_point <= ?2",
        FALSE},
    [Q_PRUNE_LINKS_FROM] = {
        "UPDATE link SET from_point = ?2 WHERE from_point > ?1 AND from_point < ?2", FALSE},
    [Q_PRUNE_LINKS_UNTIL] = {
        "UPDATE link SET until_point = ?2 WHERE until_point > ?1 AND until_point < ?2", FALSE},
    [Q_PRUNE_EVENTS] = {
        "UPDATE event SET point = ?2 WHERE point > ?1 AND point < ?2", FALSE},
    [Q_TWIN_VERSIONS] = {
        "SELECT a.id, b.id, b.until_point FROM version b"
        " CROSS JOIN version a ON a.object = b.object AND a.until_point = b.from_point"
        " AND a.hash = b.hash WHERE b.from_point = ?1", FALSE},
    [Q_VERSION_REMOVE] = {"DELETE FROM version WHERE id = ?1", FALSE},
    [Q_VERSION_EXTEND] = {"UPDATE version SET until_point = ?2 WHERE id = ?1", FALSE},
    [Q_TWIN_LINKS] = {
        "SELECT b.source, b.kind, b.target, a.from_point, b.until_point FROM link b"
        " CROSS JOIN link a ON a.source = b.source AND a.kind = b.kind AND a.target = b.target"
        " AND a.until_point = b.from_point WHERE b.from_point = ?1", FALSE},
    [Q_LINK_REMOVE] = {
        "DELETE FROM link WHERE source = ?1 AND kind = ?2 AND target = ?3 AND from_point = ?4",
        FALSE},
    [Q_LINK_EXTEND] = {
        "UPDATE link SET until_point = ?5 WHERE source = ?1 AND kind = ?2 AND target = ?3"
        " AND from_point = ?4", FALSE},
    [Q_PRUNE_OBJECTS] = {
        "DELETE FROM object"
        " WHERE NOT EXISTS (SELECT 1 FROM version WHERE version.object = object.id)"
        " AND NOT EXISTS (SELECT 1 FROM link WHERE link.source = object.id)"
        " AND NOT EXISTS (SELECT 1 FROM link WHERE link.target = object.id)", TRUE},
    [Q_PRUNE_IDENTIFIERS] = {
        "DELETE FROM identifier"
        " WHERE NOT EXISTS (SELECT 1 FROM version WHERE version.object = identifier.object)",
        TRUE},
    [Q_PRUNE_PLACES] = {
        "DELETE FROM place"
        " WHERE NOT EXISTS (SELECT 1 FROM version WHERE version.object = place.object)",
        TRUE},
    [Q_PRUNE_TYPES] = {
        "DELETE FROM object_type"
        " WHERE NOT EXISTS (SELECT 1 FROM version WHERE version.object = object_type.object)",
        TRUE},
    [Q_VACUUM] = {"PRAGMA incremental_vacuum", FALSE},

    /* imported rules */
    [Q_RULES_ADD] = {
        "INSERT INTO rule_set (number, entry, imported_us, source, origin, hash, document)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", FALSE},
    [Q_RULES_NEWEST] = {"SELECT number, hash FROM rule_set ORDER BY number DESC LIMIT 1", TRUE},
    [Q_RULES_LIST] = {
        "SELECT number, imported_us, source, origin, hash FROM rule_set ORDER BY number", TRUE},
    [Q_RULES_GET] = {
        "SELECT number, imported_us, source, origin, hash, document FROM rule_set"
        " WHERE number = ?1", FALSE},
    [Q_RULES_LAST] = {
        "SELECT number, imported_us, source, origin, hash, document FROM rule_set"
        " ORDER BY number DESC LIMIT 1", TRUE},

    /* verification reads everything */
    [Q_VERIFY_INTEGRITY] = {"PRAGMA integrity_check(20)", FALSE},
    [Q_VERIFY_FOREIGN_KEYS] = {"PRAGMA foreign_key_check", FALSE},
    [Q_VERIFY_POINTS] = {
        "SELECT number, entry, finished_us, state, pinned, content FROM point ORDER BY number",
        TRUE},
    [Q_VERIFY_VERSIONS] = {
        "SELECT v.object, o.directory, o.key, v.from_point, v.until_point, v.type, v.name, v.life,"
        " v.hash, v.document FROM object o CROSS JOIN version v ON v.object = o.id"
        " ORDER BY o.id, v.from_point", TRUE},
    [Q_VERIFY_LINKS] = {
        "SELECT l.source, l.kind, l.target, l.from_point, l.until_point, s.directory, s.key, t.key,"
        " t.directory FROM link l"
        " CROSS JOIN object s ON s.id = l.source CROSS JOIN object t ON t.id = l.target"
        " ORDER BY l.source, l.kind, l.target, l.from_point", TRUE},
    [Q_VERIFY_EVENTS] = {"SELECT id, source, event, time_us, hash, document FROM event", TRUE},
    [Q_VERIFY_RULES] = {
        "SELECT number, imported_us, source, origin, hash, document, entry FROM rule_set"
        " ORDER BY number", TRUE},
    [Q_VERIFY_IDENTIFIER] = {
        "SELECT 1 FROM identifier WHERE hash = ?1 AND object = ?2", FALSE},
    [Q_VERIFY_PLACE] = {"SELECT 1 FROM place WHERE object = ?1 AND name = ?2", FALSE},
    [Q_VERIFY_TYPE] = {
        "SELECT 1 FROM object_type WHERE directory = ?1 AND type = ?2 AND key = ?3 AND object = ?4",
        FALSE},
    [Q_VERIFY_EVENT_KEY] = {
        "SELECT 1 FROM event_key WHERE key = ?1 AND time_us = ?2 AND event = ?3", FALSE},
};
/* clang-format on */

const char *store_statement_sql(enum store_statement id)
{
    return statements[id].sql;
}

gboolean store_statement_scans(enum store_statement id)
{
    return statements[id].scans;
}
