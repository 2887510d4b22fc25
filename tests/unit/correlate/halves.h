/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_TESTS_UNIT_CORRELATE_HALVES_H
#define ANCHORWATCH_TESTS_UNIT_CORRELATE_HALVES_H

/* Two directories in memory for the tests of the heart: records written as JSON, and a view over
 * arrays of records and links that answers as a store would. */

#include "correlate/identity.h"
#include "correlate/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* JSON with ' for ", to stay readable in C. */
static inline struct cor_json *halves_json(const char *text)
{
    g_autofree char *quoted = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(GError) error = NULL;
    struct cor_json *json = cor_json_parse(quoted, strlen(quoted), 0, &error);
    if (!json)
        fail_msg("%s: %s", text, error->message);
    return json;
}

static inline struct cor_record *halves_record(enum cor_directory directory, const char *type,
                                               const char *key, const char *attributes)
{
    struct cor_record *record = cor_record_new(directory, type, key);
    cor_json_free(record->attributes);
    record->attributes = halves_json(attributes);
    record->name = g_strdup(key);
    return record;
}

static inline void halves_metadata(struct cor_record *record, const char *metadata)
{
    cor_json_free(record->metadata);
    record->metadata = halves_json(metadata);
}

struct halves_link {
    enum cor_directory directory;
    const char *kind, *source, *target;
};

struct halves {
    struct cor_view view; /* first: the view is the fixture */
    GPtrArray *records;   /* owned struct cor_record *, in key order per directory */
    GArray *links;        /* struct halves_link */
    guint reads;          /* get and find calls that were answered */
};

static inline struct cor_record *halves_get(struct cor_view *view, enum cor_directory directory,
                                            const char *key, GError **error)
{
    struct halves *halves = (struct halves *)view;
    (void)error;
    halves->reads++;
    for (guint i = 0; i < halves->records->len; i++) {
        const struct cor_record *record = halves->records->pdata[i];
        if (record->directory == directory && strcmp(record->key, key) == 0)
            return cor_record_copy(record);
    }
    return NULL;
}

static inline gboolean halves_carries(const struct cor_record *record, int kind, const char *folded)
{
    g_autoptr(GPtrArray) identifiers = cor_identifiers(record);
    for (guint i = 0; i < identifiers->len; i++) {
        const struct cor_identifier *one = identifiers->pdata[i];
        if (one->kind == kind && strcmp(one->value, folded) == 0)
            return TRUE;
    }
    return FALSE;
}

static inline GPtrArray *halves_find(struct cor_view *view, enum cor_directory directory, int kind,
                                     const char *value, GError **error)
{
    struct halves *halves = (struct halves *)view;
    g_autofree char *folded = cor_identifier_fold(kind, value);
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
    (void)error;
    halves->reads++;
    for (guint i = 0; i < halves->records->len; i++) {
        const struct cor_record *record = halves->records->pdata[i];
        if (record->directory == directory && halves_carries(record, kind, folded))
            g_ptr_array_add(found, cor_record_copy(record));
    }
    return found;
}

static inline GPtrArray *halves_links(struct cor_view *view, enum cor_directory directory,
                                      const char *kind, const char *key, gboolean incoming,
                                      GError **error)
{
    struct halves *halves = (struct halves *)view;
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    (void)error;
    for (guint i = 0; i < halves->links->len; i++) {
        const struct halves_link *link = &g_array_index(halves->links, struct halves_link, i);
        const char *near = incoming ? link->target : link->source;
        const char *far = incoming ? link->source : link->target;
        if (link->directory == directory && strcmp(link->kind, kind) == 0 && strcmp(near, key) == 0)
            g_ptr_array_add(keys, g_strdup(far));
    }
    return keys;
}

struct halves_reader {
    struct cor_reader reader; /* first */
    struct halves *halves;
    enum cor_directory directory;
    char *type;
    guint at;
};

static inline gboolean halves_next(struct cor_reader *self, const struct cor_record **ret_record,
                                   GError **error)
{
    struct halves_reader *reader = (struct halves_reader *)self;
    GPtrArray *records = reader->halves->records;
    (void)error;
    *ret_record = NULL;
    while (!*ret_record && reader->at < records->len) {
        const struct cor_record *record = records->pdata[reader->at++];
        if (record->directory == reader->directory &&
            (!reader->type || strcmp(reader->type, record->type) == 0))
            *ret_record = record;
    }
    return TRUE;
}

static inline void halves_close(struct cor_reader *self)
{
    struct halves_reader *reader = (struct halves_reader *)self;
    g_free(reader->type);
    g_free(reader);
}

static inline struct cor_reader *halves_read(struct cor_view *view, enum cor_directory directory,
                                             const char *type, GError **error)
{
    struct halves_reader *reader = g_new0(struct halves_reader, 1);
    (void)error;
    reader->reader = (struct cor_reader){halves_next, halves_close};
    reader->halves = (struct halves *)view;
    reader->directory = directory;
    reader->type = g_strdup(type);
    return &reader->reader;
}

static inline struct halves *halves_new(void)
{
    struct halves *halves = g_new0(struct halves, 1);
    halves->view = (struct cor_view){
        .get = halves_get, .find = halves_find, .links = halves_links, .read = halves_read};
    halves->records = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
    halves->links = g_array_new(FALSE, FALSE, sizeof(struct halves_link));
    return halves;
}

static inline void halves_free(struct halves *halves)
{
    g_ptr_array_unref(halves->records);
    g_array_unref(halves->links);
    g_free(halves);
}

/* The record belongs to the fixture and may still be changed. */
static inline struct cor_record *halves_add(struct halves *halves, enum cor_directory directory,
                                            const char *type, const char *key,
                                            const char *attributes)
{
    struct cor_record *record = halves_record(directory, type, key, attributes);
    g_ptr_array_add(halves->records, record);
    return record;
}

static inline void halves_link(struct halves *halves, enum cor_directory directory,
                               const char *kind, const char *source, const char *target)
{
    struct halves_link link = {directory, kind, source, target};
    g_array_append_val(halves->links, link);
}

#endif
