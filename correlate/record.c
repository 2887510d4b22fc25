/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The neutral object. A record owns its document; everything read from it is borrowed and ends
 * with it. Nothing here knows what an attribute means.
 */
#include "correlate/record.h"

const char *cor_directory_name(enum cor_directory directory)
{
    return directory == COR_AD ? "ad" : "entra";
}

const char *cor_life_name(enum cor_life life)
{
    static const char *const names[] = {"live", "deleted", "recycled"};
    return names[life];
}

static guint64 next_serial(void)
{
    static guint64 serial;
    return __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
}

struct cor_record *cor_record_new(enum cor_directory directory, const char *type, const char *key)
{
    struct cor_record *record = g_new0(struct cor_record, 1);
    record->serial = next_serial();
    record->directory = directory;
    record->type = g_strdup(type);
    record->key = g_strdup(key);
    record->attributes = cor_json_new_object();
    return record;
}

struct cor_record *cor_record_copy(const struct cor_record *record)
{
    struct cor_record *copy = g_new0(struct cor_record, 1);
    copy->serial = next_serial();
    copy->directory = record->directory;
    copy->life = record->life;
    copy->type = g_strdup(record->type);
    copy->key = g_strdup(record->key);
    copy->name = g_strdup(record->name);
    copy->attributes = cor_json_copy(record->attributes);
    copy->metadata = record->metadata ? cor_json_copy(record->metadata) : NULL;
    return copy;
}

void cor_record_free(struct cor_record *record)
{
    if (!record)
        return;
    g_free(record->type);
    g_free(record->key);
    g_free(record->name);
    cor_json_free(record->attributes);
    cor_json_free(record->metadata);
    g_free(record);
}

const struct cor_json *cor_record_get(const struct cor_record *record, const char *attribute)
{
    return record ? cor_json_get(record->attributes, attribute) : NULL;
}

const char *cor_record_text(const struct cor_record *record, const char *attribute)
{
    return cor_json_string(cor_record_get(record, attribute));
}

const char *cor_record_first(const struct cor_record *record, const char *attribute)
{
    const struct cor_json *value = cor_record_get(record, attribute);
    return cor_json_string(cor_json_type(value) == COR_JSON_ARRAY ? cor_json_first(value) : value);
}

gboolean cor_record_int(const struct cor_record *record, const char *attribute, gint64 *ret)
{
    return cor_json_int(cor_record_get(record, attribute), ret);
}
