/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed in one object. Coming and going is one change, not one per attribute; an object that
 * stays is compared attribute by attribute with the traits of semantic_table.c. Invariant: nothing
 * is concluded from the absence of an object in a half that was not read completely.
 */
#include "correlate/diff.h"

#include "correlate/semantic.h"

#include <string.h>

static struct cor_change *change_of(enum cor_change_kind kind, const struct cor_record *record)
{
    struct cor_change *change = cor_change_new(kind);
    cor_object_ref_set(&change->object, record);
    return change;
}

/* TRUE when the object came, went or stayed away, so that its attributes are not compared. */
static gboolean compare_life(const struct cor_record *older, const struct cor_record *newer,
                             gboolean newer_complete, GPtrArray *changes)
{
    gboolean was = older && older->life == COR_LIVE, is = newer && newer->life == COR_LIVE;
    if (was && is)
        return FALSE;
    if (is)
        g_ptr_array_add(changes, change_of(older ? COR_CHANGE_RESTORED : COR_CHANGE_ADDED, newer));
    else if (newer && (was || !older))
        g_ptr_array_add(changes, change_of(COR_CHANGE_DELETED, newer));
    else if (!newer && older && newer_complete)
        g_ptr_array_add(changes, change_of(COR_CHANGE_REMOVED, older));
    return TRUE;
}

static void add_modified(const struct cor_record *newer, const char *attribute,
                         const struct cor_json *old_value, const struct cor_json *new_value,
                         GPtrArray *changes)
{
    gboolean moved = newer->directory == COR_AD && g_str_equal(attribute, "distinguishedName");
    struct cor_change *change = change_of(moved ? COR_CHANGE_MOVED : COR_CHANGE_MODIFIED, newer);
    change->attribute = g_strdup(attribute);
    change->old_value = cor_json_copy(old_value);
    change->new_value = cor_json_copy(new_value);
    g_ptr_array_add(changes, change);
}

/* Entra containers that are compared member by member. */
#define EXTENSIONS "onPremisesExtensionAttributes"
#define BEHAVIOR   "onPremisesSyncBehavior"

struct comparison {
    const struct cor_record *older, *newer;
    gboolean moved;
    GPtrArray *changes;
};

static void compare_members(struct comparison *comparison, const char *attribute, guint traits)
{
    const struct cor_json *a = cor_record_get(comparison->older, attribute);
    const struct cor_json *b = cor_record_get(comparison->newer, attribute);
    for (int pass = 0; pass < 2; pass++)
        for (const struct cor_json *n = cor_json_first(pass ? b : a); n; n = cor_json_next(n)) {
            const char *key = cor_json_key(n);
            if (!key || *key == '@' || (pass && cor_json_get(a, key)))
                continue;
            const struct cor_json *old_value = cor_json_get(a, key),
                                  *new_value = cor_json_get(b, key);
            g_autofree char *path = g_strconcat(attribute, ".", key, NULL);
            if (!cor_value_equal(traits, old_value, new_value))
                add_modified(comparison->newer, path, old_value, new_value, comparison->changes);
        }
}

enum managed { NOT_READ, ON_PREMISES, IN_CLOUD };

/* isCloudManaged; a synchronized object has it false by definition (Microsoft: source of authority
 * overview), otherwise absence means that it was not readable, which is no value. */
static enum managed managed_by(const struct cor_record *record)
{
    const struct cor_json *behavior = cor_record_get(record, BEHAVIOR);
    if (behavior)
        return cor_json_get_bool(behavior, "isCloudManaged") ? IN_CLOUD : ON_PREMISES;
    return cor_json_bool(cor_record_get(record, "onPremisesSyncEnabled")) ? ON_PREMISES : NOT_READ;
}

static void compare_behavior(struct comparison *comparison)
{
    enum managed older = managed_by(comparison->older), newer = managed_by(comparison->newer);
    if (older == NOT_READ || newer == NOT_READ || older == newer)
        return;
    COR_JSON_AUTO *was = cor_json_new_bool(older == IN_CLOUD);
    COR_JSON_AUTO *is = cor_json_new_bool(newer == IN_CLOUD);
    add_modified(comparison->newer, BEHAVIOR ".isCloudManaged", was, is, comparison->changes);
}

/* TRUE when the attribute was dealt with as a container. */
static gboolean compare_container(struct comparison *comparison, const char *attribute,
                                  guint traits)
{
    if (comparison->newer->directory != COR_ENTRA)
        return FALSE;
    if (g_str_equal(attribute, EXTENSIONS))
        compare_members(comparison, attribute, traits);
    else if (g_str_equal(attribute, BEHAVIOR))
        compare_behavior(comparison);
    else
        return FALSE;
    return TRUE;
}

/* The RDN attribute changes with the name of the object, which the move tells already. */
static gboolean is_rdn_of(const struct cor_record *record, const char *attribute)
{
    const char *dn = cor_record_text(record, "distinguishedName");
    gsize len = strlen(attribute);
    return record->directory == COR_AD && dn && g_ascii_strncasecmp(dn, attribute, len) == 0 &&
           dn[len] == '=';
}

static void compare_attribute(struct comparison *comparison, const char *attribute)
{
    const struct cor_record *newer = comparison->newer;
    const struct cor_json *old_value = cor_record_get(comparison->older, attribute);
    const struct cor_json *new_value = cor_record_get(newer, attribute);
    guint traits = cor_traits(newer->directory, newer->type, attribute);
    if (*attribute == '@' || (traits & COR_TRAIT_VOLATILE))
        return;
    if (compare_container(comparison, attribute, traits) ||
        cor_value_equal(traits, old_value, new_value))
        return;
    if (comparison->moved && is_rdn_of(newer, attribute))
        return;
    add_modified(newer, attribute, old_value, new_value, comparison->changes);
}

void cor_diff_records(const struct cor_record *older, const struct cor_record *newer,
                      gboolean newer_complete, GPtrArray *changes)
{
    if (compare_life(older, newer, newer_complete, changes))
        return;
    guint dn_traits = cor_traits(newer->directory, newer->type, "distinguishedName");
    struct comparison comparison = {
        .older = older,
        .newer = newer,
        .moved = !cor_value_equal(dn_traits, cor_record_get(older, "distinguishedName"),
                                  cor_record_get(newer, "distinguishedName")),
        .changes = changes,
    };
    for (const struct cor_json *n = cor_json_first(older->attributes); n; n = cor_json_next(n))
        compare_attribute(&comparison, cor_json_key(n));
    for (const struct cor_json *n = cor_json_first(newer->attributes); n; n = cor_json_next(n))
        if (!cor_record_get(older, cor_json_key(n)))
            compare_attribute(&comparison, cor_json_key(n));
}

struct cor_change *cor_diff_link(gboolean added, const struct cor_link *link,
                                 const struct cor_record *source, const struct cor_record *target)
{
    struct cor_change *change = cor_change_new(added ? COR_CHANGE_LINKED : COR_CHANGE_UNLINKED);
    if (source) {
        cor_object_ref_set(&change->object, source);
    } else {
        change->object.directory = link->directory;
        change->object.key = g_strdup(link->source_key);
    }
    change->attribute = g_strdup(link->kind);
    change->link_target = g_strdup(link->target_key);
    struct cor_json *name =
        cor_json_new_string(target && target->name ? target->name : link->target_key);
    if (added)
        change->new_value = name;
    else
        change->old_value = name;
    return change;
}
