/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change and its evidence as data, with the words of the machine contract. Nothing is decided
 * here; a change owns everything it points to.
 */
#include "correlate/change.h"

#include "correlate/identity.h"

const char *cor_change_kind_name(enum cor_change_kind kind)
{
    static const char *const names[] = {"added",    "removed", "deleted", "restored",
                                        "modified", "moved",   "linked",  "unlinked"};
    return names[kind];
}

const char *cor_origin_name(enum cor_origin origin)
{
    static const char *const names[] = {"unknown", "onprem", "cloud", "sync"};
    return names[origin];
}

const char *cor_grade_name(enum cor_grade grade)
{
    static const char *const names[] = {"absent", "derived", "masked", "measured", "contradicted"};
    return names[grade];
}

struct cor_evidence *cor_evidence_new(const char *kind, struct cor_json *fields, const char *format,
                                      ...)
{
    struct cor_evidence *evidence = g_new0(struct cor_evidence, 1);
    evidence->kind = g_strdup(kind);
    evidence->fields = fields ? fields : cor_json_new_object();
    va_list arguments;
    va_start(arguments, format);
    evidence->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return evidence;
}

void cor_evidence_free(struct cor_evidence *evidence)
{
    if (!evidence)
        return;
    g_free(evidence->kind);
    g_free(evidence->text);
    cor_json_free(evidence->fields);
    g_free(evidence);
}

void cor_object_ref_clear(struct cor_object_ref *ref)
{
    g_clear_pointer(&ref->type, g_free);
    g_clear_pointer(&ref->key, g_free);
    g_clear_pointer(&ref->anchor, g_free);
    g_clear_pointer(&ref->name, g_free);
}

void cor_object_ref_set(struct cor_object_ref *ref, const struct cor_record *record)
{
    cor_object_ref_clear(ref);
    ref->directory = record->directory;
    ref->type = g_strdup(record->type);
    ref->key = g_strdup(record->key);
    ref->name = g_strdup(record->name);
    ref->anchor = record->directory == COR_AD
                      ? cor_anchor_of(record)
                      : g_strdup(cor_record_text(record, "onPremisesImmutableId"));
}

struct cor_change *cor_change_new(enum cor_change_kind kind)
{
    struct cor_change *change = g_new0(struct cor_change, 1);
    change->kind = kind;
    change->evidence = g_ptr_array_new_with_free_func((GDestroyNotify)cor_evidence_free);
    return change;
}

void cor_change_free(struct cor_change *change)
{
    if (!change)
        return;
    cor_object_ref_clear(&change->object);
    cor_object_ref_clear(&change->peer);
    g_free(change->attribute);
    cor_json_free(change->old_value);
    cor_json_free(change->new_value);
    g_free(change->link_target);
    g_free(change->actor);
    g_ptr_array_unref(change->evidence);
    g_free(change);
}
