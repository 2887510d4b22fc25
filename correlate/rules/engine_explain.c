/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain behind a property, built when somebody asks: who competed for it, and for each
 * metaverse attribute that a formula reads, who competed for that.
 */
#include "correlate/rules/engine_private.h"

const char *cor_program_fate_name(enum cor_program_fate fate)
{
    static const char *const names[] = {
        [COR_PROGRAM_WON] = "won",         [COR_PROGRAM_MERGED] = "merged",
        [COR_PROGRAM_LOST] = "lost",       [COR_PROGRAM_NO_VALUE] = "no value",
        [COR_PROGRAM_IGNORED] = "ignored", [COR_PROGRAM_BLOCKED] = "authoritative null",
        [COR_PROGRAM_FAILED] = "error",    [COR_PROGRAM_OUT_OF_SCOPE] = "out of scope",
    };
    return names[fate];
}

static void free_source(void *data)
{
    struct cor_program_source *source = data;
    g_clear_pointer(&source->steps, g_ptr_array_unref);
    g_free(source);
}

static void free_step(void *data)
{
    struct cor_program_step *step = data;
    g_ptr_array_unref(step->sources);
    g_free(step->why);
    g_free(step);
}

struct telling {
    struct cor_program_run *run;
    GPtrArray *steps;
    enum cor_program_side side; /* of what the flows read */
};

static GPtrArray *compete(struct cor_program_run *run, const GPtrArray *flows);

static void add_source(struct telling *telling, struct cor_program_step *step, guint holder,
                       guint slot)
{
    const struct cor_program *engine = telling->run->engine;
    struct cor_program_source *source = g_new0(struct cor_program_source, 1);
    gboolean metaverse = telling->side == COR_SIDE_METAVERSE;
    const struct cor_program_names *names = metaverse ? &engine->metaverse : &engine->source;
    source->attribute = names->names->pdata[slot];
    source->value = cor_run_side_value(telling->run, telling->side, holder, slot);
    if (metaverse && engine->mv_flows->pdata[slot])
        source->steps = compete(telling->run, engine->mv_flows->pdata[slot]);
    else if (metaverse)
        source->steps = g_ptr_array_new_with_free_func(free_step);
    g_ptr_array_add(step->sources, source);
}

static char *other_type(const struct cor_program_rule *rule)
{
    return g_strdup_printf("it is for %s objects of %s", rule->rule->source_type,
                           rule->connector->of && rule->connector->of->name
                               ? rule->connector->of->name
                               : rule->connector->id);
}

/* Which object an inbound rule out of scope would have read. */
static char *why_not(struct cor_program_run *run, const struct cor_program_rule *rule)
{
    if (rule->never)
        return g_strdup("no object can come into its scope");
    if (rule->rule->direction == COR_RULE_OUTBOUND && !run->engine->single_leg)
        return cor_run_scope_why(run, rule, COR_SIDE_METAVERSE, 0);
    for (guint i = 0; i < run->n_sources; i++) {
        const struct cor_run_source *at = run->sources->pdata[i];
        if (at->skipped || at->connector != rule->connector ||
            g_strcmp0(at->object->type, rule->rule->source_type) != 0)
            continue;
        if (cor_run_in_scope(run, rule, COR_SIDE_SOURCE, i))
            return g_strdup_printf("it makes objects of type %s", rule->rule->target_type);
        return cor_run_scope_why(run, rule, COR_SIDE_SOURCE, i);
    }
    return other_type(rule);
}

static char *why(struct cor_program_run *run, const struct cor_program_flow *flow,
                 enum cor_program_fate fate, const struct cor_value *value,
                 const struct cor_program_flow *winner)
{
    switch (fate) {
    case COR_PROGRAM_LOST:
        return g_strdup_printf("%s has precedence", winner->rule->rule->name);
    case COR_PROGRAM_FAILED:
        return g_strndup(value->text, value->len);
    case COR_PROGRAM_NO_VALUE:
        return g_strdup("it has nothing to contribute; the next rule may");
    case COR_PROGRAM_IGNORED:
        return g_strdup("it ends in IgnoreThisFlow");
    case COR_PROGRAM_BLOCKED:
        return g_strdup("it ends in AuthoritativeNull; no other rule may contribute");
    case COR_PROGRAM_OUT_OF_SCOPE:
        return why_not(run, flow->rule);
    default:
        return g_strdup(fate == COR_PROGRAM_MERGED ? "its values are added"
                                                   : "the highest precedence with a value");
    }
}

static void tell(const struct cor_program_flow *flow, enum cor_program_fate fate,
                 struct cor_value value, const struct cor_program_flow *winner, void *data)
{
    struct telling *telling = data;
    struct cor_program_run *run = telling->run;
    struct cor_program_step *step = g_new0(struct cor_program_step, 1);
    guint holder = run->holder[flow->rule->number];
    step->rule = flow->rule->rule;
    step->mapping = flow->mapping;
    step->fate = fate;
    step->value = value;
    step->why = why(run, flow, fate, &value, winner);
    step->sources = g_ptr_array_new_with_free_func(free_source);
    telling->side = flow->formula->side;
    if (fate != COR_PROGRAM_OUT_OF_SCOPE) {
        if (telling->side == COR_SIDE_SOURCE)
            step->object = ((struct cor_run_source *)run->sources->pdata[holder])->object;
        for (guint i = 0; i < flow->formula->slots->len; i++)
            add_source(telling, step, holder, g_array_index(flow->formula->slots, guint, i));
    }
    g_ptr_array_add(telling->steps, step);
}

static GPtrArray *compete(struct cor_program_run *run, const GPtrArray *flows)
{
    struct telling telling = {.run = run, .steps = g_ptr_array_new_with_free_func(free_step)};
    cor_run_settle(run, flows, tell, &telling);
    return telling.steps;
}

GPtrArray *cor_program_explain(struct cor_program_run *run, const char *property)
{
    guint at =
        run->targets ? GPOINTER_TO_UINT(g_hash_table_lookup(run->targets->index, property)) : 0;
    if (at == 0)
        return g_ptr_array_new_with_free_func(free_step);
    return compete(run, ((struct cor_target *)run->targets->targets->pdata[at - 1])->flows);
}

GPtrArray *cor_program_explain_provisioning(struct cor_program_run *run)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(free_step);
    const char *type = run->result.mv_type;
    const GPtrArray *rules = type ? g_hash_table_lookup(run->engine->outbound, type) : NULL;
    for (guint i = 0; rules && i < rules->len; i++) {
        const struct cor_program_rule *rule = rules->pdata[i];
        if (rule->rule->link != COR_RULE_PROVISION)
            continue;
        struct cor_program_step *step = g_new0(struct cor_program_step, 1);
        gboolean in = cor_run_applies(run, rule);
        step->rule = rule->rule;
        step->fate = in ? COR_PROGRAM_WON : COR_PROGRAM_OUT_OF_SCOPE;
        step->why = in ? g_strdup("its scope holds") : why_not(run, rule);
        step->sources = g_ptr_array_new_with_free_func(free_source);
        g_ptr_array_add(steps, step);
    }
    return steps;
}
