/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object of a connected directory as values by slot. Only what rules mention is looked at, and
 * a value is converted when it is first read: most of an object is not.
 */
#include "correlate/rules/engine_private.h"

#include <string.h>

static void put(struct cor_program_run *run, struct cor_run_source *at, guint slot,
                const struct cor_json *node, const struct cor_program_link *link)
{
    if (slot == G_MAXUINT || g_array_index(at->connector->hidden, guint8, slot))
        return;
    at->stamps[slot] = run->stamp;
    at->nodes[slot] = node;
    at->links[slot] = link;
}

static void put_value(struct cor_program_run *run, struct cor_run_source *at, const char *name,
                      struct cor_value value)
{
    guint slot = cor_program_find_slot(&run->engine->source, name);
    if (slot == G_MAXUINT || at->stamps[slot] == run->stamp || value.type == COR_VALUE_NULL)
        return;
    at->stamps[slot] = at->read[slot] = run->stamp;
    at->values[slot] = value;
}

static struct cor_run_source *make(const struct cor_program *engine)
{
    struct cor_run_source *at = g_new0(struct cor_run_source, 1);
    guint slots = engine->source.names->len, formulas = engine->formulas->len;
    at->stamps = g_new0(guint, slots);
    at->nodes = g_new0(const struct cor_json *, slots);
    at->links = g_new0(const struct cor_program_link *, slots);
    at->read = g_new0(guint, slots);
    at->values = g_new0(struct cor_value, slots);
    at->done = g_new0(guint, formulas);
    at->results = g_new0(struct cor_value, formulas);
    return at;
}

static const struct cor_program_connector *connector_of(const struct cor_program *engine,
                                                        const struct cor_program_object *object)
{
    for (guint i = 0; i < engine->connectors->len; i++) {
        const struct cor_program_connector *connector = engine->connectors->pdata[i];
        if (object->connector ? g_ascii_strcasecmp(connector->id, object->connector) == 0
                              : !connector->cloud)
            return connector;
    }
    return NULL;
}

void cor_run_load(struct cor_program_run *run, guint source,
                  const struct cor_program_object *object)
{
    while (run->sources->len <= source)
        g_ptr_array_add(run->sources, make(run->engine));
    struct cor_run_source *at = run->sources->pdata[source];
    at->object = object;
    at->connector = connector_of(run->engine, object);
    g_clear_pointer(&at->skipped, g_free);
    if (!at->connector) {
        at->skipped = g_strdup("the rules know no connector for its directory");
        return;
    }
    at->skipped = cor_program_not_selected(at->connector, object, &at->partition);
    if (at->skipped)
        return;
    const struct cor_json *node = cor_json_first(object->attributes);
    for (; node; node = cor_json_next(node))
        put(run, at, cor_program_find_slot(&run->engine->source, cor_json_key(node)), node, NULL);
    for (gsize i = 0; i < object->n_links; i++)
        if (object->links[i].targets[0])
            put(run, at, cor_program_find_slot(&run->engine->source, object->links[i].attribute),
                NULL, &object->links[i]);
    put_value(run, at, "dn", cor_value_string(object->dn));
    put_value(run, at, "distinguishedName", cor_value_string(object->dn));
}

static struct cor_value linked(const struct cor_program_link *link, const char *kind,
                               struct cor_arena *arena)
{
    gsize n = g_strv_length((char **)link->targets);
    struct cor_value *items = cor_arena_alloc(arena, sizeof(*items) * n);
    if (!items)
        return cor_value_error(arena, "%s has too many values", link->attribute);
    for (gsize i = 0; i < n; i++) {
        items[i] = cor_value_string(link->targets[i]);
        items[i].type = COR_VALUE_DN;
    }
    if (n == 1 && kind && !g_str_has_suffix(kind, "[]"))
        return items[0];
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = n, .items = items};
}

struct cor_value cor_run_source_value(struct cor_program_run *run, guint source, guint slot)
{
    struct cor_run_source *at = run->sources->pdata[source];
    if (at->stamps[slot] != run->stamp)
        return (struct cor_value){.type = COR_VALUE_NULL};
    if (at->read[slot] == run->stamp)
        return at->values[slot];
    const char *kind = g_array_index(at->connector->kinds, const char *, slot);
    struct cor_value value = at->links[slot]
                                 ? linked(at->links[slot], kind, run->arena)
                                 : cor_value_from_json(at->nodes[slot], kind, run->arena);
    at->read[slot] = run->stamp;
    at->values[slot] = value;
    return value;
}
