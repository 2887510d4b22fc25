/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links that came and went, or went and came back, between two backup points. Only the metadata of
 * single links tells of them: the version counts every addition and removal, and the times are
 * those of the last of each. Whatever happened before that is a number without values.
 */
#include "correlate/diff.h"

#include "correlate/time.h"

struct trace {
    gboolean known, present;
    gint64 version, created_us, deleted_us, changed_us;
};

static struct trace trace_of(const struct cor_json *node)
{
    struct trace trace = {.known = cor_json_int(cor_json_get(node, "version"), &trace.version)};
    trace.created_us = cor_time_parse(cor_json_get_string(node, "created"));
    trace.deleted_us = cor_time_parse(cor_json_get_string(node, "deleted"));
    trace.changed_us = cor_time_parse(cor_json_get_string(node, "time"));
    trace.present = trace.known && !trace.deleted_us;
    return trace;
}

/* Without an older trace the link is new only if it was created after the older point. */
static gboolean is_unseen_pair(const struct trace *before, const struct trace *after,
                               gint64 from_us)
{
    if (!after->known)
        return FALSE;
    if (!before->known)
        return !after->present && after->created_us > from_us;
    return before->present == after->present && after->version >= before->version + 2;
}

static void add(const struct cor_record *record, const char *attribute, const char *target,
                gboolean added, gboolean present, gint64 when_us, GPtrArray *changes)
{
    struct cor_change *change = cor_change_new(added ? COR_CHANGE_LINKED : COR_CHANGE_UNLINKED);
    cor_object_ref_set(&change->object, record);
    change->attribute = g_strdup(attribute);
    change->when_us = when_us;
    if (added)
        change->new_value = cor_json_new_string(target);
    else
        change->old_value = cor_json_new_string(target);
    g_ptr_array_add(change->evidence,
                    cor_evidence_new(COR_EVIDENCE_METADATA_ONLY, NULL,
                                     "seen in replication metadata alone: the link was %s and %s "
                                     "between the two backup points, which show it unchanged",
                                     present ? "removed" : "added",
                                     present ? "added again" : "removed"));
    g_ptr_array_add(changes, change);
}

static void add_pair(const struct cor_record *newer, const char *attribute, const char *target,
                     const struct trace *after, gint64 from_us, GPtrArray *changes)
{
    gint64 created_us = after->created_us > from_us ? after->created_us : 0;
    if (after->present) { /* the time of the removal was overwritten when it came back */
        add(newer, attribute, target, FALSE, TRUE, 0, changes);
        add(newer, attribute, target, TRUE, TRUE, after->changed_us, changes);
    } else {
        add(newer, attribute, target, TRUE, FALSE, created_us, changes);
        add(newer, attribute, target, FALSE, FALSE, after->deleted_us, changes);
    }
}

void cor_diff_unseen_links(const struct cor_record *older, const struct cor_record *newer,
                           gint64 from_us, GPtrArray *changes)
{
    if (!older || !newer || older->life != COR_LIVE || newer->life != COR_LIVE)
        return;
    for (const struct cor_json *kind = cor_json_first(newer->metadata); kind;
         kind = cor_json_next(kind)) {
        const struct cor_json *values = cor_json_get(kind, "values");
        const char *attribute = values ? cor_json_key(kind) : NULL;
        const struct cor_json *past =
            attribute ? cor_json_get(cor_json_get(older->metadata, attribute), "values") : NULL;
        for (const struct cor_json *n = cor_json_first(values); n; n = cor_json_next(n)) {
            struct trace after = trace_of(n);
            if (after.changed_us && after.changed_us <= from_us)
                continue;
            struct trace before = trace_of(cor_json_get(past, cor_json_key(n)));
            if (is_unseen_pair(&before, &after, from_us))
                add_pair(newer, attribute, cor_json_key(n), &after, from_us, changes);
        }
    }
}
