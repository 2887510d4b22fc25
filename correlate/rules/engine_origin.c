/* SPDX-License-Identifier: Apache-2.0 */
/* Which directory attributes are behind a property, by the rules alone, without an object. */
#include "correlate/rules/engine_private.h"

static void note(const struct cor_program *program, const struct cor_formula *formula,
                 struct cor_program_origin *ret)
{
    for (guint i = 0; i < formula->slots->len; i++) {
        char *name = program->source.names->pdata[g_array_index(formula->slots, guint, i)];
        if (!g_ptr_array_find(ret->attributes, name, NULL))
            g_ptr_array_add(ret->attributes, name);
    }
}

static void note_inbound(const struct cor_program *program, const GPtrArray *flows,
                         struct cor_program_origin *ret)
{
    for (guint i = 0; flows && i < flows->len; i++) {
        const struct cor_program_flow *flow = flows->pdata[i];
        if (flow->rule->connector->cloud)
            continue;
        if (!ret->rule)
            ret->rule = flow->rule->rule->name;
        ret->direct = ret->direct && flow->formula->kind == COR_FORMULA_DIRECT;
        ret->once = ret->once || flow->mapping->execute_once;
        note(program, flow->formula, ret);
    }
}

static const struct cor_program_flow *first_flow(const struct cor_program *program,
                                                 const char *cloud_type, const char *name)
{
    const struct cor_program_flow *first = NULL;
    for (guint i = 0; i < program->flows->len; i++) {
        const struct cor_program_flow *flow = program->flows->pdata[i];
        gboolean outbound = program->single_leg || flow->rule->rule->direction == COR_RULE_OUTBOUND;
        if (!first && outbound && !flow->rule->never &&
            g_str_equal(flow->rule->rule->target_type, cloud_type) &&
            g_str_equal(flow->mapping->target, name))
            first = flow;
    }
    return first;
}

gboolean cor_program_origin(const struct cor_program *program, const char *cloud_type,
                            const char *name, struct cor_program_origin *ret)
{
    const struct cor_program_flow *flow = first_flow(program, cloud_type, name);
    *ret = (struct cor_program_origin){.attributes = g_ptr_array_new()};
    if (flow) {
        ret->direct = flow->formula->kind == COR_FORMULA_DIRECT;
        ret->once = flow->mapping->execute_once;
        if (flow->formula->side == COR_SIDE_SOURCE)
            note(program, flow->formula, ret);
        for (guint i = 0;
             flow->formula->side == COR_SIDE_METAVERSE && i < flow->formula->slots->len; i++)
            note_inbound(program,
                         program->mv_flows->pdata[g_array_index(flow->formula->slots, guint, i)],
                         ret);
        if (!ret->rule)
            ret->rule = flow->rule->rule->name;
    }
    g_ptr_array_add(ret->attributes, NULL);
    return flow != NULL;
}
