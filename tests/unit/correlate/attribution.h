/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_TESTS_UNIT_CORRELATE_ATTRIBUTION_H
#define ANCHORWATCH_TESTS_UNIT_CORRELATE_ATTRIBUTION_H

/*
 * A stage for tests of attribution: both halves at both points, audit documents, and what is
 * expected. Backup points are at 10:00 and 12:00; whatever is written is written in between.
 */
#include "correlate/attribute.h"
#include "correlate/diff.h"
#include "correlate/time.h"
#include "halves.h"

#define GUID   "00112233-4455-6677-8899-aabbccddeeff"
#define ANCHOR "MyIRAFVEd2aImaq7zN3u/w=="
#define DAY    "2026-03-01T"
#define PERSON "helga.admin@example.test"

#define BY_PERSON  "{'kind':'user','id':'p1','name':'Helga','upn':'" PERSON "'}"
#define BY_SYNC    "{'kind':'user','id':'s1','upn':'Sync_HOST_0123456789ab@example.test'}"
#define BY_NOBODY  "{'kind':'none'}"
#define BY_SERVICE "{'kind':'app','id':'sp1','appId':'a1','name':'Some Service'}"

#define SYNCED "'onPremisesSyncEnabled':true,'onPremisesImmutableId':'" ANCHOR "'"

struct scene {
    struct cor_record *older, *newer, *peer_older, *peer_newer, *target_older, *target_newer;
    GPtrArray *events;
    struct cor_sync_identities identities;
    struct cor_tenant tenant;
    struct cor_flow_context flow;
    const struct cor_flow_context *flow_before; /* NULL: the same rules */
    gboolean audit_unreadable;
    struct cor_change *change;
};

static inline struct scene *scene_new(void)
{
    struct scene *scene = g_new0(struct scene, 1);
    scene->events = g_ptr_array_new_with_free_func((GDestroyNotify)cor_event_row_free);
    cor_sync_identities_init(&scene->identities);
    cor_tenant_init(&scene->tenant, NULL, NULL, NULL);
    scene->flow = (struct cor_flow_context){
        .domain_fqdn = "lab.example.test",
        .domain_netbios = "LAB",
        .tenant = &scene->tenant,
        .rules_name = "default rules",
    };
    return scene;
}

static inline void scene_free(struct scene *scene)
{
    struct cor_record *records[] = {scene->older,      scene->newer,        scene->peer_older,
                                    scene->peer_newer, scene->target_older, scene->target_newer};
    for (gsize i = 0; i < G_N_ELEMENTS(records); i++)
        cor_record_free(records[i]);
    cor_change_free(scene->change);
    g_ptr_array_unref(scene->events);
    cor_sync_identities_clear(&scene->identities);
    cor_tenant_clear(&scene->tenant);
    g_free(scene);
}

static inline struct cor_record *entra(const char *type, const char *key, const char *attributes)
{
    return halves_record(COR_ENTRA, type, key, attributes);
}

static inline struct cor_record *ad(const char *attributes, const char *metadata)
{
    struct cor_record *record = halves_record(COR_AD, "user", GUID, attributes);
    if (metadata)
        halves_metadata(record, metadata);
    return record;
}

/* targets as in {'id':...,'modified':[...]} */
static inline void event(struct scene *scene, const char *clock, const char *activity,
                         const char *actor, const char *targets)
{
    struct cor_event_row *row = g_new0(struct cor_event_row, 1);
    g_autofree char *time = g_strconcat(DAY, clock, "Z", NULL);
    g_autofree char *doc = g_strdup_printf(
        "{'activity':'%s','result':'success','actor':%s,'targets':[%s]}", activity, actor, targets);
    row->id = g_strdup(clock);
    row->time_us = cor_time_parse(time);
    assert_true(row->time_us > 0);
    row->doc = halves_json(doc);
    g_ptr_array_add(scene->events, row);
}

/* An "Update user" record of the object that names one property. */
static inline void update(struct scene *scene, const char *clock, const char *actor,
                          const char *property)
{
    g_autofree char *target =
        g_strdup_printf("{'id':'u1','modified':[{'property':'%s','old':['x'],'new':['y']},"
                        "{'property':'Included Updated Properties','old':null,'new':'%s'}]}",
                        property, property);
    event(scene, clock, "Update user", actor, target);
}

static inline const char *dc_name(void *data, const char *invocation)
{
    (void)data;
    return g_str_equal(invocation, "i1") ? "dc1.lab.example.test" : NULL;
}

static inline void attribute(struct scene *scene, struct cor_change *change)
{
    struct cor_attribution input = {
        .older = scene->older,
        .newer = scene->newer,
        .peer_older = scene->peer_older,
        .peer_newer = scene->peer_newer,
        .target_older = scene->target_older,
        .target_newer = scene->target_newer,
        .events = scene->events,
        .identities = &scene->identities,
        .flow = &scene->flow,
        .flow_before = scene->flow_before,
        .tenant = &scene->tenant,
        .dc_name = dc_name,
        .audit_readable = !scene->audit_unreadable,
    };
    change->seen_from_us = cor_time_parse(DAY "10:00:00Z");
    change->seen_to_us = cor_time_parse(DAY "12:00:00Z");
    cor_change_free(scene->change);
    scene->change = change;
    cor_attribute(change, &input);
}

/* Differ, take the change of one attribute (NULL: of the object) and attribute it. */
static inline void judge(struct scene *scene, const char *name)
{
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func((GDestroyNotify)cor_change_free);
    cor_diff_records(scene->older, scene->newer, TRUE, changes);
    for (guint i = 0; i < changes->len; i++) {
        struct cor_change *change = changes->pdata[i];
        if (g_strcmp0(change->attribute, name) == 0) {
            attribute(scene, g_ptr_array_steal_index(changes, i));
            return;
        }
    }
    fail_msg("no change of %s", name ? name : "the object");
}

static inline void judge_link(struct scene *scene, gboolean added, const char *kind,
                              const char *target)
{
    const struct cor_record *source = scene->newer ? scene->newer : scene->older;
    struct cor_link link = {source->directory, kind, source->key, target};
    attribute(scene, cor_diff_link(added, &link, source, NULL));
}

static inline char *evidence_kinds(const struct cor_change *change)
{
    GString *kinds = g_string_new(NULL);
    for (guint i = 0; i < change->evidence->len; i++) {
        const struct cor_evidence *one = change->evidence->pdata[i];
        assert_true(one->text && *one->text);
        assert_int_equal(cor_json_type(one->fields), COR_JSON_OBJECT);
        g_string_append_printf(kinds, "%s%s", i ? " " : "", one->kind);
    }
    return g_string_free(kinds, FALSE);
}

static inline void expect_at(const struct scene *scene, const char *verdict, const char *actor,
                             const char *evidence, int line)
{
    const struct cor_change *change = scene->change;
    g_autofree char *kinds = evidence_kinds(change);
    g_autofree char *found =
        g_strdup_printf("%s %s", cor_origin_name(change->origin), cor_grade_name(change->grade));
    if (strcmp(found, verdict) != 0 || g_strcmp0(change->actor, actor) != 0 ||
        strcmp(kinds, evidence) != 0)
        fail_msg("line %d: %s, actor %s, evidence %s", line, found,
                 change->actor ? change->actor : "none", kinds);
    assert_true(change->evidence->len > 0); /* never bare */
}
#define EXPECT(scene, verdict, actor, evidence) expect_at(scene, verdict, actor, evidence, __LINE__)

static inline void expect_when(const struct scene *scene, const char *clock)
{
    g_autofree char *text = cor_time_text(scene->change->when_us);
    g_autofree char *wanted = clock ? g_strconcat(DAY, clock, "Z", NULL) : g_strdup("");
    assert_string_equal(text, wanted);
}

#define STAMP(version, clock) "{'version':" version ",'time':'" DAY clock "Z','dsa':'i1','usn':7}"

static inline struct scene *cloud_user(const char *older, const char *newer)
{
    struct scene *s = scene_new();
    s->older = entra("user", "u1", older);
    s->newer = entra("user", "u1", newer);
    return s;
}

/* A synchronized user whose title changes, with the AD half at both points. */
static inline struct scene *synced_user(const char *ad_older, const char *stamp_older,
                                        const char *ad_newer, const char *stamp_newer)
{
    struct scene *s = cloud_user("{" SYNCED ",'jobTitle':'A'}", "{" SYNCED ",'jobTitle':'B'}");
    s->peer_older = ad(ad_older, stamp_older);
    s->peer_newer = ad(ad_newer, stamp_newer);
    return s;
}

#endif
