/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Silent divergence. Objects are remembered as two hashes of 64 bits and lists of links as sums of
 * hashes, so that a million of them need some tens of megabytes; two different objects with the
 * same hash would hide one divergence, which the full read repairs all the same.
 */
#include "graph/compare.h"

#include "correlate/error.h"
#include "correlate/semantic.h"
#include "graph/track.h"

#include <string.h>

enum { NAMES_TOLD = 5 };

struct mark {
    guint64 id, value;
    char *name; /* owned; only of objects that nothing was known of */
};

struct entra_compare {
    struct cor_view *before;
    GArray *objects; /* struct mark: of the key, of the document */
    GArray *links;   /* struct mark: of source and kind, sum of the targets */
    GString *names;
    guint64 diverged;
};

/* FNV-1a: no adversary gains anything from a collision here. */
static guint64 hash_text(guint64 hash, const char *text)
{
    for (const guchar *at = (const guchar *)text; *at; at++)
        hash = (hash ^ *at) * G_GUINT64_CONSTANT(0x100000001b3);
    return (hash ^ 0xff) * G_GUINT64_CONSTANT(0x100000001b3);
}
#define HASH_START G_GUINT64_CONSTANT(0xcbf29ce484222325)

static void clear_mark(gpointer mark)
{
    g_free(((struct mark *)mark)->name);
}

static GArray *marks_new(void)
{
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(struct mark));
    g_array_set_clear_func(marks, clear_mark);
    return marks;
}

struct entra_compare *entra_compare_new(struct cor_view *before)
{
    struct entra_compare *compare = g_new0(struct entra_compare, 1);
    compare->before = before;
    compare->objects = marks_new();
    compare->links = marks_new();
    compare->names = g_string_new(NULL);
    return compare;
}

void entra_compare_free(struct entra_compare *compare)
{
    if (!compare)
        return;
    g_array_unref(compare->objects);
    g_array_unref(compare->links);
    g_string_free(compare->names, TRUE);
    g_free(compare);
}

/* --- what is read ----------------------------------------------------------------------------- */

static guint64 hash_record(const struct cor_record *record)
{
    guint64 sum = 0;
    const struct cor_json *at = cor_json_first(record->attributes);
    for (; at; at = cor_json_next(at)) {
        if (cor_traits(COR_ENTRA, record->type, cor_json_key(at)) & COR_TRAIT_VOLATILE)
            continue;
        g_autofree char *text = cor_json_to_text(at);
        sum += hash_text(hash_text(HASH_START, cor_json_key(at)), text);
    }
    return sum;
}

static gboolean is_tracked(const struct cor_record *record)
{
    for (guint i = 0; i < entra_resources_len; i++)
        if (entra_resources[i].delta && g_str_equal(entra_resources[i].type, record->type))
            return record->life == COR_LIVE;
    return FALSE;
}

void entra_compare_record(struct entra_compare *compare, const struct cor_record *record)
{
    if (!is_tracked(record))
        return;
    struct mark mark = {hash_text(HASH_START, record->key), hash_record(record), NULL};
    COR_RECORD_AUTO *old = compare->before->get(compare->before, COR_ENTRA, record->key, NULL);
    if (!old || old->life != COR_LIVE)
        mark.name = g_strdup_printf("%s\n%s", record->key, record->name);
    g_array_append_val(compare->objects, mark);
}

static guint64 hash_list(const char *source, const char *kind)
{
    return hash_text(hash_text(HASH_START, source), kind);
}

/* The targets of one source mostly come in a row. */
void entra_compare_link(struct entra_compare *compare, const struct cor_link *link)
{
    struct mark mark = {hash_list(link->source_key, link->kind),
                        hash_text(HASH_START, link->target_key), NULL};
    struct mark *last = compare->links->len
                            ? &g_array_index(compare->links, struct mark, compare->links->len - 1)
                            : NULL;
    if (last && last->id == mark.id)
        last->value += mark.value;
    else
        g_array_append_val(compare->links, mark);
}

/* --- what was before -------------------------------------------------------------------------- */

static gint by_id(gconstpointer a, gconstpointer b)
{
    guint64 left = ((const struct mark *)a)->id, right = ((const struct mark *)b)->id;
    return left < right ? -1 : left > right;
}

static struct mark *find(GArray *marks, guint64 id)
{
    struct mark wanted = {.id = id};
    return marks->len ? bsearch(&wanted, marks->data, marks->len, sizeof wanted, by_id) : NULL;
}

static void merge_links(GArray *links)
{
    g_array_sort(links, by_id);
    guint kept = 0;
    for (guint i = 0; i < links->len; i++) {
        struct mark *mark = &g_array_index(links, struct mark, i);
        struct mark *last = kept ? &g_array_index(links, struct mark, kept - 1) : NULL;
        if (last && last->id == mark->id)
            last->value += mark->value;
        else
            g_array_index(links, struct mark, kept++) = *mark;
    }
    g_array_set_size(links, kept);
}

static gboolean was_told(struct entra_run *run, const char *type, const char *key)
{
    const struct entra_stream *stream = entra_track_find(run->track, type, COR_LIVE);
    return stream && (entra_flags_get(stream->changes, key) & ENTRA_TOLD);
}

static void add_name(struct entra_compare *compare, const char *what, const char *name)
{
    if (compare->diverged++ < NAMES_TOLD)
        g_string_append_printf(compare->names, "%s%s (%s)", compare->names->len ? ", " : "", name,
                               what);
}

static gboolean links_differ(struct entra_compare *compare, const char *kind, const char *key,
                             gboolean *ret_differ, GError **error)
{
    g_autoptr(GPtrArray) old =
        compare->before->links(compare->before, COR_ENTRA, kind, key, FALSE, error);
    if (!old)
        return FALSE;
    guint64 sum = 0;
    for (guint i = 0; i < old->len; i++)
        sum += hash_text(HASH_START, old->pdata[i]);
    const struct mark *now = find(compare->links, hash_list(key, kind));
    *ret_differ |= sum != (now ? now->value : 0);
    return TRUE;
}

static gboolean compare_links(struct entra_compare *compare, struct entra_run *run,
                              const struct cor_record *old, gboolean *ret_differ, GError **error)
{
    const struct entra_resource *resource =
        entra_track_find(run->track, old->type, COR_LIVE)->resource;
    if (resource->expand && !links_differ(compare, "manager", old->key, ret_differ, error))
        return FALSE;
    gboolean named = g_hash_table_contains(run->hints, old->key);
    for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
        if (!(named && at->when == ENTRA_HINTED) && /* an audit record tells it */
            !links_differ(compare, at->kind, old->key, ret_differ, error))
            return FALSE;
    return TRUE;
}

static gboolean compare_old(struct entra_compare *compare, struct entra_run *run,
                            const struct cor_record *old, GError **error)
{
    if (!is_tracked(old))
        return TRUE;
    const struct mark *now = find(compare->objects, hash_text(HASH_START, old->key));
    if (was_told(run, old->type, old->key))
        return TRUE;
    if (!now) {
        add_name(compare, "gone", old->name);
        return TRUE;
    }
    gboolean differ = now->value != hash_record(old);
    if (!compare_links(compare, run, old, &differ, error))
        return FALSE;
    if (differ)
        add_name(compare, "changed", old->name);
    return TRUE;
}

static void tell_new(struct entra_compare *compare, struct entra_run *run)
{
    for (guint i = 0; i < compare->objects->len; i++) {
        const char *name = g_array_index(compare->objects, struct mark, i).name;
        if (!name)
            continue;
        gboolean told = FALSE;
        g_auto(GStrv) parts = g_strsplit(name, "\n", 2);
        for (guint j = 0; j < entra_resources_len; j++)
            told |= (entra_flags_get(run->track->streams[j].changes, parts[0]) & ENTRA_TOLD) != 0;
        if (!told)
            add_name(compare, "new", parts[1]);
    }
}

gboolean entra_compare_tell(struct entra_compare *compare, struct entra_run *run, GError **error)
{
    struct cor_reader *reader = compare->before->read(compare->before, COR_ENTRA, NULL, error);
    if (!reader)
        return FALSE;
    g_array_sort(compare->objects, by_id);
    merge_links(compare->links);
    const struct cor_record *old = NULL;
    gboolean ok;
    while ((ok = reader->next(reader, &old, error)) && old)
        if (!(ok = compare_old(compare, run, old, error)))
            break;
    reader->close(reader);
    if (!ok)
        return FALSE;
    tell_new(compare, run);
    if (compare->diverged > 0)
        entra_run_remark(run, g_strdup_printf("silent divergence repaired: %" G_GUINT64_FORMAT
                                              " objects had changed without a delta record: %s%s",
                                              compare->diverged, compare->names->str,
                                              compare->diverged > NAMES_TOLD ? ", ..." : ""));
    return TRUE;
}
