/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tenant's own rules behind the questions of correlate/flow.h: rows made from the compiled
 * rules in Graph's names, and the engine's answers in Graph's shapes. What is no matter of rules
 * (system properties, password hash sync) keeps its default row.
 */
#include "correlate/flow_rules.h"
#include "correlate/rules/engine.h"
#include "correlate/rules/names.h"
#include "correlate/time.h"

#include <string.h>

struct table {
    const char *entra_type;
    GArray *rows;       /* struct cor_flow_rule */
    GHashTable *absent; /* property of the default rules that these leave out */
};
struct cor_flow_program {
    struct cor_program *program;
    struct cor_program_run *run;
    struct table tables[4];
    GStringChunk *texts;
    GPtrArray *unnamed;
    guint64 serial; /* of the record that the run stands on; 0: none */
    struct cor_program_object object;
    const struct cor_program_result *result;
    char *why;
};

static const char *const entra_types[] = {COR_TYPE_USER, COR_TYPE_GROUP, COR_TYPE_CONTACT,
                                          COR_TYPE_DEVICE};

/* --- rows --------------------------------------------------------------------------------- */

static const struct cor_flow_rule *default_row(const char *entra_type, const char *property)
{
    gsize n = 0;
    const struct cor_flow_rule *rules = cor_flow_default_rules(entra_type, &n);
    for (gsize i = 0; i < n; i++)
        if (strcmp(rules[i].property, property) == 0)
            return &rules[i];
    return NULL;
}

static gboolean has_row(const struct table *table, const char *property)
{
    for (guint i = 0; i < table->rows->len; i++)
        if (strcmp(g_array_index(table->rows, struct cor_flow_rule, i).property, property) == 0)
            return TRUE;
    return FALSE;
}

static void add_row(struct cor_flow_program *program, struct table *table,
                    const struct cor_name *name, const char *cs)
{
    const struct cor_flow_rule *known = default_row(table->entra_type, name->graph);
    struct cor_program_origin origin = {0};
    if (has_row(table, name->graph))
        return;
    cor_program_origin(program->program, table->entra_type, cs, &origin);
    g_autofree char *sources = g_strjoinv(" ", (char **)origin.attributes->pdata);
    struct cor_flow_rule row = {.property =
                                    g_string_chunk_insert_const(program->texts, name->graph),
                                .sources = g_string_chunk_insert_const(program->texts, sources),
                                .kind = origin.direct ? COR_FLOW_DIRECT : COR_FLOW_EXPRESSION,
                                .rule = origin.rule,
                                .evaluate = cor_flow_program_evaluate};
    if (name->shape == COR_NAME_LINK)
        row.kind = COR_FLOW_REFERENCE;
    else if (known)
        row.kind = known->kind;
    row.flags = known ? known->flags & (guint) ~(COR_FLOW_UNCONFIRMED | COR_FLOW_ONCE) : 0;
    row.flags |= (name->unconfirmed ? COR_FLOW_UNCONFIRMED : 0) | (origin.once ? COR_FLOW_ONCE : 0);
    g_array_append_val(table->rows, row);
    g_ptr_array_unref(origin.attributes);
}

/* Rules do not make these: the service does, password hash sync does, or nobody by default. */
static gboolean is_beyond_rules(const struct cor_flow_rule *row)
{
    return row->kind == COR_FLOW_SYSTEM || !*row->sources ||
           strcmp(row->sources, "unicodePwd") == 0;
}

static void add_default_rows(struct table *table)
{
    gsize n = 0;
    const struct cor_flow_rule *rules = cor_flow_default_rules(table->entra_type, &n);
    for (gsize i = 0; i < n; i++) {
        struct cor_flow_rule row = rules[i];
        if (has_row(table, row.property))
            continue;
        if (!is_beyond_rules(&row)) {
            g_hash_table_add(table->absent, (char *)row.property);
            row.evaluate = cor_flow_untouched;
        }
        g_array_append_val(table->rows, row);
    }
}

static void make_table(struct cor_flow_program *program, struct table *table)
{
    const GPtrArray *targets = cor_program_targets(program->program, table->entra_type);
    table->rows = g_array_new(FALSE, FALSE, sizeof(struct cor_flow_rule));
    table->absent = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; targets && i < targets->len; i++) {
        const struct cor_name *name = cor_name_of_cs(table->entra_type, targets->pdata[i]);
        if (!name)
            g_ptr_array_add(program->unnamed, targets->pdata[i]);
        else if (name->graph)
            add_row(program, table, name, targets->pdata[i]);
    }
    add_default_rows(table);
}

struct cor_flow_program *cor_flow_program_new(struct cor_program *program_taken, gint64 now_us)
{
    struct cor_flow_program *program = g_new0(struct cor_flow_program, 1);
    struct cor_program_options options = {.now_us = now_us};
    program->program = program_taken;
    program->run = cor_program_run_new(program_taken, &options);
    program->texts = g_string_chunk_new(4096);
    program->unnamed = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(entra_types); i++) {
        program->tables[i].entra_type = entra_types[i];
        make_table(program, &program->tables[i]);
    }
    return program;
}

void cor_flow_program_free(struct cor_flow_program *program)
{
    if (!program)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(program->tables); i++) {
        g_array_unref(program->tables[i].rows);
        g_hash_table_unref(program->tables[i].absent);
    }
    g_string_chunk_free(program->texts);
    g_ptr_array_unref(program->unnamed);
    cor_program_run_free(program->run);
    cor_program_free(program->program);
    g_free(program->why);
    g_free(program);
}

const GPtrArray *cor_flow_program_unnamed(const struct cor_flow_program *program)
{
    return program->unnamed;
}

static const struct table *table_of(const struct cor_flow_program *program, const char *entra_type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(program->tables); i++)
        if (g_strcmp0(program->tables[i].entra_type, entra_type) == 0)
            return &program->tables[i];
    return NULL;
}

const struct cor_flow_rule *cor_flow_program_rules(const struct cor_flow_program *program,
                                                   const char *entra_type, gsize *ret_n)
{
    const struct table *table = table_of(program, entra_type);
    *ret_n = table ? table->rows->len : 0;
    return table ? (const struct cor_flow_rule *)(void *)table->rows->data : NULL;
}

gboolean cor_flow_is_suppressed(const struct cor_flow_context *context, const char *entra_type,
                                const char *property)
{
    const struct table *table =
        context && context->program ? table_of(context->program, entra_type) : NULL;
    if (table)
        return g_hash_table_contains(table->absent, property);
    return context && context->suppressed && g_hash_table_contains(context->suppressed, property);
}

/* --- one object --------------------------------------------------------------------------- */

/* The forest's connector: the one whose partitions hold the object. */
static const char *connector_of(const struct cor_rule_set *set, const char *dn)
{
    const struct cor_connector *only = NULL;
    for (guint i = 0; i < set->connectors->len; i++) {
        const struct cor_connector *connector = set->connectors->pdata[i];
        for (guint k = 0; dn && !connector->cloud && k < connector->partitions->len; k++) {
            const struct cor_partition *partition = connector->partitions->pdata[k];
            gsize n = strlen(dn), m = strlen(partition->dn);
            if (m <= n && g_ascii_strcasecmp(dn + n - m, partition->dn) == 0)
                return connector->id;
        }
        if (!connector->cloud && !only)
            only = connector;
    }
    return only ? only->id : NULL;
}

/* Most questions about an object come one after another: the run keeps standing on it. */
static const struct cor_program_result *stand_on(struct cor_flow_program *program,
                                                 const struct cor_record *ad)
{
    if (program->serial == ad->serial && program->result)
        return program->result;
    const char *dn = cor_record_text(ad, "distinguishedName");
    program->object = (struct cor_program_object){
        .id = ad->key,
        .connector = connector_of(cor_program_rules(program->program), dn),
        .type = ad->type,
        .dn = dn,
        .attributes = ad->attributes};
    const struct cor_program_object *const objects[] = {&program->object};
    program->result = cor_program_evaluate(program->run, objects, 1);
    program->serial = ad->serial;
    return program->result;
}

static const char *keep_why(struct cor_flow_program *program, char *why_taken)
{
    g_free(program->why);
    program->why = why_taken;
    return why_taken;
}

static char *not_provisioned(struct cor_flow_program *program)
{
    g_autoptr(GPtrArray) steps = cor_program_explain_provisioning(program->run);
    if (steps->len == 0)
        return g_strdup("no rule provisions it in the cloud");
    const struct cor_program_step *step = steps->pdata[0];
    return g_strdup_printf("%s does not provision it: %s", step->rule->name, step->why);
}

gboolean cor_flow_program_in_scope(struct cor_flow_program *program, const struct cor_record *ad,
                                   const char **ret_why)
{
    program->serial = 0;
    const struct cor_program_result *result = stand_on(program, ad);
    if (!result->in_scope)
        *ret_why = keep_why(program, g_strdup(result->why));
    else if (!result->cloud_type)
        *ret_why = keep_why(program, result->cloud_filtered
                                         ? g_strdup("the rules filter it (cloudFiltered)")
                                         : not_provisioned(program));
    return result->in_scope && result->cloud_type;
}

/* --- values in Graph's shape -------------------------------------------------------------- */

static struct cor_json *as_sid(const struct cor_value *value)
{
    if (value->type != COR_VALUE_BYTES || value->len < 8)
        return cor_value_to_json(value);
    guint64 authority = 0;
    for (gsize i = 2; i < 8; i++)
        authority = authority << 8 | value->bytes[i];
    GString *out = g_string_new(NULL);
    g_string_printf(out, "S-%u-%" G_GUINT64_FORMAT, value->bytes[0], authority);
    for (gsize i = 8; i + 4 <= value->len; i += 4) {
        guint32 part = (guint32)value->bytes[i] | (guint32)value->bytes[i + 1] << 8 |
                       (guint32)value->bytes[i + 2] << 16 | (guint32)value->bytes[i + 3] << 24;
        g_string_append_printf(out, "-%u", part);
    }
    g_autofree char *text = g_string_free(out, FALSE);
    return cor_json_new_string(text);
}

static struct cor_json *as_list(const struct cor_value *value)
{
    struct cor_json *json = cor_value_to_json(value);
    if (!json || cor_json_type(json) == COR_JSON_ARRAY)
        return json;
    struct cor_json *list = cor_json_new_array();
    cor_json_append(list, json);
    return list;
}

static struct cor_json *as_time(const struct cor_value *value)
{
    gint64 time = value->type == COR_VALUE_STRING
                      ? cor_time_parse_generalized(value->text, value->len)
                      : (value->type == COR_VALUE_TIME ? value->number : 0);
    if (!time)
        return cor_value_to_json(value);
    g_autofree char *text = cor_time_text(time);
    return cor_json_new_string(text);
}

static struct cor_json *as_not(const struct cor_value *value)
{
    return value->type == COR_VALUE_BOOL ? cor_json_new_bool(!value->number)
                                         : cor_value_to_json(value);
}

static struct cor_json *in_shape(const struct cor_value *value, enum cor_name_shape shape)
{
    switch (shape) {
    case COR_NAME_SID:
        return as_sid(value);
    case COR_NAME_LIST:
        return as_list(value);
    case COR_NAME_TIME:
        return as_time(value);
    case COR_NAME_NOT:
        return as_not(value);
    default:
        return cor_value_to_json(value);
    }
}

/* A contact's addresses and phones are made of several connector space attributes. */
static void add_part(struct cor_json **list, const struct cor_name *name,
                     const struct cor_value *value)
{
    gboolean phone = name->shape == COR_NAME_PHONE;
    struct cor_json *item = NULL;
    if (!*list)
        *list = cor_json_new_array();
    if (phone || !cor_json_first(*list)) {
        item = cor_json_new_object();
        cor_json_append(*list, item);
    } else {
        item = (struct cor_json *)cor_json_first(*list);
    }
    cor_json_add(item, phone ? "number" : name->member, cor_value_to_json(value));
    if (phone)
        cor_json_add_string(item, "type", name->member);
}

struct gathering {
    struct cor_flow_value *ret;
    const struct cor_program_property *deciding;
    struct cor_program_property kept;
};

static enum cor_flow_result result_of(enum cor_program_outcome outcome)
{
    static const enum cor_flow_result results[] = {
        [COR_PROGRAM_LEAVE] = COR_FLOW_LEAVE,
        [COR_PROGRAM_VALUE] = COR_FLOW_VALUE,
        [COR_PROGRAM_REMOVE] = COR_FLOW_REMOVE,
        [COR_PROGRAM_ERROR] = COR_FLOW_ERROR,
    };
    return results[outcome];
}

/* Of several attributes behind one property the first with a value tells the rule. */
static void gather(struct cor_flow_program *program, const struct cor_name *name,
                   struct gathering *gathering)
{
    struct cor_program_property got;
    struct cor_flow_value *ret = gathering->ret;
    gboolean part = name->shape == COR_NAME_ADDRESS || name->shape == COR_NAME_PHONE;
    if (!cor_program_property(program->run, name->cs, &got) || !got.rule)
        return;
    if (ret->value && !part)
        return;
    if (!ret->value) {
        gathering->kept = got;
        gathering->deciding = &gathering->kept;
        ret->result = result_of(got.outcome);
    }
    if (got.outcome == COR_PROGRAM_VALUE && part)
        add_part(&ret->value, name, &got.value);
    else if (got.outcome == COR_PROGRAM_VALUE)
        ret->value = in_shape(&got.value, name->shape);
}

/* The UPN that the service makes of one with an unverified suffix. */
static void show_upn(const struct cor_record *ad, const struct cor_flow_context *context,
                     struct cor_flow_value *ret)
{
    const char *sent = cor_json_string(ret->value);
    g_autofree char *shown = sent ? cor_flow_computed_upn(ad, sent, context->tenant) : NULL;
    if (!shown)
        return;
    cor_json_free(ret->value);
    ret->value = cor_json_new_string(shown);
}

static char *words(const struct gathering *gathering, const struct cor_flow_rule *rule,
                   const struct cor_flow_context *context)
{
    static const char *const clauses[] = {
        [COR_FLOW_VALUE] = "writes the value of",
        [COR_FLOW_REMOVE] = "leaves the property empty, as nothing comes from",
        [COR_FLOW_LEAVE] = "does not touch the property; it would come from",
        [COR_FLOW_ERROR] = "ends in an error with",
    };
    const struct cor_program_property *by = gathering->deciding;
    const char *in = by && by->mv_rule ? by->mv_rule->name : NULL;
    const char *out = by ? by->rule->name : "no rule in scope";
    return g_strdup_printf("%s%s%s (%s) %s %s", in ? in : "", in ? ", then " : "", out,
                           context->rules_name, clauses[gathering->ret->result],
                           *rule->sources ? rule->sources : "a constant");
}

void cor_flow_program_evaluate(const struct cor_flow_rule *rule, const struct cor_record *ad,
                               const struct cor_flow_context *context, struct cor_flow_value *ret)
{
    struct cor_flow_program *program = context->program;
    const char *type = cor_flow_peer_type(COR_AD, ad->type);
    struct gathering gathering = {.ret = ret};
    ret->result = COR_FLOW_LEAVE;
    if (rule->kind != COR_FLOW_REFERENCE) {
        const struct cor_program_result *result = stand_on(program, ad);
        type = result->cloud_type ? result->cloud_type : type;
        g_autoptr(GPtrArray) names = cor_names_of_graph(type, rule->property);
        for (guint i = 0; i < names->len; i++)
            gather(program, names->pdata[i], &gathering);
    }
    if (ret->value && ret->result != COR_FLOW_VALUE)
        ret->result = COR_FLOW_VALUE;
    if (strcmp(rule->property, "userPrincipalName") == 0)
        show_upn(ad, context, ret);
    if (gathering.deciding)
        ret->by = gathering.deciding->mv_rule ? gathering.deciding->mv_rule->name
                                              : gathering.deciding->rule->name;
    ret->why = words(&gathering, rule, context);
}
