/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference between two versions of imported rules, over their JSON, so that a member this
 * file does not know is compared all the same. Rules are the same when their ids are; a standard
 * rule that an upgrade replaced has a new id and shows as removed and added.
 */
#include "agent/cli/rules_diff.h"

#include <string.h>

static void add_change(struct cor_json *changes, const char *part, const struct cor_json *old,
                       const struct cor_json *new)
{
    struct cor_json *change = cor_json_new_object();
    cor_json_add_string(change, "part", part);
    cor_json_add(change, "old", old ? cor_json_copy(old) : cor_json_new_null());
    cor_json_add(change, "new", new ? cor_json_copy(new) : cor_json_new_null());
    cor_json_append(changes, change);
}

static gboolean same(const struct cor_json *a, const struct cor_json *b)
{
    return a && b ? cor_json_equal(a, b) : a == b;
}

/* --- mappings -------------------------------------------------------------------------------- */

/* The nth mapping of a target: a rule may write one attribute more than once. */
static const struct cor_json *find_mapping(const struct cor_json *mappings, const char *target,
                                           guint nth)
{
    for (const struct cor_json *n = cor_json_first(mappings); n; n = cor_json_next(n))
        if (g_strcmp0(cor_json_get_string(n, "target"), target) == 0 && nth-- == 0)
            return n;
    return NULL;
}

static guint position(const struct cor_json *mappings, const struct cor_json *mapping)
{
    const char *target = cor_json_get_string(mapping, "target");
    guint before = 0;
    for (const struct cor_json *n = cor_json_first(mappings); n && n != mapping;
         n = cor_json_next(n))
        before += g_strcmp0(cor_json_get_string(n, "target"), target) == 0;
    return before;
}

static void compare_mappings(const struct cor_json *old, const struct cor_json *new,
                             struct cor_json *changes)
{
    for (const struct cor_json *n = cor_json_first(old); n; n = cor_json_next(n)) {
        const char *target = cor_json_get_string(n, "target");
        const struct cor_json *other = find_mapping(new, target, position(old, n));
        g_autofree char *part = g_strdup_printf("mapping %s", target);
        if (!other || !cor_json_equal(n, other))
            add_change(changes, part, n, other);
    }
    for (const struct cor_json *n = cor_json_first(new); n; n = cor_json_next(n)) {
        const char *target = cor_json_get_string(n, "target");
        g_autofree char *part = g_strdup_printf("mapping %s", target);
        if (!find_mapping(old, target, position(new, n)))
            add_change(changes, part, NULL, n);
    }
}

/* --- objects --------------------------------------------------------------------------------- */

static void compare_members(const struct cor_json *old, const struct cor_json *new,
                            struct cor_json *changes)
{
    for (const struct cor_json *n = cor_json_first(old); n; n = cor_json_next(n)) {
        const struct cor_json *other = cor_json_get(new, cor_json_key(n));
        if (strcmp(cor_json_key(n), "mappings") == 0)
            compare_mappings(n, other, changes);
        else if (!same(n, other))
            add_change(changes, cor_json_key(n), n, other);
    }
    for (const struct cor_json *n = cor_json_first(new); n; n = cor_json_next(n))
        if (!cor_json_get(old, cor_json_key(n)))
            add_change(changes, cor_json_key(n), NULL, n);
}

static void add_item(struct cor_json *items, const char *kind, const char *what, const char *id,
                     const char *name, struct cor_json *changes_taken)
{
    struct cor_json *item = cor_json_new_object();
    cor_json_add_string(item, "kind", kind);
    cor_json_add_string(item, "what", what);
    cor_json_add_string(item, "id", id);
    cor_json_add_string(item, "name", name);
    cor_json_add(item, "changes", changes_taken ? changes_taken : cor_json_new_array());
    cor_json_append(items, item);
}

static const struct cor_json *find_id(const struct cor_json *list, const char *id)
{
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n))
        if (g_strcmp0(cor_json_get_string(n, "id"), id) == 0)
            return n;
    return NULL;
}

static void compare_lists(const struct cor_json *old, const struct cor_json *new, const char *what,
                          struct cor_json *items)
{
    for (const struct cor_json *n = cor_json_first(old); n; n = cor_json_next(n)) {
        const char *id = cor_json_get_string(n, "id"), *name = cor_json_get_string(n, "name");
        const struct cor_json *other = find_id(new, id);
        if (!other) {
            add_item(items, "removed", what, id, name, NULL);
            continue;
        }
        COR_JSON_AUTO *changes = cor_json_new_array();
        compare_members(n, other, changes);
        if (cor_json_size(changes))
            add_item(items, "changed", what, id, name, g_steal_pointer(&changes));
    }
    for (const struct cor_json *n = cor_json_first(new); n; n = cor_json_next(n)) {
        const char *id = cor_json_get_string(n, "id");
        if (!find_id(old, id))
            add_item(items, "added", what, id, cor_json_get_string(n, "name"), NULL);
    }
}

/* A table of names to values becomes one item. */
static void compare_table(const struct cor_json *older, const struct cor_json *newer,
                          const char *member, struct cor_json *items)
{
    COR_JSON_AUTO *changes = cor_json_new_array();
    compare_members(cor_json_get(older, member), cor_json_get(newer, member), changes);
    if (cor_json_size(changes))
        add_item(items, "changed", member, member, member, g_steal_pointer(&changes));
}

struct cor_json *rules_diff(const struct cor_json *older, const struct cor_json *newer)
{
    struct cor_json *items = cor_json_new_array();
    compare_lists(cor_json_get(older, "rules"), cor_json_get(newer, "rules"), "rule", items);
    compare_lists(cor_json_get(older, "connectors"), cor_json_get(newer, "connectors"), "connector",
                  items);
    compare_table(older, newer, "options", items);
    compare_table(older, newer, "metaverse", items);
    compare_table(older, newer, "extra", items);
    return items;
}
