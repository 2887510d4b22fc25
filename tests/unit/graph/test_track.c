/* SPDX-License-Identifier: Apache-2.0 */
/* What a capture leaves for the next, and what one item of a delta round means. */
#include "graph/delta.h"

#include "correlate/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define NOW (1000 * COR_DAY_US)

static const struct entra_options base = {
    .tenant_id = "tenant",
    .client_id = "client",
    .graph_url = "https://graph.example.test",
    .reconcile_us = 7 * COR_DAY_US,
};

/* A checkpoint as a full capture at that time leaves it: users tracked, all else listed. */
static struct cor_json *checkpoint(gint64 full_us)
{
    struct entra_track *track = entra_track_new();
    track->full_us = full_us;
    track->full_peer_us = full_us + 5;
    struct entra_stream *users = entra_track_find(track, COR_TYPE_USER, COR_LIVE);
    users->next_link = g_strdup("https://graph.example.test/v1.0/users/delta?$deltatoken=a%27b");
    entra_flags_add(users->again, "u1", ENTRA_LINKS | ENTRA_LOST);
    entra_flags_add(users->again, "u2", 0);
    struct entra_stream *deleted = entra_track_find(track, COR_TYPE_USER, COR_DELETED);
    g_hash_table_add(deleted->shown, g_strdup("d1"));
    struct cor_json *doc = entra_track_save(track, &base);
    entra_track_free(track);
    return doc;
}

static gboolean load(struct entra_options options, const struct cor_json *doc, gint64 now_us,
                     struct entra_track **ret)
{
    options.checkpoint = doc;
    *ret = entra_track_new();
    return entra_track_load(*ret, &options, now_us);
}

static void goes_on(void **state)
{
    COR_JSON_AUTO *doc = checkpoint(NOW - COR_DAY_US);
    struct entra_track *track = NULL;
    (void)state;
    assert_true(load(base, doc, NOW, &track));
    assert_false(track->due);
    assert_int_equal(track->full_peer_us, NOW - COR_DAY_US + 5);
    const struct entra_stream *users = entra_track_find(track, COR_TYPE_USER, COR_LIVE);
    assert_non_null(strstr(users->link, "a%27b"));
    assert_int_equal(entra_flags_get(users->changes, "u1"), ENTRA_AGAIN | ENTRA_LINKS | ENTRA_LOST);
    assert_int_equal(entra_flags_get(users->changes, "u2"), ENTRA_AGAIN);
    const struct entra_stream *deleted = entra_track_find(track, COR_TYPE_USER, COR_DELETED);
    assert_null(deleted->link);
    assert_true(g_hash_table_contains(deleted->known, "d1"));
    assert_null(entra_track_find(track, COR_TYPE_CONTACT, COR_DELETED));
    entra_track_free(track);
}

/* Due at exactly the interval, never for a clock in between, always after it was set back. */
static void falls_due(void **state)
{
    static const struct {
        gint64 age_us;
        gboolean due;
    } rows[] = {
        {0, FALSE},
        {7 * COR_DAY_US - 1, FALSE},
        {7 * COR_DAY_US, TRUE},
        {-1, TRUE},
    };
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        COR_JSON_AUTO *doc = checkpoint(NOW - rows[i].age_us);
        struct entra_track *track = NULL;
        assert_true(load(base, doc, NOW, &track));
        assert_int_equal(track->due, rows[i].due);
        entra_track_free(track);
    }
    COR_JSON_AUTO *doc = checkpoint(NOW);
    struct entra_options always = base;
    struct entra_track *track = NULL;
    always.reconcile_us = 0;
    assert_true(load(always, doc, NOW, &track));
    assert_true(track->due);
    entra_track_free(track);
}

static void refused(const char *why, struct entra_options options, const struct cor_json *doc)
{
    struct entra_track *track = NULL;
    assert_false(load(options, doc, NOW, &track));
    if (why)
        assert_non_null(strstr(track->why, why));
    else
        assert_null(track->why);
    entra_track_free(track);
}

static void is_bound(void **state)
{
    COR_JSON_AUTO *doc = checkpoint(NOW);
    struct entra_options other = base;
    (void)state;
    refused(NULL, base, NULL);
    other.tenant_id = "another";
    refused("another tenant", other, doc);
    other = base;
    other.client_id = "another";
    refused("another tenant", other, doc);
    other = base;
    other.graph_url = "https://graph.example.test/";
    refused("another tenant", other, doc);
    COR_JSON_AUTO *table = cor_json_copy(doc);
    cor_json_set(table, "table", cor_json_new_string("0000"));
    refused("other properties", base, table);
    COR_JSON_AUTO *holes = cor_json_copy(doc);
    cor_json_remove(holes, "streams");
    refused("incomplete", base, holes);
}

static guint flags_of(const char *type, const char *text)
{
    struct entra_track *track = entra_track_new();
    struct entra_stream *stream = entra_track_find(track, type, COR_LIVE);
    COR_JSON_AUTO *item = cor_json_parse(text, strlen(text), 0, NULL);
    assert_non_null(item);
    guint flags = entra_delta_item(stream->resource, item, stream->changes, NULL)
                      ? entra_flags_get(stream->changes, "x")
                      : 0;
    entra_track_free(track);
    return flags;
}

static void items(void **state)
{
    (void)state;
    assert_int_equal(flags_of(COR_TYPE_USER, "{\"id\":\"x\"}"), ENTRA_TOLD);
    assert_int_equal(flags_of(COR_TYPE_GROUP, "{\"id\":\"x\",\"members@delta\":[]}"),
                     ENTRA_TOLD | ENTRA_LINKS);
    assert_int_equal(flags_of(COR_TYPE_GROUP, "{\"id\":\"x\",\"owners@delta\":[{}]}"),
                     ENTRA_TOLD | ENTRA_LINKS << 1);
    assert_int_equal(
        flags_of(COR_TYPE_USER, "{\"id\":\"x\",\"@removed\":{\"reason\":\"changed\"}}"),
        ENTRA_TOLD);
    assert_int_equal(
        flags_of(COR_TYPE_USER, "{\"id\":\"x\",\"@removed\":{\"reason\":\"deleted\"}}"),
        ENTRA_TOLD | ENTRA_REMOVED);
    assert_int_equal(flags_of(COR_TYPE_USER, "{\"id\":\"\"}"), 0);
    assert_int_equal(flags_of(COR_TYPE_USER, "{\"id\":7}"), 0);
}

static void urls(void **state)
{
    (void)state;
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_resource *resource = &entra_resources[i];
        if (!resource->delta)
            continue;
        g_autofree char *url = entra_delta_url("https://g", resource);
        assert_true(g_str_has_suffix(url, "&$deltatoken=latest"));
        assert_non_null(strstr(url, "/delta?$select=id,"));
        assert_int_equal(strstr(url, ",manager&") != NULL, resource->expand != NULL);
    }
    struct entra_track *track = entra_track_new();
    const struct entra_stream *devices = entra_track_find(track, COR_TYPE_DEVICE, COR_LIVE);
    g_autofree char *path = entra_object_path(devices->resource, "a/b?c");
    assert_true(g_str_has_prefix(path, "/devices/a%2Fb%3Fc?$select=id,"));
    entra_track_free(track);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on), cmocka_unit_test(falls_due), cmocka_unit_test(is_bound),
        cmocka_unit_test(items),   cmocka_unit_test(urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
