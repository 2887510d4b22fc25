/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which objects form one metaverse object. An object tries the join rules in its scope, group
 * after group; the first group that finds exactly one metaverse object decides, otherwise a rule
 * with link Provision makes a new one (Microsoft: declarative provisioning, Join).
 */
#include "correlate/rules/engine_private.h"

struct group {             /* a metaverse object */
    GPtrArray *objects;    /* const struct cor_program_object *, borrowed */
    GPtrArray *connectors; /* const struct cor_program_connector * */
    GPtrArray *keys;       /* char *: under which it is indexed */
    const char *type;
};
struct cor_program_joiner {
    struct cor_program_run *run;
    GPtrArray *groups; /* struct group * */
    GHashTable *index; /* "slot value" -> GArray of guint */
    GArray *slots[2];  /* guint: metaverse slots that join rules ask for, [1] by case */
};

static void free_group(void *data)
{
    struct group *group = data;
    g_ptr_array_unref(group->objects);
    g_ptr_array_unref(group->connectors);
    g_ptr_array_unref(group->keys);
    g_free(group);
}

static void note_slot(GArray *slots, guint slot)
{
    for (guint i = 0; i < slots->len; i++)
        if (g_array_index(slots, guint, i) == slot)
            return;
    g_array_append_val(slots, slot);
}

struct cor_program_joiner *cor_program_joiner_new(struct cor_program_run *run)
{
    struct cor_program_joiner *joiner = g_new0(struct cor_program_joiner, 1);
    joiner->run = run;
    joiner->groups = g_ptr_array_new_with_free_func(free_group);
    joiner->index =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    for (guint i = 0; i < G_N_ELEMENTS(joiner->slots); i++)
        joiner->slots[i] = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < run->engine->rules->len; i++) {
        const struct cor_program_rule *rule = run->engine->rules->pdata[i];
        for (guint k = 0; k < rule->joins->len; k++) {
            const GArray *clauses = rule->joins->pdata[k];
            for (guint c = 0; c < clauses->len; c++) {
                const struct cor_join_clause *clause =
                    &g_array_index(clauses, struct cor_join_clause, c);
                note_slot(joiner->slots[clause->case_sensitive], clause->metaverse);
            }
        }
    }
    return joiner;
}

void cor_program_joiner_free(struct cor_program_joiner *joiner)
{
    if (!joiner)
        return;
    g_ptr_array_unref(joiner->groups);
    g_hash_table_unref(joiner->index);
    for (guint i = 0; i < G_N_ELEMENTS(joiner->slots); i++)
        g_array_unref(joiner->slots[i]);
    g_free(joiner);
}

/* --- the index ---------------------------------------------------------------------------- */

static char *key_of(struct cor_program_joiner *joiner, guint slot, gboolean by_case,
                    struct cor_value value)
{
    /* base64 of bytes means something by its case */
    gboolean fold = !by_case && value.type != COR_VALUE_BYTES;
    const char *text = cor_program_text(value, fold, joiner->run->arena);
    return text && *text ? g_strdup_printf("%u%c%s", slot, by_case ? '=' : '~', text) : NULL;
}

static void forget(struct cor_program_joiner *joiner, guint number)
{
    const struct group *group = joiner->groups->pdata[number];
    for (guint i = 0; i < group->keys->len; i++) {
        GArray *numbers = g_hash_table_lookup(joiner->index, group->keys->pdata[i]);
        for (guint k = 0; numbers && k < numbers->len; k++)
            if (g_array_index(numbers, guint, k) == number)
                g_array_remove_index_fast(numbers, k--);
    }
    g_ptr_array_set_size(group->keys, 0);
}

static void remember_key(struct cor_program_joiner *joiner, guint number, char *key_taken)
{
    struct group *group = joiner->groups->pdata[number];
    if (!key_taken)
        return;
    GArray *numbers = g_hash_table_lookup(joiner->index, key_taken);
    if (!numbers) {
        numbers = g_array_new(FALSE, FALSE, sizeof(guint));
        g_hash_table_insert(joiner->index, g_strdup(key_taken), numbers);
    }
    g_array_append_val(numbers, number);
    g_ptr_array_add(group->keys, key_taken);
}

static void remember_slot(struct cor_program_joiner *joiner, guint number, guint slot,
                          gboolean by_case)
{
    struct cor_value value = cor_run_attribute(joiner->run, slot)->value;
    if (value.type != COR_VALUE_MULTI)
        remember_key(joiner, number, key_of(joiner, slot, by_case, value));
    for (gsize k = 0; value.type == COR_VALUE_MULTI && k < value.len; k++)
        remember_key(joiner, number, key_of(joiner, slot, by_case, value.items[k]));
}

/* The run stands on the group's objects. */
static void remember(struct cor_program_joiner *joiner, guint number)
{
    for (guint by_case = 0; by_case < G_N_ELEMENTS(joiner->slots); by_case++)
        for (guint i = 0; i < joiner->slots[by_case]->len; i++)
            remember_slot(joiner, number, g_array_index(joiner->slots[by_case], guint, i),
                          (gboolean)by_case);
}

/* --- matching ----------------------------------------------------------------------------- */

static void match_value(struct cor_program_joiner *joiner, const struct cor_join_clause *clause,
                        struct cor_value value, GArray *found)
{
    g_autofree char *key = key_of(joiner, clause->metaverse, clause->case_sensitive, value);
    const GArray *numbers = key ? g_hash_table_lookup(joiner->index, key) : NULL;
    for (guint i = 0; numbers && i < numbers->len; i++)
        note_slot(found, g_array_index(numbers, guint, i));
}

static GArray *match_clause(struct cor_program_joiner *joiner, const struct cor_join_clause *clause)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));
    struct cor_value value = cor_run_source_value(joiner->run, 0, clause->source);
    if (value.type != COR_VALUE_MULTI)
        match_value(joiner, clause, value, found);
    for (gsize i = 0; value.type == COR_VALUE_MULTI && i < value.len; i++)
        match_value(joiner, clause, value.items[i], found);
    return found;
}

static gboolean contains(const GArray *numbers, guint number)
{
    for (guint i = 0; i < numbers->len; i++)
        if (g_array_index(numbers, guint, i) == number)
            return TRUE;
    return FALSE;
}

/* The one metaverse object for which every clause holds; G_MAXUINT for none or several. */
static guint match_group(struct cor_program_joiner *joiner, const GArray *clauses, const char *type)
{
    g_autoptr(GArray) found = NULL;
    for (guint i = 0; i < clauses->len; i++) {
        g_autoptr(GArray) these =
            match_clause(joiner, &g_array_index(clauses, struct cor_join_clause, i));
        for (guint k = 0; found && k < found->len; k++)
            if (!contains(these, g_array_index(found, guint, k)))
                g_array_remove_index_fast(found, k--);
        if (!found)
            found = g_steal_pointer(&these);
    }
    guint only = G_MAXUINT, count = 0;
    for (guint i = 0; found && i < found->len; i++) {
        guint number = g_array_index(found, guint, i);
        const struct group *group = joiner->groups->pdata[number];
        if (g_strcmp0(type, "*") == 0 || g_strcmp0(type, group->type) == 0) {
            only = number;
            count++;
        }
    }
    return count == 1 ? only : G_MAXUINT;
}

static guint match(struct cor_program_joiner *joiner, const char *type)
{
    const GPtrArray *rules = cor_run_inbound(joiner->run->sources->pdata[0], type);
    for (guint i = 0; rules && i < rules->len; i++) {
        const struct cor_program_rule *rule = rules->pdata[i];
        if (rule->joins->len == 0 || !cor_run_in_scope(joiner->run, rule, COR_SIDE_SOURCE, 0))
            continue;
        for (guint k = 0; k < rule->joins->len; k++) {
            guint found = match_group(joiner, rule->joins->pdata[k], rule->rule->target_type);
            if (found != G_MAXUINT)
                return found;
        }
    }
    return G_MAXUINT;
}

static guint project(struct cor_program_joiner *joiner, const struct cor_program_object *object,
                     const char *type)
{
    const struct cor_run_source *at = joiner->run->sources->pdata[0];
    struct group *group = g_new0(struct group, 1);
    group->objects = g_ptr_array_new();
    group->connectors = g_ptr_array_new();
    group->keys = g_ptr_array_new_with_free_func(g_free);
    group->type = type;
    g_ptr_array_add(group->objects, (void *)object);
    g_ptr_array_add(group->connectors, (void *)at->connector);
    g_ptr_array_add(joiner->groups, group);
    remember(joiner, joiner->groups->len - 1);
    return joiner->groups->len - 1;
}

guint cor_program_joiner_add(struct cor_program_joiner *joiner,
                             const struct cor_program_object *object, const char **ret_error)
{
    struct cor_program_run *run = joiner->run;
    const struct cor_program_result *result = cor_program_evaluate(run, &object, 1);
    const struct cor_run_source *at = run->sources->pdata[0];
    *ret_error = NULL;
    guint found = run->engine->single_leg ? G_MAXUINT : match(joiner, object->type);
    if (found == G_MAXUINT)
        return result->in_scope ? project(joiner, object, result->mv_type) : G_MAXUINT;
    struct group *group = joiner->groups->pdata[found];
    if (g_ptr_array_find(group->connectors, at->connector, NULL)) {
        *ret_error = "ambiguous: another object of its directory already is the metaverse object "
                     "that it joins";
        return G_MAXUINT;
    }
    g_ptr_array_add(group->objects, (void *)object);
    g_ptr_array_add(group->connectors, (void *)at->connector);
    forget(joiner, found);
    cor_program_evaluate(run, (const struct cor_program_object *const *)group->objects->pdata,
                         group->objects->len);
    remember(joiner, found);
    return found;
}

const struct cor_program_object *const *
cor_program_joiner_objects(const struct cor_program_joiner *joiner, guint number, gsize *ret_n)
{
    const struct group *group = joiner->groups->pdata[number];
    *ret_n = group->objects->len;
    return (const struct cor_program_object *const *)group->objects->pdata;
}
