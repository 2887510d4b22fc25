/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a rule set to its compiled form: names to slots, expressions parsed once for all rules that
 * say the same, rules by connector and type, flows by target in order of precedence.
 */
#include "correlate/rules/engine_compile.h"

#include <string.h>

#define BLANK_BYTES ((gsize)4 * 1024 * 1024)
/* Microsoft's well-known id of the Entra connector. */
#define ENTRA_CONNECTOR "{b891884f-051e-4a83-95af-2544101c9083}"

guint cor_program_find_slot(const struct cor_program_names *names, const char *name)
{
    guint found = name ? GPOINTER_TO_UINT(g_hash_table_lookup(names->index, name)) : 0;
    return found ? found - 1 : G_MAXUINT;
}

guint cor_program_slot(struct cor_program_names *names, const char *name)
{
    guint found = cor_program_find_slot(names, name);
    if (found != G_MAXUINT)
        return found;
    char *copy = g_strdup(name);
    g_ptr_array_add(names->names, copy);
    g_hash_table_insert(names->index, copy, GUINT_TO_POINTER(names->names->len));
    return names->names->len - 1;
}

void cor_program_complain(struct cor_program *engine, const struct cor_rule *rule,
                          const char *target, char *text_taken)
{
    struct cor_program_problem *problem = g_new0(struct cor_program_problem, 1);
    problem->rule = rule;
    problem->target = target;
    problem->text = text_taken;
    g_ptr_array_add(engine->problems, problem);
}

/* --- connectors --------------------------------------------------------------------------- */

static struct cor_program_connector *add_connector(struct cor_program *engine,
                                                   const struct cor_connector *of, const char *id,
                                                   gboolean cloud)
{
    struct cor_program_connector *connector = g_new0(struct cor_program_connector, 1);
    connector->of = of;
    connector->id = id;
    connector->cloud = cloud;
    connector->selections = cor_program_selections(of);
    connector->by_type =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    if (of && of->object_types->len > 0) {
        connector->types = g_hash_table_new(g_str_hash, g_str_equal);
        for (guint i = 0; i < of->object_types->len; i++)
            g_hash_table_add(connector->types, of->object_types->pdata[i]);
    }
    g_ptr_array_add(engine->connectors, connector);
    return connector;
}

static struct cor_program_connector *connector_of(struct cor_program *engine,
                                                  const struct cor_rule *rule)
{
    const char *id = rule->connector ? rule->connector : "";
    for (guint i = 0; i < engine->connectors->len; i++) {
        struct cor_program_connector *connector = engine->connectors->pdata[i];
        if (g_ascii_strcasecmp(connector->id, id) == 0)
            return connector;
    }
    gboolean cloud = g_ascii_strcasecmp(id, ENTRA_CONNECTOR) == 0 ||
                     (*id == 0 && rule->direction == COR_RULE_OUTBOUND);
    cor_program_complain(engine, rule, NULL,
                         g_strdup_printf("its connector %s is not in the set; taken for %s",
                                         *id ? id : "(none)", cloud ? "Entra's" : "a forest's"));
    return add_connector(engine, NULL, id, cloud);
}

/* Attributes that Microsoft's engine always reads, whatever is selected. */
static gboolean is_always_read(const char *name)
{
    return strcmp(name, "dn") == 0 || strcmp(name, "distinguishedName") == 0 ||
           strcmp(name, "objectGUID") == 0;
}

static void describe_attributes(struct cor_program *engine, struct cor_program_connector *connector)
{
    guint n = engine->source.names->len;
    connector->kinds = g_array_sized_new(FALSE, TRUE, sizeof(const char *), n);
    connector->hidden = g_array_sized_new(FALSE, TRUE, sizeof(guint8), n);
    g_autoptr(GHashTable) selected = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; connector->of && i < connector->of->attributes->len; i++)
        g_hash_table_add(selected, connector->of->attributes->pdata[i]);
    for (guint i = 0; i < n; i++) {
        const char *name = engine->source.names->pdata[i];
        const char *kind = cor_program_kind(connector->of, name);
        guint8 hidden = g_hash_table_size(selected) > 0 && !is_always_read(name) &&
                        !g_hash_table_contains(selected, name);
        g_array_append_val(connector->kinds, kind);
        g_array_append_val(connector->hidden, hidden);
    }
}

/* --- scope and joins ---------------------------------------------------------------------- */

static const struct {
    enum cor_rule_operator negative, positive;
} negations[] = {
    {COR_RULE_NOT_EQUAL, COR_RULE_EQUAL},
    {COR_RULE_NOT_CONTAINS, COR_RULE_CONTAINS},
    {COR_RULE_NOT_STARTS_WITH, COR_RULE_STARTS_WITH},
    {COR_RULE_NOT_ENDS_WITH, COR_RULE_ENDS_WITH},
    {COR_RULE_IS_NOT_NULL, COR_RULE_IS_NULL},
    {COR_RULE_IS_NOT_IN, COR_RULE_IS_IN},
    {COR_RULE_IS_BIT_NOT_SET, COR_RULE_IS_BIT_SET},
};

static struct cor_clause compile_clause(struct cor_program_names *names,
                                        const struct cor_rule_clause *of)
{
    struct cor_clause clause = {.of = of, .positive = of->op};
    for (gsize i = 0; i < G_N_ELEMENTS(negations); i++)
        if (negations[i].negative == of->op) {
            clause.positive = negations[i].positive;
            clause.negative = TRUE;
        }
    clause.slot = cor_program_slot(names, of->attribute);
    clause.folded = of->value ? g_utf8_casefold(of->value, -1) : NULL;
    clause.has_number = cor_program_number(of->value, &clause.number);
    return clause;
}

static void clear_clause(void *data)
{
    g_free(((struct cor_clause *)data)->folded);
}

static void free_group(void *data)
{
    struct cor_flow_group *group = data;
    g_array_unref(group->clauses);
    g_free(group);
}

static void compile_scope(struct cor_program_rule *rule, struct cor_program_names *names)
{
    for (guint i = 0; i < rule->rule->scope->len; i++) {
        const GPtrArray *clauses = rule->rule->scope->pdata[i];
        struct cor_flow_group *group = g_new0(struct cor_flow_group, 1);
        group->clauses = g_array_new(FALSE, FALSE, sizeof(struct cor_clause));
        g_array_set_clear_func(group->clauses, clear_clause);
        for (guint k = 0; k < clauses->len; k++) {
            struct cor_clause clause = compile_clause(names, clauses->pdata[k]);
            g_array_append_val(group->clauses, clause);
        }
        g_ptr_array_add(rule->scope, group);
    }
}

static void compile_joins(struct cor_program *engine, struct cor_program_rule *rule)
{
    for (guint i = 0; i < rule->rule->join->len; i++) {
        const GPtrArray *clauses = rule->rule->join->pdata[i];
        GArray *group = g_array_new(FALSE, FALSE, sizeof(struct cor_join_clause));
        for (guint k = 0; k < clauses->len; k++) {
            const struct cor_rule_join *of = clauses->pdata[k];
            struct cor_join_clause clause = {
                .source = cor_program_slot(&engine->source, of->cs_attribute),
                .metaverse = cor_program_slot(&engine->metaverse, of->mv_attribute),
                .case_sensitive = of->case_sensitive};
            g_array_append_val(group, clause);
        }
        g_ptr_array_add(rule->joins, group);
    }
}

/* --- rules -------------------------------------------------------------------------------- */

static void free_rule(void *data)
{
    struct cor_program_rule *rule = data;
    g_ptr_array_unref(rule->scope);
    g_ptr_array_unref(rule->joins);
    g_free(rule);
}

static GPtrArray *list_of(GHashTable *table, const char *key)
{
    GPtrArray *list = g_hash_table_lookup(table, key);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, (char *)key, list);
    }
    return list;
}

static enum cor_program_side input_side(const struct cor_program *engine,
                                        const struct cor_rule *rule)
{
    return engine->single_leg || rule->direction == COR_RULE_INBOUND ? COR_SIDE_SOURCE
                                                                     : COR_SIDE_METAVERSE;
}

static void compile_flows(struct cor_program *engine, struct cor_program_rule *rule)
{
    gboolean inbound = rule->rule->direction == COR_RULE_INBOUND && !engine->single_leg;
    enum cor_program_side side = input_side(engine, rule->rule);
    for (guint i = 0; i < rule->rule->mappings->len; i++) {
        const struct cor_rule_mapping *mapping = rule->rule->mappings->pdata[i];
        struct cor_program_flow *flow = g_new0(struct cor_program_flow, 1);
        flow->mapping = mapping;
        flow->rule = rule;
        flow->formula = cor_program_formula(engine, side, rule->rule, mapping);
        g_ptr_array_add(engine->flows, flow);
        if (inbound) {
            cor_program_slot(&engine->metaverse, mapping->target);
            flow->kind = g_hash_table_lookup(engine->set->metaverse, mapping->target);
        } else if (rule->connector->of) {
            flow->kind = g_hash_table_lookup(rule->connector->of->syntaxes, mapping->target);
        }
    }
}

static void compile_rule(struct cor_program *engine, const struct cor_rule *rule)
{
    struct cor_program_connector *connector = connector_of(engine, rule);
    gboolean inbound = rule->direction == COR_RULE_INBOUND && !engine->single_leg;
    gboolean any = !inbound && strcmp(rule->source_type, "*") == 0;
    if (any && !rule->disabled)
        cor_program_complain(
            engine, rule, NULL,
            g_strdup("an outbound rule for objects of any type is not understood"));
    if (any || rule->disabled || (!inbound && !engine->single_leg && !connector->cloud))
        return; /* what goes to AD says nothing of the cloud */
    if (!rule->has_body)
        cor_program_complain(engine, rule, NULL,
                             g_strdup("its scope and mappings are not in the set"));
    struct cor_program_rule *compiled = g_new0(struct cor_program_rule, 1);
    compiled->rule = rule;
    compiled->number = engine->rules->len;
    compiled->connector = connector;
    compiled->never = !rule->has_body;
    compiled->scope = g_ptr_array_new_with_free_func(free_group);
    compiled->joins = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_ptr_array_add(engine->rules, compiled);
    gboolean source = input_side(engine, rule) == COR_SIDE_SOURCE;
    compile_scope(compiled, source ? &engine->source : &engine->metaverse);
    if (inbound)
        compile_joins(engine, compiled);
    compile_flows(engine, compiled);
    g_ptr_array_add(list_of(inbound ? connector->by_type : engine->outbound, rule->source_type),
                    compiled);
}

static int by_number(const void *a, const void *b)
{
    const struct cor_program_rule *x = *(struct cor_program_rule *const *)a;
    const struct cor_program_rule *y = *(struct cor_program_rule *const *)b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* A rule for objects of any type stands in the list of each type that has one. */
static void spread(GHashTable *by_type)
{
    const GPtrArray *any = g_hash_table_lookup(by_type, "*");
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, by_type);
    while (any && g_hash_table_iter_next(&iter, NULL, &value)) {
        if (value == any)
            continue;
        for (guint i = 0; i < any->len; i++)
            g_ptr_array_add(value, any->pdata[i]);
        g_ptr_array_sort(value, by_number);
    }
}

/* --- targets ------------------------------------------------------------------------------ */

static void collect_metaverse(struct cor_program *engine)
{
    g_ptr_array_set_size(engine->mv_flows, (int)engine->metaverse.names->len);
    for (guint i = 0; i < engine->flows->len; i++) {
        struct cor_program_flow *flow = engine->flows->pdata[i];
        if (flow->rule->rule->direction != COR_RULE_INBOUND || engine->single_leg)
            continue;
        guint slot = cor_program_find_slot(&engine->metaverse, flow->mapping->target);
        if (!engine->mv_flows->pdata[slot])
            engine->mv_flows->pdata[slot] = g_ptr_array_new();
        g_ptr_array_add(engine->mv_flows->pdata[slot], flow);
    }
}

static gboolean group_never(const struct cor_program *engine, const struct cor_flow_group *group)
{
    for (guint i = 0; i < group->clauses->len; i++) {
        const struct cor_clause *clause = &g_array_index(group->clauses, struct cor_clause, i);
        gboolean needs_value = (clause->positive == COR_RULE_IS_NULL) == clause->negative;
        if (needs_value && clause->positive != COR_RULE_IS_MEMBER_OF &&
            !engine->mv_flows->pdata[clause->slot])
            return TRUE;
    }
    return FALSE;
}

/* An outbound rule whose every group asks for an attribute that no inbound rule feeds. */
static void sort_out(struct cor_program *engine, struct cor_program_rule *rule)
{
    guint dead = 0;
    for (guint i = 0; i < rule->scope->len; i++) {
        struct cor_flow_group *group = rule->scope->pdata[i];
        group->never = group_never(engine, group);
        dead += group->never;
    }
    if (dead > 0 && dead == rule->scope->len)
        rule->never = TRUE;
}

static void free_target(void *data)
{
    struct cor_target *target = data;
    g_ptr_array_unref(target->flows);
    g_free(target);
}

static void free_target_list(void *data)
{
    struct cor_target_list *list = data;
    g_ptr_array_unref(list->targets);
    g_hash_table_unref(list->index);
    g_free(list);
}

static struct cor_target_list *target_list(struct cor_program *engine, const struct cor_rule *rule)
{
    g_autofree char *key = g_strconcat(rule->source_type, "\n", rule->target_type, NULL);
    struct cor_target_list *list = g_hash_table_lookup(engine->targets, key);
    if (!list) {
        list = g_new0(struct cor_target_list, 1);
        list->targets = g_ptr_array_new_with_free_func(free_target);
        list->index = g_hash_table_new(g_str_hash, g_str_equal);
        g_hash_table_insert(engine->targets, g_steal_pointer(&key), list);
    }
    return list;
}

/* What is not selected in Entra's own connector is not exported (the wizard's filter by app and
 * attribute works so). "dn" names the object and is no attribute. */
static gboolean is_exported(struct cor_program *engine, const struct cor_program_flow *flow)
{
    const struct cor_connector *connector = flow->rule->connector->of;
    const char *name = flow->mapping->target;
    if (!connector || !connector->cloud || connector->attributes->len == 0 ||
        strcmp(name, "dn") == 0 ||
        g_ptr_array_find_with_equal_func(connector->attributes, name, g_str_equal, NULL))
        return TRUE;
    cor_program_complain(engine, flow->rule->rule, name,
                         g_strdup("Entra's connector does not select it; it is not exported"));
    return FALSE;
}

static void add_target(struct cor_program *engine, struct cor_program_flow *flow)
{
    struct cor_target_list *list = target_list(engine, flow->rule->rule);
    const char *name = flow->mapping->target;
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(list->index, name));
    if (at == 0) {
        struct cor_target *target = g_new0(struct cor_target, 1);
        target->name = name;
        target->flows = g_ptr_array_new();
        g_ptr_array_add(list->targets, target);
        at = list->targets->len;
        g_hash_table_insert(list->index, (char *)name, GUINT_TO_POINTER(at));
    }
    g_ptr_array_add(((struct cor_target *)list->targets->pdata[at - 1])->flows, flow);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct cor_target *const *)a)->name, (*(struct cor_target *const *)b)->name);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void name_targets(struct cor_program *engine, const char *cloud_type,
                         const struct cor_target_list *list)
{
    GPtrArray *names = list_of(engine->cloud, cloud_type);
    for (guint i = 0; i < list->targets->len; i++) {
        const struct cor_target *target = list->targets->pdata[i];
        if (!g_ptr_array_find_with_equal_func(names, target->name, g_str_equal, NULL))
            g_ptr_array_add(names, (char *)target->name);
    }
    g_ptr_array_sort(names, by_text);
}

static void collect_targets(struct cor_program *engine)
{
    GHashTableIter iter;
    void *key, *value;
    for (guint i = 0; i < engine->flows->len; i++) {
        struct cor_program_flow *flow = engine->flows->pdata[i];
        if ((engine->single_leg || flow->rule->rule->direction == COR_RULE_OUTBOUND) &&
            !flow->rule->never && is_exported(engine, flow))
            add_target(engine, flow);
    }
    g_hash_table_iter_init(&iter, engine->targets);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        struct cor_target_list *list = value;
        g_ptr_array_sort(list->targets, by_name);
        for (guint i = 0; i < list->targets->len; i++)
            g_hash_table_insert(list->index,
                                (char *)((struct cor_target *)list->targets->pdata[i])->name,
                                GUINT_TO_POINTER(i + 1));
        name_targets(engine, strchr(key, '\n') + 1, list);
    }
}

/* --- the engine --------------------------------------------------------------------------- */

static void free_problem(void *data)
{
    struct cor_program_problem *problem = data;
    g_free(problem->text);
    g_free(problem);
}

static void free_connector(void *data)
{
    struct cor_program_connector *connector = data;
    g_clear_pointer(&connector->kinds, g_array_unref);
    g_clear_pointer(&connector->hidden, g_array_unref);
    g_clear_pointer(&connector->types, g_hash_table_unref);
    g_ptr_array_unref(connector->selections);
    g_hash_table_unref(connector->by_type);
    g_free(connector);
}

static void free_flows(void *data)
{
    if (data)
        g_ptr_array_unref(data);
}

static void make_names(struct cor_program_names *names)
{
    names->index = g_hash_table_new(g_str_hash, g_str_equal);
    names->names = g_ptr_array_new_with_free_func(g_free);
}

static struct cor_program *make(struct cor_rule_set *set)
{
    struct cor_program *engine = g_new0(struct cor_program, 1);
    engine->set = set;
    engine->single_leg = set->source == COR_RULES_CLOUD_SYNC;
    engine->dialect = engine->single_leg ? COR_DIALECT_CLOUD_SYNC : COR_DIALECT_CONNECT;
    engine->problems = g_ptr_array_new_with_free_func(free_problem);
    make_names(&engine->source);
    make_names(&engine->metaverse);
    engine->connectors = g_ptr_array_new_with_free_func(free_connector);
    engine->rules = g_ptr_array_new_with_free_func(free_rule);
    engine->formulas = g_ptr_array_new_with_free_func(cor_program_formula_free);
    engine->formula_index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    engine->flows = g_ptr_array_new_with_free_func(g_free);
    engine->mv_flows = g_ptr_array_new_with_free_func(free_flows);
    engine->outbound =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    engine->targets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_target_list);
    engine->cloud =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    engine->arena = cor_arena_new(BLANK_BYTES);
    return engine;
}

static void complain_of_options(struct cor_program *engine)
{
    const char *filter =
        cor_rule_set_option(engine->set, "Microsoft.OptionalFeature.GroupFiltering");
    if (filter && g_ascii_strcasecmp(filter, "true") == 0)
        cor_program_complain(engine, NULL, NULL,
                             g_strdup("synchronization is limited to the members of a group, "
                                      "which the engine does not apply"));
}

struct cor_program *cor_program_new(struct cor_rule_set *set_taken)
{
    struct cor_program *engine = make(set_taken);
    complain_of_options(engine);
    for (guint i = 0; i < set_taken->connectors->len; i++) {
        const struct cor_connector *connector = set_taken->connectors->pdata[i];
        add_connector(engine, connector, connector->id, connector->cloud);
    }
    cor_program_slot(&engine->metaverse, "cloudFiltered");
    for (guint i = 0; i < set_taken->rules->len; i++)
        compile_rule(engine, set_taken->rules->pdata[i]);
    for (guint i = 0; i < engine->connectors->len; i++)
        spread(((struct cor_program_connector *)engine->connectors->pdata[i])->by_type);
    collect_metaverse(engine);
    for (guint i = 0; i < engine->rules->len; i++) {
        struct cor_program_rule *rule = engine->rules->pdata[i];
        if (rule->rule->direction == COR_RULE_OUTBOUND && !engine->single_leg)
            sort_out(engine, rule);
    }
    collect_targets(engine);
    for (guint i = 0; i < engine->connectors->len; i++)
        describe_attributes(engine, engine->connectors->pdata[i]);
    return engine;
}

void cor_program_free(struct cor_program *engine)
{
    if (!engine)
        return;
    g_hash_table_unref(engine->cloud);
    g_hash_table_unref(engine->targets);
    g_hash_table_unref(engine->outbound);
    g_ptr_array_unref(engine->mv_flows);
    g_ptr_array_unref(engine->flows);
    g_hash_table_unref(engine->formula_index);
    g_ptr_array_unref(engine->formulas);
    g_ptr_array_unref(engine->rules);
    g_ptr_array_unref(engine->connectors);
    g_hash_table_unref(engine->source.index);
    g_ptr_array_unref(engine->source.names);
    g_hash_table_unref(engine->metaverse.index);
    g_ptr_array_unref(engine->metaverse.names);
    g_ptr_array_unref(engine->problems);
    cor_arena_free(engine->arena);
    cor_rule_set_free(engine->set);
    g_free(engine);
}

const GPtrArray *cor_program_problems(const struct cor_program *engine)
{
    return engine->problems;
}

const struct cor_rule_set *cor_program_rules(const struct cor_program *engine)
{
    return engine->set;
}

const GPtrArray *cor_program_targets(const struct cor_program *engine, const char *cloud_type)
{
    return cloud_type ? g_hash_table_lookup(engine->cloud, cloud_type) : NULL;
}
