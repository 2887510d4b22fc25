/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpoint. It fits only the tenant, the application and the table of resources it was made
 * with: a token remembers the properties that were selected, so with another table it would be
 * silent about the new ones.
 */
#include "graph/track.h"

#include "correlate/time.h"

#define FORMAT "2" /* of the document; another one is not understood */

static GHashTable *set_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

struct entra_track *entra_track_new(void)
{
    struct entra_track *track = g_new0(struct entra_track, 1);
    track->streams = g_new0(struct entra_stream, entra_resources_len);
    track->usable = TRUE;
    for (guint i = 0; i < entra_resources_len; i++)
        track->streams[i] = (struct entra_stream){
            .resource = &entra_resources[i],
            .known = set_new(),
            .shown = set_new(),
            .changes = set_new(),
            .live = set_new(),
            .missing = set_new(),
            .again = set_new(),
        };
    return track;
}

void entra_track_free(struct entra_track *track)
{
    if (!track)
        return;
    for (guint i = 0; i < entra_resources_len; i++) {
        struct entra_stream *stream = &track->streams[i];
        g_free(stream->link);
        g_free(stream->next_link);
        g_free(stream->trouble);
        g_hash_table_unref(stream->known);
        g_hash_table_unref(stream->shown);
        g_hash_table_unref(stream->changes);
        g_hash_table_unref(stream->live);
        g_hash_table_unref(stream->missing);
        g_hash_table_unref(stream->again);
    }
    g_free(track->streams);
    g_free(track->why);
    g_free(track);
}

struct entra_stream *entra_track_find(struct entra_track *track, const char *type,
                                      enum cor_life life)
{
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_resource *resource = track->streams[i].resource;
        if (resource->life == life && g_str_equal(resource->type, type))
            return &track->streams[i];
    }
    return NULL;
}

guint entra_flags_get(GHashTable *table, const char *key)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(table, key));
}

void entra_flags_add(GHashTable *table, const char *key, guint flags)
{
    flags |= entra_flags_get(table, key);
    g_hash_table_replace(table, g_strdup(key), GUINT_TO_POINTER(flags));
}

/* --- binding ---------------------------------------------------------------------------------- */

/* Changes whenever what is read of any resource does. */
static char *table_digest(void)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)FORMAT, -1);
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_resource *resource = &entra_resources[i];
        g_autofree char *url = entra_resource_url("", resource, 0);
        g_autofree char *line = g_strdup_printf("\n%s %s %s", resource->segment, url,
                                                resource->delta ? resource->delta : "-");
        g_checksum_update(sum, (const guchar *)line, -1);
        for (const struct entra_relation *at = resource->relations; at && at->kind; at++) {
            g_autofree char *path = entra_relation_path(resource, at, "-", 0);
            g_checksum_update(sum, (const guchar *)path, -1);
        }
    }
    return g_strdup(g_checksum_get_string(sum));
}

static const char *misfit(const struct cor_json *doc, const struct entra_options *options)
{
    g_autofree char *table = table_digest();
    if (g_strcmp0(cor_json_get_string(doc, "tenant"), options->tenant_id) != 0 ||
        g_strcmp0(cor_json_get_string(doc, "client"), options->client_id) != 0 ||
        g_strcmp0(cor_json_get_string(doc, "graph"), options->graph_url) != 0)
        return "the configuration names another tenant, application or service than before";
    if (g_strcmp0(cor_json_get_string(doc, "table"), table) != 0)
        return "this version reads other properties than the one before";
    return NULL;
}

/* --- document --------------------------------------------------------------------------------- */

static void load_keys(GHashTable *set, const struct cor_json *keys)
{
    for (const struct cor_json *at = cor_json_first(keys); at; at = cor_json_next(at))
        if (cor_json_string(at))
            g_hash_table_add(set, g_strdup(cor_json_string(at)));
}

static gboolean load_stream(struct entra_stream *stream, const struct cor_json *node)
{
    stream->link = g_strdup(cor_json_get_string(node, "link"));
    const struct cor_json *again = cor_json_get(node, "again");
    for (const struct cor_json *at = cor_json_first(again); at; at = cor_json_next(at)) {
        gint64 flags = 0;
        if (cor_json_int(at, &flags))
            entra_flags_add(stream->changes, cor_json_key(at),
                            ENTRA_AGAIN | ((guint)flags & ENTRA_KEPT));
    }
    load_keys(stream->known, cor_json_get(node, "keys"));
    return stream->link || cor_json_type(cor_json_get(node, "keys")) == COR_JSON_ARRAY;
}

static gint64 load_time(const struct cor_json *doc, const char *key)
{
    gint64 us = 0;
    const struct cor_json *node = cor_json_get(doc, key);
    return cor_json_int(node, &us) ? us : 0;
}

gboolean entra_track_load(struct entra_track *track, const struct entra_options *options,
                          gint64 now_us)
{
    const struct cor_json *doc = options->checkpoint;
    if (cor_json_type(doc) != COR_JSON_OBJECT)
        return FALSE;
    const char *why = misfit(doc, options);
    const struct cor_json *streams = cor_json_get(doc, "streams");
    for (guint i = 0; !why && i < entra_resources_len; i++)
        if (!load_stream(&track->streams[i],
                         cor_json_get(streams, track->streams[i].resource->segment)))
            why = "the checkpoint is incomplete";
    track->why = g_strdup(why);
    if (why)
        return FALSE;
    track->full_us = load_time(doc, "full");
    track->full_peer_us = load_time(doc, "fullPeer");
    track->last_peer_us = load_time(doc, "lastPeer");
    track->provisioned = cor_json_get_bool(doc, "provisioned");
    /* a clock that was set back makes it due, too */
    track->due = now_us < track->full_us || now_us - track->full_us >= options->reconcile_us;
    return TRUE;
}

static struct cor_json *save_keys(GHashTable *set)
{
    struct cor_json *keys = cor_json_new_array();
    g_autoptr(GList) sorted =
        g_list_sort(g_hash_table_get_keys(set), (GCompareFunc)(void (*)(void))g_strcmp0);
    for (const GList *at = sorted; at; at = at->next)
        cor_json_append(keys, cor_json_new_string(at->data));
    return keys;
}

static struct cor_json *save_stream(const struct entra_stream *stream)
{
    struct cor_json *node = cor_json_new_object();
    if (!stream->next_link) {
        cor_json_add(node, "keys", save_keys(stream->shown));
        return node;
    }
    cor_json_add_string(node, "link", stream->next_link);
    struct cor_json *again = cor_json_new_object();
    GHashTableIter iter;
    gpointer key, flags;
    g_hash_table_iter_init(&iter, stream->again);
    while (g_hash_table_iter_next(&iter, &key, &flags))
        cor_json_add_int(again, key, GPOINTER_TO_UINT(flags));
    cor_json_add(node, "again", again);
    return node;
}

struct cor_json *entra_track_save(const struct entra_track *track,
                                  const struct entra_options *options)
{
    g_autofree char *table = table_digest();
    struct cor_json *doc = cor_json_new_object();
    cor_json_add_string(doc, "tenant", options->tenant_id);
    cor_json_add_string(doc, "client", options->client_id);
    cor_json_add_string(doc, "graph", options->graph_url);
    cor_json_add_string(doc, "table", table);
    cor_json_add_int(doc, "full", track->full_us);
    cor_json_add_int(doc, "fullPeer", track->full_peer_us);
    cor_json_add_int(doc, "lastPeer", track->this_peer_us);
    cor_json_add_bool(doc, "provisioned", track->provisioned);
    struct cor_json *streams = cor_json_new_object();
    for (guint i = 0; i < entra_resources_len; i++)
        cor_json_add(streams, track->streams[i].resource->segment, save_stream(&track->streams[i]));
    cor_json_add(doc, "streams", streams);
    return doc;
}
