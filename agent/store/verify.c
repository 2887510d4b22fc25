/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the store still hold what was captured? Three questions: is the file sound, does the ledger
 * chain up to the head, and do the rows say what the ledger vouches for. Invariant: every row that
 * a view can show is covered by a digest in the ledger or recomputed from one that is. Finding
 * something is a result, not an error; only a file that cannot be read is one.
 */
#include "agent/store/chain.h"
#include "agent/store/event.h"
#include "agent/store/index.h"
#include "agent/store/point.h"
#include "correlate/error.h"
#include "correlate/identity.h"

#include <string.h>

#define PROBLEMS_MAX 200

struct audit {
    struct store *store;
    GPtrArray *problems;
    GHashTable *points;      /* gint64 * -> struct expected *: what the ledger says exists */
    GHashTable *rules;       /* gint64 * -> struct imported *: likewise */
    gint64 newest;           /* number of the last point entry */
    GHashTable *checkpoints; /* "directory/source" -> struct cor_json *: stream -> hash */
    guint8 head[STORE_HASH_LEN];
    gint64 entries;
};

struct expected {
    gint64 number, entry, finished_us;
    enum store_half_state state;
    gboolean pinned, met;
    char *content;
};

static void free_expected(void *data)
{
    g_free(((struct expected *)data)->content);
    g_free(data);
}

struct imported {
    gint64 number, entry, time_us;
    char *source, *origin, *hash;
    gboolean met;
};

static void free_imported(void *data)
{
    struct imported *imported = data;
    g_free(imported->source);
    g_free(imported->origin);
    g_free(imported->hash);
    g_free(imported);
}

static void problem(struct audit *audit, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void problem(struct audit *audit, const char *format, ...)
{
    if (audit->problems->len > PROBLEMS_MAX)
        return;
    if (audit->problems->len == PROBLEMS_MAX) {
        g_ptr_array_add(audit->problems, g_strdup("and more"));
        return;
    }
    va_list args;
    va_start(args, format);
    g_ptr_array_add(audit->problems, g_strdup_vprintf(format, args));
    va_end(args);
}

/* Call found for every row of a statement without parameters. */
static gboolean each_row(struct audit *audit, enum store_statement id,
                         gboolean (*found)(struct audit *, const struct store_query *, void *,
                                           GError **),
                         void *data, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(audit->store, id);
    gboolean row;
    while (store_query_step(&query, &row, error)) {
        if (!row)
            return TRUE;
        if (!found(audit, &query, data, error))
            return FALSE;
    }
    return FALSE;
}

/* --- the file -------------------------------------------------------------------------------- */

static gboolean take_integrity(struct audit *audit, const struct store_query *query, void *data,
                               GError **error)
{
    (void)data, (void)error;
    if (strcmp(store_column_text(query, 0), "ok") != 0)
        problem(audit, "file: %s", store_column_text(query, 0));
    return TRUE;
}

static gboolean take_orphan(struct audit *audit, const struct store_query *query, void *data,
                            GError **error)
{
    (void)data, (void)error;
    problem(audit, "a row of table %s refers to a missing row of table %s",
            store_column_text(query, 0), store_column_text(query, 2));
    return TRUE;
}

/* --- the ledger ------------------------------------------------------------------------------ */

static struct expected *expect(struct audit *audit, gint64 number)
{
    return g_hash_table_lookup(audit->points, &number);
}

static char *source_name(const char *directory, const char *source)
{
    return g_strdup_printf("%s/%s", directory, source);
}

/* A complete half tells all the checkpoints that its source has from there on. */
static void apply_checkpoints(struct audit *audit, const struct cor_json *body)
{
    const struct cor_json *halves = cor_json_get(body, "halves");
    for (const struct cor_json *half = cor_json_first(halves); half; half = cor_json_next(half)) {
        const char *directory = cor_json_get_string(half, "directory");
        const char *source = cor_json_get_string(half, "source");
        const struct cor_json *told = cor_json_get(half, "checkpoints");
        if (directory && source && g_strcmp0(cor_json_get_string(half, "state"), "complete") == 0)
            g_hash_table_replace(audit->checkpoints, source_name(directory, source),
                                 told ? cor_json_copy(told) : cor_json_new_object());
    }
}

static void apply_point(struct audit *audit, gint64 entry, const struct cor_json *body)
{
    struct store_point *point = store_point_parse(body);
    const char *content = cor_json_get_string(body, "content");
    if (!point || !content) {
        problem(audit, "ledger entry %" G_GINT64_FORMAT " does not describe a backup point", entry);
        store_point_free(point);
        return;
    }
    if (point->number != audit->newest + 1)
        problem(audit, "backup point %" G_GINT64_FORMAT " follows %" G_GINT64_FORMAT, point->number,
                audit->newest);
    audit->newest = point->number;
    struct expected *expected = g_new0(struct expected, 1);
    expected->number = point->number;
    expected->entry = entry;
    expected->finished_us = point->finished_us;
    expected->state = point->state;
    expected->content = g_strdup(content);
    g_hash_table_insert(audit->points, &expected->number, expected);
    apply_checkpoints(audit, body);
    store_point_free(point);
}

static void apply_pin(struct audit *audit, gint64 entry, const struct cor_json *body)
{
    gint64 number = 0;
    (void)cor_json_int(cor_json_get(body, "point"), &number);
    struct expected *expected = expect(audit, number);
    if (expected)
        expected->pinned = cor_json_get_bool(body, "pinned");
    else
        problem(audit, "ledger entry %" G_GINT64_FORMAT " pins a missing backup point", entry);
}

static void apply_prune(struct audit *audit, gint64 entry, const struct cor_json *body)
{
    const struct cor_json *removed = cor_json_get(body, "removed");
    const struct cor_json *content = cor_json_get(body, "content");
    for (const struct cor_json *n = cor_json_first(removed); n; n = cor_json_next(n)) {
        gint64 number = 0;
        (void)cor_json_int(n, &number);
        if (!g_hash_table_remove(audit->points, &number))
            problem(audit, "ledger entry %" G_GINT64_FORMAT " removes a missing backup point",
                    entry);
    }
    for (const struct cor_json *n = cor_json_first(content); n; n = cor_json_next(n)) {
        struct expected *expected = expect(audit, g_ascii_strtoll(cor_json_key(n), NULL, 10));
        if (!expected)
            continue;
        g_free(expected->content);
        expected->content = g_strdup(cor_json_string(n));
    }
}

static void apply_rules(struct audit *audit, gint64 entry, const struct cor_json *body)
{
    struct imported *imported = g_new0(struct imported, 1);
    gboolean ok = cor_json_int(cor_json_get(body, "rules"), &imported->number) &&
                  cor_json_int(cor_json_get(body, "importedUs"), &imported->time_us);
    imported->entry = entry;
    imported->source = g_strdup(cor_json_get_string(body, "source"));
    imported->origin = g_strdup(cor_json_get_string(body, "origin"));
    imported->hash = g_strdup(cor_json_get_string(body, "hash"));
    if (!ok || !imported->source || !imported->origin || !imported->hash)
        problem(audit, "ledger entry %" G_GINT64_FORMAT " does not describe imported rules", entry);
    if (imported->number != (gint64)g_hash_table_size(audit->rules) + 1)
        problem(audit, "version %" G_GINT64_FORMAT " of the rules does not follow the one before",
                imported->number);
    g_hash_table_replace(audit->rules, &imported->number, imported);
}

static const struct {
    const char *kind;
    void (*apply)(struct audit *audit, gint64 entry, const struct cor_json *body);
} entry_kinds[] = {
    {"point", apply_point}, {"pin", apply_pin}, {"prune", apply_prune}, {"rules", apply_rules}};

static gboolean take_entry(struct audit *audit, const struct store_query *query, void *data,
                           GError **error)
{
    (void)data, (void)error;
    gint64 entry = store_column_int(query, 0), own = 0, point = 0;
    const char *kind = store_column_text(query, 1), *text = store_column_text(query, 3);
    guint8 stored[STORE_HASH_LEN], computed[STORE_HASH_LEN];
    COR_JSON_AUTO *body = cor_json_parse(text, strlen(text), 0, NULL);
    store_column_hash(query, 4, stored);
    store_chain_hash(audit->head, text, computed);
    if (entry != ++audit->entries)
        problem(audit, "ledger entry %" G_GINT64_FORMAT " is missing", audit->entries);
    if (memcmp(stored, computed, STORE_HASH_LEN) != 0)
        problem(audit, "ledger entry %" G_GINT64_FORMAT " does not fit the hash chain", entry);
    (void)cor_json_int(cor_json_get(body, "entry"), &own);
    (void)cor_json_int(cor_json_get(body, "point"), &point);
    if (own != entry || point != store_column_int(query, 2) ||
        g_strcmp0(cor_json_get_string(body, "kind"), kind) != 0)
        problem(audit, "ledger entry %" G_GINT64_FORMAT " describes another entry", entry);
    audit->entries = entry;
    memcpy(audit->head, stored, STORE_HASH_LEN);
    for (guint i = 0; i < G_N_ELEMENTS(entry_kinds); i++) {
        if (strcmp(kind, entry_kinds[i].kind) == 0)
            entry_kinds[i].apply(audit, entry, body);
    }
    return TRUE;
}

static gboolean check_head(struct audit *audit, GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(audit->store, Q_HEAD_GET);
    gboolean row;
    if (!store_query_step(&query, &row, error))
        return FALSE;
    guint8 hash[STORE_HASH_LEN] = {0};
    if (row)
        store_column_hash(&query, 1, hash);
    if ((row ? store_column_int(&query, 0) : 0) != audit->entries ||
        memcmp(hash, audit->head, STORE_HASH_LEN) != 0)
        problem(audit, "the ledger does not end at its head: entries at the end are missing or "
                       "were added");
    return TRUE;
}

/* --- points ---------------------------------------------------------------------------------- */

static void compare_point(struct audit *audit, const struct store_query *query,
                          const struct expected *expected, const char *content)
{
    gint64 number = expected->number;
    if (store_column_int(query, 1) != expected->entry ||
        store_column_int(query, 2) != expected->finished_us ||
        strcmp(store_column_text(query, 3), store_half_state_name(expected->state)) != 0)
        problem(audit, "backup point %" G_GINT64_FORMAT ": time or state was altered", number);
    if ((store_column_int(query, 4) != 0) != expected->pinned)
        problem(audit, "backup point %" G_GINT64_FORMAT ": pin was altered", number);
    guint8 stored[STORE_HASH_LEN];
    store_column_hash(query, 5, stored);
    g_autofree char *stored_hex = store_hex(stored);
    if (strcmp(content, expected->content) != 0 || strcmp(stored_hex, expected->content) != 0)
        problem(audit,
                "backup point %" G_GINT64_FORMAT ": objects, links or audit records were altered, "
                "added or removed",
                number);
}

static gboolean take_point(struct audit *audit, const struct store_query *query, void *data,
                           GError **error)
{
    (void)data;
    gint64 number = store_column_int(query, 0);
    struct expected *expected = expect(audit, number);
    if (!expected) {
        problem(audit, "backup point %" G_GINT64_FORMAT " is unknown to the ledger", number);
        return TRUE;
    }
    guint8 content[STORE_HASH_LEN];
    if (!store_chain_content(audit->store, number, content, NULL, error))
        return FALSE;
    g_autofree char *hex = store_hex(content);
    compare_point(audit, query, expected, hex);
    expected->met = TRUE;
    return TRUE;
}

static void check_missing(struct audit *audit)
{
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, audit->points);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct expected *expected = value;
        if (!expected->met)
            problem(audit, "backup point %" G_GINT64_FORMAT " was removed", expected->number);
    }
}

/* --- checkpoints ----------------------------------------------------------------------------- */

/* What stands in the file is struck off what the ledger told; the rest is missing. */
static gboolean take_checkpoint(struct audit *audit, const struct store_query *query, void *data,
                                GError **error)
{
    (void)data, (void)error;
    const char *stream = store_column_text(query, 2), *text = store_column_text(query, 3);
    g_autofree char *name =
        source_name(cor_directory_name((enum cor_directory)store_column_int(query, 0)),
                    store_column_text(query, 1));
    struct cor_json *told = g_hash_table_lookup(audit->checkpoints, name);
    STORE_DIGEST_AUTO *digest = store_digest_new();
    guint8 hash[STORE_HASH_LEN];
    store_digest_add(digest, text, strlen(text));
    store_digest_end(digest, hash);
    g_autofree char *hex = store_hex(hash);
    if (g_strcmp0(cor_json_get_string(told, stream), hex) != 0)
        problem(audit, "checkpoint '%s' of %s was altered or added", stream, name);
    if (told)
        cor_json_remove(told, stream);
    return TRUE;
}

static gboolean check_checkpoints(struct audit *audit, GError **error)
{
    if (!each_row(audit, Q_CHECKPOINT_WALK, take_checkpoint, NULL, error))
        return FALSE;
    GHashTableIter iter;
    void *name, *told;
    g_hash_table_iter_init(&iter, audit->checkpoints);
    while (g_hash_table_iter_next(&iter, &name, &told)) {
        for (const struct cor_json *n = cor_json_first(told); n; n = cor_json_next(n))
            problem(audit, "checkpoint '%s' of %s was removed", cor_json_key(n),
                    (const char *)name);
    }
    return TRUE;
}

/* --- rows ------------------------------------------------------------------------------------ */

static gboolean check_type(struct audit *audit, const struct cor_record *record, gint64 object,
                           GError **error)
{
    STORE_QUERY_AUTO query = store_query_begin(audit->store, Q_VERIFY_TYPE);
    store_query_int(&query, record->directory);
    store_query_text(&query, record->type);
    store_query_text(&query, record->key);
    store_query_int(&query, object);
    gboolean present;
    if (!store_query_step(&query, &present, error))
        return FALSE;
    if (!present)
        problem(audit, "%s '%s' is missing from the index of types",
                cor_directory_name(record->directory), record->key);
    return TRUE;
}

static gboolean check_indexed(struct audit *audit, struct store_query *query,
                              const struct cor_record *record, const char *what, GError **error)
{
    gboolean present;
    if (!store_query_step(query, &present, error))
        return FALSE;
    if (!present)
        problem(audit, "%s '%s' is missing from the index of %s",
                cor_directory_name(record->directory), record->key, what);
    store_query_again(query);
    return TRUE;
}

static gboolean check_identifiers(struct audit *audit, const struct cor_record *record,
                                  gint64 object, GError **error)
{
    g_autoptr(GPtrArray) identifiers = cor_identifiers(record);
    STORE_QUERY_AUTO query = store_query_begin(audit->store, Q_VERIFY_IDENTIFIER);
    STORE_QUERY_AUTO place = store_query_begin(audit->store, Q_VERIFY_PLACE);
    for (guint i = 0; i < identifiers->len; i++) {
        const struct cor_identifier *identifier = g_ptr_array_index(identifiers, i);
        store_query_int(&query, store_identifier_hash(identifier->value));
        store_query_int(&query, object);
        if (!check_indexed(audit, &query, record, "identifiers", error))
            return FALSE;
        if (record->directory != COR_AD || identifier->kind != COR_ID_DN)
            continue;
        store_query_int(&place, object);
        store_query_text(&place, identifier->value);
        if (!check_indexed(audit, &place, record, "places", error))
            return FALSE;
    }
    return TRUE;
}

/* Load the document of a version row and hold it against the row; NULL: already reported. */
static struct cor_record *check_document(struct audit *audit, const struct store_query *query)
{
    struct store_codec *codec = &audit->store->codec;
    enum cor_directory directory = (enum cor_directory)store_column_int(query, 1);
    const char *key = store_column_text(query, 2), *fault = NULL;
    gsize len;
    const guint8 *data = store_column_bytes(query, 9, &len);
    guint8 stored[STORE_HASH_LEN], computed[STORE_HASH_LEN] = {0};
    store_column_hash(query, 8, stored);
    COR_RECORD_AUTO *record = NULL;
    if (store_codec_unpack(codec, data, len, NULL))
        store_codec_hash(codec, computed);
    if (memcmp(stored, computed, STORE_HASH_LEN) != 0)
        fault = "its document does not have its hash";
    else if (!(record = store_codec_parse(codec, directory, key, NULL)))
        fault = "its document is not an object";
    else if (strcmp(record->type, store_column_text(query, 5)) != 0 ||
             strcmp(record->name, store_column_text(query, 6)) != 0 ||
             (gint64)record->life != store_column_int(query, 7))
        fault = "type, name or life differ from its document";
    if (!fault)
        return g_steal_pointer(&record);
    problem(audit, "%s '%s' from point %" G_GINT64_FORMAT ": %s", cor_directory_name(directory),
            key, store_column_int(query, 3), fault);
    return NULL;
}

/* The end of the row before, to see overlaps: rows come by owner and start. */
struct previous {
    gint64 object, target, until; /* until 0: open */
    char *kind;
};

static gboolean overlaps(const struct previous *previous, gint64 from)
{
    return previous->until == 0 || previous->until > from;
}

static gboolean take_version(struct audit *audit, const struct store_query *query, void *data,
                             GError **error)
{
    struct previous *previous = data;
    gint64 object = store_column_int(query, 0);
    if (previous->object == object && overlaps(previous, store_column_int(query, 3)))
        problem(audit, "%s '%s' has two versions at point %" G_GINT64_FORMAT,
                cor_directory_name((enum cor_directory)store_column_int(query, 1)),
                store_column_text(query, 2), store_column_int(query, 3));
    previous->object = object;
    previous->until = store_column_int(query, 4);
    COR_RECORD_AUTO *record = check_document(audit, query);
    return !record || (check_type(audit, record, object, error) &&
                       check_identifiers(audit, record, object, error));
}

static gboolean take_link(struct audit *audit, const struct store_query *query, void *data,
                          GError **error)
{
    (void)error;
    struct previous *previous = data;
    gint64 source = store_column_int(query, 0), target = store_column_int(query, 2);
    const char *kind = store_column_text(query, 1);
    if (previous->object == source && previous->target == target &&
        g_strcmp0(previous->kind, kind) == 0 && overlaps(previous, store_column_int(query, 3)))
        problem(audit, "link %s of '%s' is there twice", kind, store_column_text(query, 6));
    if (store_column_int(query, 5) != store_column_int(query, 8))
        problem(audit, "link %s of '%s' leads to the other directory", kind,
                store_column_text(query, 6));
    g_free(previous->kind);
    *previous = (struct previous){source, target, store_column_int(query, 4), g_strdup(kind)};
    return TRUE;
}

static gboolean check_event_keys(struct audit *audit, const struct store_query *row,
                                 const struct cor_json *doc, GError **error)
{
    COR_JSON_AUTO *keys = store_event_keys(doc);
    STORE_QUERY_AUTO query = store_query_begin(audit->store, Q_VERIFY_EVENT_KEY);
    for (const struct cor_json *n = cor_json_first(keys); n; n = cor_json_next(n)) {
        store_query_text(&query, cor_json_string(n));
        store_query_int(&query, store_column_int(row, 3));
        store_query_int(&query, store_column_int(row, 0));
        gboolean present;
        if (!store_query_step(&query, &present, error))
            return FALSE;
        if (!present)
            problem(audit, "audit record '%s' is missing from the index",
                    store_column_text(row, 2));
        store_query_again(&query);
    }
    return TRUE;
}

static gboolean take_event(struct audit *audit, const struct store_query *query, void *data,
                           GError **error)
{
    (void)data;
    struct store_codec *codec = &audit->store->codec;
    gsize len;
    const guint8 *bytes = store_column_bytes(query, 5, &len);
    guint8 stored[STORE_HASH_LEN], computed[STORE_HASH_LEN] = {0};
    store_column_hash(query, 4, stored);
    if (store_codec_unpack(codec, bytes, len, NULL))
        store_codec_hash(codec, computed);
    if (memcmp(stored, computed, STORE_HASH_LEN) != 0) {
        problem(audit, "audit record '%s' was altered", store_column_text(query, 2));
        return TRUE;
    }
    COR_JSON_AUTO *doc = cor_json_parse(codec->text->str, codec->text->len, 0, NULL);
    return check_event_keys(audit, query, doc, error);
}

/* --- imported rules -------------------------------------------------------------------------- */

static gboolean take_rules(struct audit *audit, const struct store_query *query, void *data,
                           GError **error)
{
    (void)data, (void)error;
    gint64 number = store_column_int(query, 0);
    struct imported *imported = g_hash_table_lookup(audit->rules, &number);
    if (!imported) {
        problem(audit, "version %" G_GINT64_FORMAT " of the rules is unknown to the ledger",
                number);
        return TRUE;
    }
    imported->met = TRUE;
    guint8 stored[STORE_HASH_LEN], computed[STORE_HASH_LEN] = {0};
    gsize len;
    const guint8 *bytes = store_column_bytes(query, 5, &len);
    store_column_hash(query, 4, stored);
    if (store_codec_unpack(&audit->store->codec, bytes, len, NULL))
        store_codec_hash(&audit->store->codec, computed);
    g_autofree char *hex = store_hex(stored);
    if (g_strcmp0(hex, imported->hash) != 0 || memcmp(stored, computed, STORE_HASH_LEN) != 0)
        problem(audit, "version %" G_GINT64_FORMAT " of the rules was altered", number);
    if (store_column_int(query, 1) != imported->time_us ||
        store_column_int(query, 6) != imported->entry ||
        g_strcmp0(store_column_text(query, 2), imported->source) != 0 ||
        g_strcmp0(store_column_text(query, 3), imported->origin) != 0)
        problem(audit, "version %" G_GINT64_FORMAT " of the rules: time or origin was altered",
                number);
    return TRUE;
}

static void check_missing_rules(struct audit *audit)
{
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, audit->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct imported *imported = value;
        if (!imported->met)
            problem(audit, "version %" G_GINT64_FORMAT " of the rules was removed",
                    imported->number);
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

static gboolean verify_all(struct audit *audit, GError **error)
{
    if (!each_row(audit, Q_VERIFY_INTEGRITY, take_integrity, NULL, error))
        return FALSE;
    if (audit->problems->len > 0) /* reading on could only fail in ways that mean less */
        return TRUE;
    struct previous version = {0}, link = {0};
    gboolean ok = each_row(audit, Q_VERIFY_FOREIGN_KEYS, take_orphan, NULL, error) &&
                  each_row(audit, Q_LEDGER_WALK, take_entry, NULL, error) &&
                  check_head(audit, error) &&
                  each_row(audit, Q_VERIFY_POINTS, take_point, NULL, error) &&
                  check_checkpoints(audit, error);
    if (ok)
        check_missing(audit);
    ok = ok && each_row(audit, Q_VERIFY_VERSIONS, take_version, &version, error) &&
         each_row(audit, Q_VERIFY_LINKS, take_link, &link, error) &&
         each_row(audit, Q_VERIFY_EVENTS, take_event, NULL, error) &&
         each_row(audit, Q_VERIFY_RULES, take_rules, NULL, error);
    if (ok)
        check_missing_rules(audit);
    g_free(link.kind);
    return ok;
}

gboolean store_verify(struct store *store, GPtrArray *problems, char **ret_head, GError **error)
{
    if (!store_read_begin(store, error))
        return FALSE;
    STORE_READ_AUTO reading = store;
    g_autoptr(GHashTable) points =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_expected);
    g_autoptr(GHashTable) rules =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_imported);
    g_autoptr(GHashTable) checkpoints =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)cor_json_free);
    g_autoptr(GPtrArray) found = g_ptr_array_new(); /* texts move to problems */
    struct audit audit = {.store = store,
                          .problems = found,
                          .points = points,
                          .rules = rules,
                          .checkpoints = checkpoints};
    gboolean ok = verify_all(&audit, error);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add(problems, g_ptr_array_index(found, i));
    if (ok && ret_head)
        *ret_head = store_hex(audit.head);
    return ok;
}
