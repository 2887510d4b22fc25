/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: from directory objects to the metaverse object and on to what is written to the cloud.
 * Nothing is computed before somebody asks: a property asks for the metaverse attributes that it
 * reads, these ask for the directory's. Each formula is evaluated at most once an object, however
 * many rules say the same; "known already" is a stamp, so that nothing is cleared between objects.
 */
#include "correlate/rules/engine_private.h"

#include <string.h>

#define OBJECT_BYTES ((gsize)128 * 1024 * 1024)

/* --- parameters --------------------------------------------------------------------------- */

/* "DC=lab,DC=example,DC=test" -> "lab.example.test" */
static char *dns_of(const char *dn)
{
    GString *out = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit(dn, ",", 0);
    for (guint i = 0; parts[i]; i++) {
        const char *part = g_strstrip(parts[i]);
        if (g_ascii_strncasecmp(part, "DC=", 3) != 0)
            g_string_truncate(out, 0);
        else
            g_string_append_printf(out, "%s%s", out->len > 0 ? "." : "", part + 3);
    }
    return g_string_free(out, FALSE);
}

static char *ldap_of(const char *dns)
{
    g_auto(GStrv) labels = g_strsplit(dns, ".", 0);
    g_autofree char *joined = g_strjoinv(",DC=", labels);
    return g_strconcat("DC=", joined, NULL);
}

/* Of the object's own domain; beside its partitions the connector tells only the first. */
static char *domain_of(const struct cor_run_source *at)
{
    const struct cor_connector *of = at->connector->of;
    const char *dn = at->partition ? at->partition->dn : at->object->dn;
    g_autofree char *own = dns_of(dn ? dn : "");
    return of && of->domain && !*own ? g_strdup(of->domain) : g_steal_pointer(&own);
}

static struct cor_value kept(struct cor_program_run *run, char *text_taken)
{
    g_autofree char *text = text_taken;
    if (!text || !*text)
        return (struct cor_value){.type = COR_VALUE_NULL};
    gsize size = strlen(text) + 1;
    char *copy = cor_arena_alloc(run->arena, size);
    if (copy)
        memcpy(copy, text, size);
    return cor_value_string(copy);
}

static char *domain_fqdn(const struct cor_run_source *at)
{
    return domain_of(at);
}

static char *domain_ldap(const struct cor_run_source *at)
{
    g_autofree char *domain = domain_of(at);
    return *domain ? ldap_of(domain) : NULL;
}

static char *domain_netbios(const struct cor_run_source *at)
{
    const struct cor_connector *of = at->connector->of;
    g_autofree char *domain = domain_of(at);
    return of && of->domain && g_ascii_strcasecmp(domain, of->domain) == 0 ? g_strdup(of->netbios)
                                                                           : NULL;
}

static char *forest_fqdn(const struct cor_run_source *at)
{
    const struct cor_connector *of = at->connector->of;
    return of && of->forest ? g_strdup(of->forest) : NULL;
}

static char *forest_ldap(const struct cor_run_source *at)
{
    g_autofree char *forest = forest_fqdn(at);
    return forest ? ldap_of(forest) : NULL;
}

static char *forest_netbios(const struct cor_run_source *at)
{
    const struct cor_connector *of = at->connector->of;
    return of && of->forest && of->domain && g_ascii_strcasecmp(of->forest, of->domain) == 0
               ? g_strdup(of->netbios)
               : NULL;
}

static char *connector_id(const struct cor_run_source *at)
{
    return g_strdup(at->connector->id);
}

/* What the export says itself, of the object's domain first, then of the whole connector. */
static const char *told(const struct cor_run_source *at, const char *name)
{
    GHashTable *tables[] = {at->partition ? at->partition->parameters : NULL,
                            at->connector->of ? at->connector->of->parameters : NULL};
    GHashTableIter iter;
    void *key, *value;
    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (!tables[i])
            continue;
        g_hash_table_iter_init(&iter, tables[i]);
        while (g_hash_table_iter_next(&iter, &key, &value))
            if (g_ascii_strcasecmp(key, name) == 0)
                return value;
    }
    return NULL;
}

static const struct {
    const char *name;
    char *(*text)(const struct cor_run_source *at);
} parameters[] = {
    {"Domain.FQDN", domain_fqdn},       {"Domain.LDAP", domain_ldap},
    {"Domain.Netbios", domain_netbios}, {"Forest.FQDN", forest_fqdn},
    {"Forest.LDAP", forest_ldap},       {"Forest.Netbios", forest_netbios},
    {"Connector.ID", connector_id},
};

gboolean cor_run_parameter(struct cor_program_run *run, guint source, const char *name,
                           struct cor_value *ret)
{
    const struct cor_run_source *at = run->sources->pdata[source];
    const char *text = at->connector ? told(at, name) : NULL;
    if (text) {
        *ret = cor_value_string(text);
        return TRUE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(parameters) && at->connector; i++)
        if (g_ascii_strcasecmp(parameters[i].name, name) == 0) {
            *ret = kept(run, parameters[i].text(at));
            return TRUE;
        }
    return FALSE;
}

/* --- formulas ----------------------------------------------------------------------------- */

struct place { /* where an expression is evaluated */
    struct cor_program_run *run;
    enum cor_program_side side;
    guint source;
};

static struct cor_value env_attribute(const struct cor_expression_env *env, guint slot)
{
    const struct place *place = env->data;
    return cor_run_side_value(place->run, place->side, place->source, slot);
}

static gboolean env_parameter(const struct cor_expression_env *env, const char *name,
                              struct cor_value *ret)
{
    const struct place *place = env->data;
    return cor_run_parameter(place->run, place->source, name, ret);
}

static gboolean is_cloud(const struct cor_run_source *at)
{
    return at->connector && at->connector->cloud;
}

/* Inbound: what the directory holds, which is confirmed by having been read. Outbound: what the
 * cloud's own object holds, when it is among the objects under evaluation. */
static struct cor_value env_imported(const struct cor_expression_env *env, const char *attribute)
{
    const struct place *place = env->data;
    struct cor_program_run *run = place->run;
    guint slot = cor_program_find_slot(&run->engine->source, attribute);
    guint source = place->source;
    if (place->side == COR_SIDE_METAVERSE)
        for (source = 0; source < run->n_sources; source++)
            if (is_cloud(run->sources->pdata[source]))
                break;
    if (slot == G_MAXUINT || source >= run->n_sources)
        return (struct cor_value){.type = COR_VALUE_NULL};
    return cor_run_source_value(run, source, slot);
}

/* TRUE when nothing that the formula reads has a value. Reading also settles what the expression
 * will ask for, so that no evaluation nests in another. */
static gboolean is_blank(struct cor_program_run *run, const struct cor_formula *formula,
                         guint source)
{
    gboolean blank = TRUE;
    for (guint i = 0; i < formula->slots->len; i++) {
        guint slot = g_array_index(formula->slots, guint, i);
        struct cor_value value = cor_run_side_value(run, formula->side, source, slot);
        blank = blank && cor_value_is_null(&value);
    }
    return blank;
}

static guint64 seed_of(const struct cor_program_run *run)
{
    const struct cor_run_source *at = run->sources->pdata[0];
    return at->object->id ? g_str_hash(at->object->id) : 0;
}

static struct cor_value evaluate(struct cor_program_run *run, const struct cor_formula *formula,
                                 guint source)
{
    if (formula->fails)
        return (struct cor_value){
            .type = COR_VALUE_ERROR, .len = strlen(formula->text), .text = formula->text};
    if (is_blank(run, formula, source) && formula->has_blank)
        return formula->blank;
    if (formula->kind == COR_FORMULA_DIRECT)
        return cor_run_side_value(run, formula->side, source,
                                  g_array_index(formula->slots, guint, 0));
    struct place place = {run, formula->side, source};
    struct cor_expression_env env = {.attribute = env_attribute,
                                     .parameter = env_parameter,
                                     .imported = env_imported,
                                     .data = &place,
                                     .arena = run->arena,
                                     .now_us = run->options.now_us,
                                     .seed = seed_of(run)};
    return cor_expression_evaluate(formula->expression, &env);
}

struct cor_value cor_run_formula(struct cor_program_run *run, const struct cor_formula *formula,
                                 guint source)
{
    struct cor_run_source *at = run->sources->pdata[source];
    gboolean directory = formula->side == COR_SIDE_SOURCE;
    guint *done = directory ? at->done : run->mv_done;
    struct cor_value *results = directory ? at->results : run->mv_results;
    if (done[formula->number] != run->stamp) {
        results[formula->number] = evaluate(run, formula, source);
        done[formula->number] = run->stamp;
    }
    return results[formula->number];
}

/* --- who wins ----------------------------------------------------------------------------- */

const GPtrArray *cor_run_inbound(const struct cor_run_source *at, const char *type)
{
    if (at->skipped)
        return NULL;
    const GPtrArray *rules = g_hash_table_lookup(at->connector->by_type, type);
    return rules ? rules : g_hash_table_lookup(at->connector->by_type, "*");
}

gboolean cor_run_applies(const struct cor_program_run *run, const struct cor_program_rule *rule)
{
    return run->applied[rule->number] == run->stamp;
}

static gboolean merges(const struct cor_program_flow *flow)
{
    return flow->mapping->merge == COR_RULE_MERGE ||
           flow->mapping->merge == COR_RULE_MERGE_CASE_INSENSITIVE;
}

struct settling {
    struct cor_program_run *run;
    struct cor_settled settled;
    gboolean blocked;
    GArray *merged; /* struct cor_value; NULL: not merging */
    cor_settle_func tell;
    void *data;
};

static void append_new(struct settling *s, const struct cor_value *value)
{
    gboolean fold = s->settled.winner->mapping->merge == COR_RULE_MERGE_CASE_INSENSITIVE;
    for (guint i = 0; i < s->merged->len; i++)
        if (cor_value_same(&g_array_index(s->merged, struct cor_value, i), value, fold))
            return;
    g_array_append_val(s->merged, *value);
}

static void merge(struct settling *s, const struct cor_value *value)
{
    if (!s->merged)
        s->merged = g_array_new(FALSE, FALSE, sizeof(struct cor_value));
    if (value->type != COR_VALUE_MULTI)
        append_new(s, value);
    for (gsize i = 0; value->type == COR_VALUE_MULTI && i < value->len; i++)
        append_new(s, &value->items[i]);
}

/* The first that has something to say wins; every later one with a value lost, or adds to it. */
static enum cor_program_fate weigh(struct settling *s, const struct cor_program_flow *flow,
                                   struct cor_value value)
{
    struct cor_settled *settled = &s->settled;
    if (value.type == COR_VALUE_IGNORE)
        return COR_PROGRAM_IGNORED;
    if (s->blocked || (settled->winner && settled->value.type == COR_VALUE_ERROR))
        return COR_PROGRAM_LOST;
    gboolean has_value = settled->winner && settled->value.type != COR_VALUE_NULL;
    if (has_value && !merges(settled->winner))
        return COR_PROGRAM_LOST;
    if (value.type == COR_VALUE_AUTHORITATIVE_NULL) {
        s->blocked = TRUE;
        if (!has_value)
            settled->winner = flow;
        return COR_PROGRAM_BLOCKED;
    }
    if (cor_value_is_null(&value)) {
        if (!settled->winner)
            settled->winner = flow; /* who leaves it empty, as long as nobody else speaks */
        return COR_PROGRAM_NO_VALUE;
    }
    if (has_value && value.type != COR_VALUE_ERROR) {
        if (flow->mapping->merge == settled->winner->mapping->merge) {
            merge(s, &value);
            return COR_PROGRAM_MERGED;
        }
        value = cor_value_error(s->run->arena, "%s and %s merge differently",
                                settled->winner->rule->rule->name, flow->rule->rule->name);
    }
    settled->winner = flow;
    settled->value = value;
    if (value.type == COR_VALUE_ERROR)
        return COR_PROGRAM_FAILED;
    if (merges(flow))
        merge(s, &value);
    return COR_PROGRAM_WON;
}

static void take_merged(struct settling *s)
{
    gsize n = s->merged->len;
    if (s->settled.value.type != COR_VALUE_ERROR) {
        struct cor_value *items = cor_arena_alloc(s->run->arena, sizeof(*items) * n);
        if (items) {
            memcpy(items, s->merged->data, sizeof(*items) * n);
            s->settled.value =
                (struct cor_value){.type = COR_VALUE_MULTI, .len = n, .items = items};
        }
    }
    g_array_unref(s->merged);
}

/* Nobody below can change the outcome any more. */
static gboolean is_over(const struct settling *s)
{
    const struct cor_settled *settled = &s->settled;
    return s->blocked || (settled->winner && settled->value.type != COR_VALUE_NULL &&
                          (settled->value.type == COR_VALUE_ERROR || !merges(settled->winner)));
}

struct cor_settled cor_run_settle(struct cor_program_run *run, const GPtrArray *flows,
                                  cor_settle_func tell, void *data)
{
    struct settling s = {.run = run, .tell = tell, .data = data};
    for (guint i = 0; i < flows->len; i++) {
        const struct cor_program_flow *flow = flows->pdata[i];
        if (!cor_run_applies(run, flow->rule)) {
            if (tell)
                tell(flow, COR_PROGRAM_OUT_OF_SCOPE, (struct cor_value){.type = COR_VALUE_NULL},
                     NULL, data);
            continue;
        }
        if (is_over(&s) && !tell)
            break;
        struct cor_value value =
            cor_run_formula(run, flow->formula, run->holder[flow->rule->number]);
        value = cor_program_coerce(value, flow->kind, run->arena);
        if (value.type == COR_VALUE_STRING && value.len == 0)
            value.type = COR_VALUE_NULL; /* no directory holds an empty text */
        enum cor_program_fate fate = weigh(&s, flow, value);
        if (tell)
            tell(flow, fate, value, s.settled.winner, data);
    }
    if (s.merged)
        take_merged(&s);
    return s.settled;
}

const struct cor_run_attribute *cor_run_attribute(struct cor_program_run *run, guint slot)
{
    struct cor_run_attribute *attribute = &run->metaverse[slot];
    if (attribute->stamp == run->stamp)
        return attribute;
    const GPtrArray *flows = run->engine->mv_flows->pdata[slot];
    *attribute = (struct cor_run_attribute){.stamp = run->stamp};
    if (!flows)
        return attribute;
    struct cor_settled settled = cor_run_settle(run, flows, NULL, NULL);
    attribute->value = settled.value;
    attribute->winner = settled.winner;
    if (settled.value.type == COR_VALUE_ERROR && !run->result.error)
        run->result.error = settled.value.text;
    return attribute;
}

/* --- life of a run ------------------------------------------------------------------------ */

struct cor_program_run *cor_program_run_new(const struct cor_program *engine,
                                            const struct cor_program_options *options)
{
    struct cor_program_run *run = g_new0(struct cor_program_run, 1);
    run->engine = engine;
    run->options = *options;
    run->arena = cor_arena_new(OBJECT_BYTES);
    run->sources = g_ptr_array_new();
    run->applied = g_new0(guint, engine->rules->len);
    run->holder = g_new0(guint, engine->rules->len);
    run->metaverse = g_new0(struct cor_run_attribute, engine->metaverse.names->len);
    run->mv_done = g_new0(guint, engine->formulas->len);
    run->mv_results = g_new0(struct cor_value, engine->formulas->len);
    run->properties = g_array_new(FALSE, FALSE, sizeof(struct cor_program_property));
    return run;
}

static void free_source(struct cor_run_source *at)
{
    g_free(at->skipped);
    g_free(at->stamps);
    g_free(at->nodes);
    g_free(at->links);
    g_free(at->read);
    g_free(at->values);
    g_free(at->done);
    g_free(at->results);
    g_free(at);
}

void cor_program_run_free(struct cor_program_run *run)
{
    if (!run)
        return;
    for (guint i = 0; i < run->sources->len; i++)
        free_source(run->sources->pdata[i]);
    g_ptr_array_unref(run->sources);
    g_array_unref(run->properties);
    g_free(run->result.why);
    g_free(run->applied);
    g_free(run->holder);
    g_free(run->metaverse);
    g_free(run->mv_done);
    g_free(run->mv_results);
    cor_arena_free(run->arena);
    g_free(run);
}
