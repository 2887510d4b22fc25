/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules explain: what the tenant's rules make of one AD object, and for a property the chain that
 * leads there: which outbound rule writes it, from which metaverse attribute, which inbound rule
 * filled that, from which AD attributes, and why the other rules did not.
 */
#include "agent/cli/cmd_rules_parts.h"

#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "agent/ruled.h"
#include "correlate/rules/names.h"

#include <stdio.h>

struct explaining {
    struct cli *cli;
    struct output output;
    struct cor_program_run *run;
    const struct pair *pair;
    const char *cloud_type;
    guint64 printed;
};

static const char *outcome_word(enum cor_program_outcome outcome)
{
    static const char *const words[] = {[COR_PROGRAM_LEAVE] = "leave",
                                        [COR_PROGRAM_VALUE] = "value",
                                        [COR_PROGRAM_REMOVE] = "remove",
                                        [COR_PROGRAM_ERROR] = "error"};
    return words[outcome];
}

static const char *graph_name(const struct explaining *explaining, const char *property)
{
    const struct cor_name *row = cor_name_of_cs(explaining->cloud_type, property);
    return row ? row->graph : NULL;
}

static const char *formula(const struct cor_rule_mapping *mapping)
{
    if (mapping->expression)
        return mapping->expression;
    if (mapping->constant)
        return mapping->constant;
    return mapping->sources->len ? mapping->sources->pdata[0] : "";
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct cor_json *steps_json(const GPtrArray *steps);

static struct cor_json *source_json(const struct cor_program_source *source)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "attribute", source->attribute);
    struct cor_json *value = cor_value_to_json(&source->value);
    cor_json_add(json, "value", value ? value : cor_json_new_null());
    cor_json_add(json, "from", source->steps ? steps_json(source->steps) : cor_json_new_null());
    return json;
}

static struct cor_json *step_json(const struct cor_program_step *step)
{
    struct cor_json *json = cor_json_new_object();
    struct cor_json *value = cor_value_to_json(&step->value);
    struct cor_json *sources = cor_json_new_array();
    cor_json_add_string(json, "rule", step->rule->name);
    cor_json_add_string(json, "id", step->rule->id);
    cor_json_add_int(json, "precedence", step->rule->precedence);
    cor_json_add(json, "formula",
                 step->mapping ? cor_json_new_string(formula(step->mapping)) : cor_json_new_null());
    cor_json_add_string(json, "fate", cor_program_fate_name(step->fate));
    cor_json_add(json, "value", value ? value : cor_json_new_null());
    cor_json_add(json, "why", output_text(step->why));
    for (guint i = 0; step->sources && i < step->sources->len; i++)
        cor_json_append(sources, source_json(step->sources->pdata[i]));
    cor_json_add(json, "sources", sources);
    return json;
}

static struct cor_json *steps_json(const GPtrArray *steps)
{
    struct cor_json *list = cor_json_new_array();
    for (guint i = 0; i < steps->len; i++)
        cor_json_append(list, step_json(steps->pdata[i]));
    return list;
}

static void give_json(struct explaining *explaining, const struct cor_program_property *property,
                      const GPtrArray *chain)
{
    struct cor_object_ref object = {0}, peer = {0};
    cor_object_ref_set(&object, explaining->pair->ad);
    if (explaining->pair->entra)
        cor_object_ref_set(&peer, explaining->pair->entra);
    struct cor_json *item = output_object(&object, peer.key ? &peer : NULL);
    struct cor_json *value = cor_value_to_json(&property->value);
    cor_json_add_string(item, "property", property->name);
    cor_json_add(item, "attribute", output_text(graph_name(explaining, property->name)));
    cor_json_add_string(item, "outcome", outcome_word(property->outcome));
    cor_json_add(item, "value", value ? value : cor_json_new_null());
    cor_json_add(item, "rule", output_text(property->rule ? property->rule->name : NULL));
    cor_json_add(item, "chain", steps_json(chain));
    output_item(&explaining->output, item);
    cor_object_ref_clear(&object);
    cor_object_ref_clear(&peer);
}

/* --- text ------------------------------------------------------------------------------------- */

static enum text_style fate_style(enum cor_program_fate fate)
{
    if (fate == COR_PROGRAM_WON || fate == COR_PROGRAM_MERGED)
        return TEXT_GOOD;
    return fate == COR_PROGRAM_FAILED ? TEXT_BAD : TEXT_DIM;
}

static void print_steps(const struct cli *cli, const GPtrArray *steps, guint depth);

static void print_source(const struct cli *cli, const struct cor_program_source *source,
                         guint depth)
{
    struct cor_json *json = cor_value_to_json(&source->value);
    g_autofree char *value = common_value(json);
    printf("%*s%s = %s\n", (int)depth * 4, "", source->attribute, value);
    cor_json_free(json);
    if (source->steps)
        print_steps(cli, source->steps, depth + 1);
}

static void print_step(const struct cli *cli, const struct cor_program_step *step, guint depth)
{
    g_autofree char *text = step->mapping ? text_clean(formula(step->mapping), 200) : g_strdup("");
    text_print(cli, fate_style(step->fate), "%*s%-12s", (int)depth * 4, "",
               cor_program_fate_name(step->fate));
    printf(" %s (%" G_GINT64_FORMAT ")%s%s\n", step->rule->name, step->rule->precedence,
           *text ? ": " : "", text);
    if (step->why && *step->why) {
        g_autofree char *why = text_clean(step->why, 300);
        text_wrap(cli, TEXT_DIM, depth * 4 + 13, why);
    }
    if (step->fate == COR_PROGRAM_LOST)
        return; /* what it would have given changes nothing */
    for (guint i = 0; step->sources && i < step->sources->len; i++)
        print_source(cli, step->sources->pdata[i], depth + 1);
}

/* Rules that were not in scope are many and say little: they are counted, unless nothing else is.
 */
static void print_steps(const struct cli *cli, const GPtrArray *steps, guint depth)
{
    guint outside = 0;
    for (guint i = 0; i < steps->len; i++)
        outside += ((struct cor_program_step *)steps->pdata[i])->fate == COR_PROGRAM_OUT_OF_SCOPE;
    gboolean all = outside == steps->len;
    for (guint i = 0; i < steps->len; i++) {
        const struct cor_program_step *step = steps->pdata[i];
        if (all || step->fate != COR_PROGRAM_OUT_OF_SCOPE)
            print_step(cli, step, depth);
    }
    if (outside && !all)
        text_print(cli, TEXT_DIM, "%*s%u more rule%s not in scope\n", (int)depth * 4, "", outside,
                   outside == 1 ? "" : "s");
}

static char *property_line(const struct explaining *explaining,
                           const struct cor_program_property *property)
{
    struct cor_json *json = cor_value_to_json(&property->value);
    g_autofree char *value = common_value(json);
    const char *graph = graph_name(explaining, property->name);
    cor_json_free(json);
    return g_strdup_printf("%s%s%s%s: %s%s%s", property->name, graph ? " (Graph " : "",
                           graph ? graph : "", graph ? ")" : "", outcome_word(property->outcome),
                           property->outcome == COR_PROGRAM_VALUE ? " " : "",
                           property->outcome == COR_PROGRAM_VALUE ? value : "");
}

static void give(struct explaining *explaining, const struct cor_program_property *property,
                 gboolean in_full)
{
    g_autoptr(GPtrArray) chain = in_full || explaining->cli->json
                                     ? cor_program_explain(explaining->run, property->name)
                                     : NULL;
    explaining->printed++;
    if (explaining->cli->json) {
        give_json(explaining, property, chain);
        return;
    }
    g_autofree char *line = property_line(explaining, property);
    text_print(explaining->cli, in_full ? TEXT_BOLD : TEXT_PLAIN, "  %s", line);
    text_print(explaining->cli, TEXT_DIM, "  [%s]\n",
               property->rule ? property->rule->name : "no rule");
    if (in_full)
        print_steps(explaining->cli, chain, 1);
}

/* --- the object ------------------------------------------------------------------------------- */

static void print_head(const struct explaining *explaining, const struct point *point,
                       const struct cor_program_result *result)
{
    const struct cli *cli = explaining->cli;
    struct cor_object_ref object = {0};
    cor_object_ref_set(&object, explaining->pair->ad);
    g_autofree char *name = common_object(&object);
    text_print(cli, TEXT_BOLD, "%s\n", name);
    text_print(cli, TEXT_DIM, "%s, backup point %" G_GINT64_FORMAT "\n", point->flow.rules_name,
               point->info->number);
    if (!result->in_scope)
        text_print(cli, TEXT_WARN, "Not in scope: %s.\n", result->why ? result->why : "no rule");
    else if (result->cloud_filtered)
        text_print(cli, TEXT_WARN, "Filtered from the cloud (cloudFiltered).\n");
    else if (!result->cloud_type)
        text_print(cli, TEXT_WARN, "No outbound rule provisions it.\n");
    else
        text_print(cli, TEXT_GOOD, "Synchronized as a %s.\n", result->cloud_type);
    if (result->error)
        text_print(cli, TEXT_BAD, "The rules end in an error: %s\n", result->error);
    cor_object_ref_clear(&object);
}

/* By the connector's name or by Graph's. */
static gboolean is_wanted(const struct explaining *explaining, const char *name, const char *wanted)
{
    const char *graph = graph_name(explaining, name);
    return !wanted || g_ascii_strcasecmp(name, wanted) == 0 ||
           (graph && g_ascii_strcasecmp(graph, wanted) == 0);
}

static void print_provisioning(const struct explaining *explaining)
{
    g_autoptr(GPtrArray) steps = cor_program_explain_provisioning(explaining->run);
    print_steps(explaining->cli, steps, 1);
}

static int tell(struct explaining *explaining, const struct point *point, const char *wanted,
                GError **error)
{
    struct ruled ruled;
    gsize n = 0;
    if (!ruled_read(point->view, explaining->pair->ad, &ruled, error))
        return -1;
    const struct cor_program_object *one = &ruled.object;
    const struct cor_program_result *result = cor_program_evaluate(explaining->run, &one, 1);
    explaining->cloud_type = result->cloud_type;
    const struct cor_program_property *properties = cor_program_properties(explaining->run, &n);
    if (!explaining->cli->json)
        print_head(explaining, point, result);
    if (!explaining->cli->json && result->in_scope && !result->cloud_type)
        print_provisioning(explaining);
    for (gsize i = 0; i < n; i++)
        if (is_wanted(explaining, properties[i].name, wanted))
            give(explaining, &properties[i], wanted != NULL);
    ruled_clear(&ruled);
    if (explaining->printed || !wanted)
        return CLI_DONE;
    g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND, "no rule writes \"%s\" of this object",
                wanted);
    return -1;
}

static struct cor_json *header(const struct point *point)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_int(json, "at", point->info->number);
    cor_json_add_string(json, "rules", point->flow.rules_name);
    return json;
}

static int explain(struct cli *cli, struct point *point, const struct pair *pair,
                   const char *wanted, GError **error)
{
    struct explaining explaining = {.cli = cli, .pair = pair};
    const struct cor_program_options options = {.now_us = point->info->finished_us};
    if (!pair->ad) {
        g_set_error_literal(error, AGENT_ERROR, COR_E_CONFIG,
                            "the object is not in Active Directory; the rules start there");
        return -1;
    }
    explaining.run = cor_program_run_new(cor_flow_program_compiled(point->rules), &options);
    if (cli->json)
        output_begin(&explaining.output, cli, "rules-explain", header(point));
    int status = tell(&explaining, point, wanted, error);
    if (cli->json && status >= 0)
        output_end(&explaining.output);
    cor_program_run_free(explaining.run);
    return status;
}

int cmd_rules_explain(struct cli *cli, char **args, const char *at, GError **error)
{
    struct pair pair = {0};
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    POINT_AUTO *point = store ? cmd_rules_point(cli, store, at, error) : NULL;
    if (!point)
        return -1;
    if (!pair_named(point->view, args[0], &pair, error))
        return -1;
    int status = explain(cli, point, &pair, args[1], error);
    pair_clear(&pair);
    return status;
}
