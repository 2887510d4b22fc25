/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One metaverse object: which inbound rules make it, which outbound rules take it to the cloud,
 * and what they write there.
 */
#include "correlate/rules/engine_private.h"

#include <string.h>

static gboolean fits_type(const char *rule_type, const char *type)
{
    return !type || strcmp(rule_type, "*") == 0 || strcmp(rule_type, type) == 0;
}

static void apply(struct cor_program_run *run, const struct cor_program_rule *rule, guint source)
{
    run->applied[rule->number] = run->stamp;
    run->holder[rule->number] = source;
}

/* The first rule that may project the object decides the type of the metaverse object. */
static const char *projects(struct cor_program_run *run, guint source, const char *type)
{
    const GPtrArray *rules = cor_run_inbound(run->sources->pdata[source], type);
    for (guint i = 0; rules && i < rules->len; i++) {
        const struct cor_program_rule *rule = rules->pdata[i];
        if (rule->rule->link == COR_RULE_PROVISION &&
            cor_run_in_scope(run, rule, COR_SIDE_SOURCE, source))
            return rule->rule->target_type;
    }
    return NULL;
}

static void apply_inbound(struct cor_program_run *run, guint source, const char *type)
{
    const GPtrArray *rules = cor_run_inbound(run->sources->pdata[source], type);
    for (guint i = 0; rules && i < rules->len; i++) {
        const struct cor_program_rule *rule = rules->pdata[i];
        if (fits_type(rule->rule->target_type, run->result.mv_type) &&
            cor_run_in_scope(run, rule, COR_SIDE_SOURCE, source))
            apply(run, rule, source);
    }
}

static void apply_outbound(struct cor_program_run *run, const char *type)
{
    const GPtrArray *rules = g_hash_table_lookup(run->engine->outbound, type);
    enum cor_program_side side = run->engine->single_leg ? COR_SIDE_SOURCE : COR_SIDE_METAVERSE;
    for (guint i = 0; rules && i < rules->len; i++) {
        const struct cor_program_rule *rule = rules->pdata[i];
        if (!cor_run_in_scope(run, rule, side, 0))
            continue;
        apply(run, rule, 0);
        if (!run->result.cloud_type &&
            (rule->rule->link == COR_RULE_PROVISION || run->engine->single_leg))
            run->result.cloud_type = rule->rule->target_type;
    }
}

static gboolean is_true(const struct cor_value *value)
{
    return (value->type == COR_VALUE_BOOL && value->number) ||
           (value->type == COR_VALUE_STRING && g_ascii_strcasecmp(value->text, "true") == 0);
}

static void leave_out(struct cor_program_run *run)
{
    const struct cor_run_source *at = run->sources->pdata[0];
    run->result.why = at->skipped
                          ? g_strdup(at->skipped)
                          : g_strdup_printf("no %s rule takes it",
                                            run->engine->single_leg ? "Cloud Sync" : "inbound");
}

static void outbound(struct cor_program_run *run)
{
    struct cor_program_result *result = &run->result;
    guint slot = cor_program_find_slot(&run->engine->metaverse, "cloudFiltered");
    if (!run->engine->single_leg)
        result->cloud_filtered = is_true(&cor_run_attribute(run, slot)->value);
    apply_outbound(run, result->mv_type);
    if (!result->cloud_type)
        return;
    g_autofree char *key = g_strconcat(result->mv_type, "\n", result->cloud_type, NULL);
    run->targets = g_hash_table_lookup(run->engine->targets, key);
}

static void single_leg(struct cor_program_run *run, const struct cor_program_object *object)
{
    const struct cor_run_source *at = run->sources->pdata[0];
    run->result.mv_type = object->type;
    if (!at->skipped)
        outbound(run);
    run->result.in_scope = run->result.cloud_type != NULL;
    if (!run->result.in_scope)
        run->result.mv_type = NULL;
}

static void two_legs(struct cor_program_run *run, const struct cor_program_object *const *objects,
                     gsize n)
{
    struct cor_program_result *result = &run->result;
    for (guint i = 0; i < n && !result->mv_type; i++)
        result->mv_type = projects(run, i, objects[i]->type);
    if (!result->mv_type)
        return;
    for (guint i = 0; i < n; i++)
        apply_inbound(run, i, objects[i]->type);
    result->in_scope = ((struct cor_run_source *)run->sources->pdata[0])->skipped == NULL;
    outbound(run);
}

static void begin(struct cor_program_run *run)
{
    cor_arena_reset(run->arena);
    g_free(run->result.why);
    run->result = (struct cor_program_result){0};
    run->targets = NULL;
    run->all_properties = FALSE;
    run->stamp++;
}

const struct cor_program_result *
cor_program_evaluate(struct cor_program_run *run, const struct cor_program_object *const *objects,
                     gsize n)
{
    begin(run);
    run->n_sources = (guint)n;
    for (guint i = 0; i < n; i++)
        cor_run_load(run, i, objects[i]);
    if (run->engine->single_leg)
        single_leg(run, objects[0]);
    else
        two_legs(run, objects, n);
    if (!run->result.in_scope)
        leave_out(run);
    return &run->result;
}

/* --- properties --------------------------------------------------------------------------- */

static const struct cor_run_attribute *first_read(struct cor_program_run *run,
                                                  const struct cor_program_flow *flow)
{
    if (flow->formula->side != COR_SIDE_METAVERSE)
        return NULL;
    for (guint i = 0; i < flow->formula->slots->len; i++) {
        const struct cor_run_attribute *attribute =
            cor_run_attribute(run, g_array_index(flow->formula->slots, guint, i));
        if (attribute->winner && !cor_value_is_null(&attribute->value))
            return attribute;
    }
    return NULL;
}

static struct cor_value resolve_list(struct cor_program_run *run, struct cor_value value)
{
    struct cor_value *items = cor_arena_alloc(run->arena, sizeof(*items) * MAX(value.len, 1));
    gsize n = 0;
    if (!items)
        return cor_value_error(run->arena, "too many references");
    for (gsize i = 0; i < value.len; i++) {
        struct cor_value item = value.items[i];
        if (item.type == COR_VALUE_DN) {
            item = cor_value_string(run->options.resolve(item.text, run->options.data));
            item.type = item.type == COR_VALUE_NULL ? COR_VALUE_NULL : COR_VALUE_DN;
        }
        if (item.type != COR_VALUE_NULL)
            items[n++] = item;
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = n, .items = items};
}

/* References leave as the cloud knows their targets; those that are not there do not leave. */
static struct cor_value resolve(struct cor_program_run *run, struct cor_value value)
{
    if (!run->options.resolve)
        return value;
    if (value.type == COR_VALUE_MULTI)
        return value.len > 0 && value.items[0].type == COR_VALUE_DN ? resolve_list(run, value)
                                                                    : value;
    if (value.type != COR_VALUE_DN)
        return value;
    struct cor_value target = cor_value_string(run->options.resolve(value.text, run->options.data));
    if (target.type != COR_VALUE_NULL)
        target.type = COR_VALUE_DN;
    return target;
}

static enum cor_program_outcome outcome_of(const struct cor_value *value)
{
    if (value->type == COR_VALUE_ERROR)
        return COR_PROGRAM_ERROR;
    return cor_value_is_null(value) ? COR_PROGRAM_REMOVE : COR_PROGRAM_VALUE;
}

static void fill(struct cor_program_run *run, const struct cor_target *target,
                 struct cor_program_property *ret)
{
    *ret = (struct cor_program_property){.name = target->name};
    struct cor_settled settled = cor_run_settle(run, target->flows, NULL, NULL);
    if (!settled.winner)
        return;
    const struct cor_run_attribute *attribute = first_read(run, settled.winner);
    ret->mapping = settled.winner->mapping;
    ret->rule = settled.winner->rule->rule;
    ret->mv_rule = attribute ? attribute->winner->rule->rule : NULL;
    ret->once = settled.winner->mapping->execute_once ||
                (attribute && attribute->winner->mapping->execute_once);
    if (ret->once && !run->options.initial)
        return;
    ret->value = resolve(run, settled.value);
    ret->outcome = outcome_of(&ret->value);
    if (ret->outcome == COR_PROGRAM_ERROR && !run->result.error)
        run->result.error = ret->value.text;
}

gboolean cor_program_property(struct cor_program_run *run, const char *name,
                              struct cor_program_property *ret)
{
    *ret = (struct cor_program_property){.name = name};
    guint at = run->targets ? GPOINTER_TO_UINT(g_hash_table_lookup(run->targets->index, name)) : 0;
    if (at == 0)
        return FALSE;
    fill(run, run->targets->targets->pdata[at - 1], ret);
    return TRUE;
}

const struct cor_program_property *cor_program_properties(struct cor_program_run *run, gsize *ret_n)
{
    *ret_n = run->targets ? run->targets->targets->len : 0;
    if (!run->all_properties) {
        g_array_set_size(run->properties, (guint)*ret_n);
        for (guint i = 0; i < *ret_n; i++)
            fill(run, run->targets->targets->pdata[i],
                 &g_array_index(run->properties, struct cor_program_property, i));
        run->all_properties = TRUE;
    }
    return (const struct cor_program_property *)(void *)run->properties->data;
}

struct cor_value cor_program_metaverse(struct cor_program_run *run, const char *attribute,
                                       const struct cor_rule **ret_rule)
{
    const struct cor_value nothing = {.type = COR_VALUE_NULL};
    gboolean single = run->engine->single_leg;
    guint slot =
        cor_program_find_slot(single ? &run->engine->source : &run->engine->metaverse, attribute);
    *ret_rule = NULL;
    if (slot == G_MAXUINT || !run->result.in_scope)
        return nothing;
    if (single)
        return cor_run_source_value(run, 0, slot);
    const struct cor_run_attribute *of = cor_run_attribute(run, slot);
    if (of->winner)
        *ret_rule = of->winner->rule->rule;
    return of->value;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *cor_program_metaverse_names(struct cor_program_run *run)
{
    GPtrArray *out = g_ptr_array_new();
    const GPtrArray *names = run->engine->metaverse.names;
    for (guint i = 0; i < names->len && run->result.in_scope && !run->engine->single_leg; i++) {
        const struct cor_value *value = &cor_run_attribute(run, i)->value;
        if (!cor_value_is_null(value) && value->type != COR_VALUE_ERROR)
            g_ptr_array_add(out, names->pdata[i]);
    }
    g_ptr_array_sort(out, by_text);
    return out;
}
