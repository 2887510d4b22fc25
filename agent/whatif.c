/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects that a change reaches, each put through the rules before and after. A change of rules
 * reaches every object, anything else the tree below its object. References keep their targets,
 * which are found by GUID wherever they move.
 */
#include "agent/whatif.h"

#include "agent/ruled.h"
#include "correlate/authority.h"
#include "correlate/error.h"
#include "correlate/rules/names.h"

#include <string.h>

const char *whatif_effect_name(enum whatif_effect_kind kind)
{
    static const char *const names[] = {"appears", "takes over", "returns",   "changes",
                                        "deleted", "fails",      "untouched", "uncertain"};
    return names[kind];
}

struct whatif;
/* What a run's question for membership needs to know. */
struct side {
    struct whatif *whatif;
    gboolean after;
};

struct whatif {
    struct point *point; /* borrowed */
    const struct whatif_change *change;
    struct side sides[2];
    struct cor_program_run *before, *after; /* owned */
    gboolean everything;                    /* the change reaches objects outside its tree */
    guint depth;                            /* components of change->dn */
    GError *failure; /* of the store, behind a question of the rules that cannot answer so */
    whatif_func func;
    void *data;
    struct whatif_totals *totals;
};

/* --- the object as it would be ---------------------------------------------------------------- */

/* Where a component of a DN ends: at a comma that is not escaped, or at the end. */
static const char *component_end(const char *dn)
{
    while (*dn && *dn != ',')
        dn += *dn == '\\' && dn[1] ? 2 : 1;
    return dn;
}

static guint components(const char *dn)
{
    guint n = 0;
    for (const char *at = dn; *at; at = *at ? at + 1 : at) {
        at = component_end(at);
        n++;
        if (!*at)
            break;
    }
    return n;
}

/* The DN that an object below the moved one gets: its own first components, then the new place. */
static char *moved_dn(const struct whatif *whatif, const char *dn)
{
    guint own = components(dn) - whatif->depth + 1; /* with the moved object's own name */
    const char *end = dn;
    for (guint i = 0; i < own; i++) {
        end = component_end(end);
        if (*end && i + 1 < own)
            end++;
    }
    return g_strdup_printf("%.*s,%s", (int)(end - dn), dn, whatif->change->parent_dn);
}

/* The type that the value had, or had none: the rules coerce text as their schema says. */
static struct cor_json *value_like(const struct cor_json *old, const char *value)
{
    struct cor_json *list;
    switch (cor_json_type(old)) {
    case COR_JSON_INT:
        return cor_json_new_int(g_ascii_strtoll(value, NULL, 10));
    case COR_JSON_BOOL:
        return cor_json_new_bool(g_ascii_strcasecmp(value, "true") == 0);
    case COR_JSON_ARRAY:
        list = cor_json_new_array();
        cor_json_append(list, cor_json_new_string(value));
        return list;
    default:
        return cor_json_new_string(value);
    }
}

static void set_attribute(struct cor_record *record, const char *attribute, const char *value)
{
    if (value)
        cor_json_set(record->attributes, attribute,
                     value_like(cor_record_get(record, attribute), value));
    else
        cor_json_remove(record->attributes, attribute);
}

static gboolean in_tree(const struct whatif *whatif, const char *dn)
{
    return whatif->change->dn && dn && cor_dn_lies_in(dn, whatif->change->dn);
}

/* NULL: it would not exist. */
static struct cor_record *as_it_would_be(const struct whatif *whatif,
                                         const struct cor_record *record)
{
    struct cor_record *copy = NULL;
    if (!in_tree(whatif, cor_record_text(record, "distinguishedName")))
        return cor_record_copy(record);
    switch (whatif->change->kind) {
    case WHATIF_DELETE:
        return NULL;
    case WHATIF_MOVE: {
        g_autofree char *dn = moved_dn(whatif, cor_record_text(record, "distinguishedName"));
        copy = cor_record_copy(record);
        cor_json_set(copy->attributes, "distinguishedName", cor_json_new_string(dn));
        return copy;
    }
    case WHATIF_SET:
        copy = cor_record_copy(record);
        set_attribute(copy, whatif->change->attribute, whatif->change->value);
        return copy;
    case WHATIF_EXCLUDE:
    case WHATIF_INCLUDE:
    case WHATIF_RULES:
        break;
    }
    return cor_record_copy(record);
}

/* --- through the rules ------------------------------------------------------------------------ */

static const struct cor_program_result *evaluate(struct cor_program_run *run,
                                                 const struct cor_program_object *object)
{
    return cor_program_evaluate(run, &object, 1);
}

/* --- effects ---------------------------------------------------------------------------------- */

static gboolean give(struct whatif *whatif, const struct pair *pair, struct whatif_effect *effect,
                     GError **error)
{
    cor_object_ref_set(&effect->object, pair->ad);
    if (pair->entra)
        cor_object_ref_set(&effect->peer, pair->entra);
    whatif->totals->by_kind[effect->kind]++;
    whatif->totals->deletions += effect->kind == WHATIF_DELETED;
    gboolean ok = whatif->func(effect, whatif->data, error);
    cor_object_ref_clear(&effect->object);
    cor_object_ref_clear(&effect->peer);
    cor_json_free(effect->before);
    cor_json_free(effect->after);
    g_free(effect->why);
    return ok;
}

/* Cloud-only groups keep a deleted user nowhere; the engine's own groups are written anew. */
static gboolean count_loss(struct whatif *whatif, const struct cor_record *entra,
                           struct whatif_loss *loss, GError **error)
{
    struct cor_view *view = whatif->point->view;
    g_autoptr(GPtrArray) groups = view->links(view, COR_ENTRA, "member", entra->key, TRUE, error);
    g_autoptr(GPtrArray) owned =
        groups ? view->links(view, COR_ENTRA, "owner", entra->key, TRUE, error) : NULL;
    if (!owned)
        return FALSE;
    loss->groups = groups->len;
    loss->owned = owned->len;
    loss->licences = cor_json_size(cor_record_get(entra, "assignedLicenses"));
    /* synchronized groups, contacts and devices have no deleted items (connect/recycle-bin) */
    loss->for_good = strcmp(entra->type, COR_TYPE_USER) != 0;
    return TRUE;
}

static char *why_not(const struct cor_program_result *result)
{
    if (!result)
        return g_strdup("the AD object would be gone");
    if (!result->in_scope)
        return g_strdup(result->why ? result->why : "no rule takes it in");
    if (result->cloud_filtered)
        return g_strdup("a rule filters it from the cloud (cloudFiltered)");
    return g_strdup("no outbound rule provisions it");
}

/* Several cloud objects could be the other half: what happens to which is not guessed. */
static gboolean is_uncertain(const struct pair *pair)
{
    return !pair->entra &&
           (pair->outcome == COR_MATCH_AMBIGUOUS || pair->outcome == COR_MATCH_MISMATCH);
}

static gboolean doubts(struct whatif *whatif, const struct pair *pair, GError **error)
{
    struct whatif_effect effect = {
        .kind = WHATIF_UNCERTAIN,
        .why = g_strdup("its other half is not certain: see 'anchorwatch anchors'"),
    };
    return give(whatif, pair, &effect, error);
}

static gboolean leaves(struct whatif *whatif, const struct pair *pair,
                       const struct cor_program_result *after, GError **error)
{
    struct whatif_effect effect = {.kind = WHATIF_DELETED, .why = why_not(after)};
    if (!pair->entra || pair->entra->life != COR_LIVE) {
        g_free(effect.why);
        return TRUE; /* the cloud has nothing to lose */
    }
    if (cor_soa_of(pair->entra, pair->ad) != COR_SOA_ONPREM) {
        effect.kind = WHATIF_UNTOUCHED;
        g_free(effect.why);
        effect.why = g_strdup("the cloud object is not under the engine's authority");
    } else if (!count_loss(whatif, pair->entra, &effect.loss, error)) {
        g_free(effect.why);
        return FALSE;
    }
    return give(whatif, pair, &effect, error);
}

static gboolean enters(struct whatif *whatif, const struct pair *pair, GError **error)
{
    struct whatif_effect effect = {.kind = WHATIF_APPEARS};
    if (!pair->entra)
        effect.why = g_strdup("no cloud object carries its anchor");
    else if (pair->entra->life == COR_DELETED) {
        effect.kind = WHATIF_RETURNS;
        effect.why = g_strdup("its anchor fits an object among the deleted items");
    } else if (cor_soa_of(pair->entra, pair->ad) == COR_SOA_CONVERTED) {
        effect.kind = WHATIF_UNTOUCHED;
        effect.why = g_strdup("the cloud object is managed in the cloud");
    } else {
        effect.kind = WHATIF_TAKES;
        effect.why = g_strdup("its anchor fits this cloud object (hard match)");
    }
    return give(whatif, pair, &effect, error);
}

/* The names by which a property is known: Graph's where it has one. */
static const char *shown_name(const char *cloud_type, const char *name)
{
    const struct cor_name *row = cor_name_of_cs(cloud_type, name);
    return row && row->graph ? row->graph : name;
}

static gboolean same_outcome(const struct cor_program_property *a,
                             const struct cor_program_property *b)
{
    gboolean empty_a = a->outcome != COR_PROGRAM_VALUE, empty_b = b->outcome != COR_PROGRAM_VALUE;
    if (a->outcome == COR_PROGRAM_LEAVE || b->outcome == COR_PROGRAM_LEAVE)
        return TRUE; /* what no rule writes stays as it is */
    return empty_a || empty_b ? empty_a == empty_b : cor_value_same(&a->value, &b->value, FALSE);
}

static gboolean compare(struct whatif *whatif, const struct pair *pair, const char *cloud_type,
                        GError **error)
{
    gsize n_before, n_after, i = 0;
    const struct cor_program_property *before = cor_program_properties(whatif->before, &n_before);
    const struct cor_program_property *after = cor_program_properties(whatif->after, &n_after);
    for (gsize k = 0; k < n_after; k++) {
        while (i < n_before && strcmp(before[i].name, after[k].name) < 0)
            i++;
        struct cor_program_property none = {.outcome = COR_PROGRAM_REMOVE};
        gboolean both = i < n_before && strcmp(before[i].name, after[k].name) == 0;
        const struct cor_program_property *then = both ? &before[i] : &none;
        if (after[k].once || after[k].outcome == COR_PROGRAM_ERROR || same_outcome(then, &after[k]))
            continue;
        struct whatif_effect effect = {
            .kind = WHATIF_CHANGES,
            .property = shown_name(cloud_type, after[k].name),
            .before = then->outcome == COR_PROGRAM_VALUE ? cor_value_to_json(&then->value) : NULL,
            .after =
                after[k].outcome == COR_PROGRAM_VALUE ? cor_value_to_json(&after[k].value) : NULL,
            .rule = after[k].rule ? after[k].rule->name : NULL,
        };
        if (!give(whatif, pair, &effect, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean stays(struct whatif *whatif, const struct pair *pair,
                      const struct cor_program_result *before,
                      const struct cor_program_result *after, GError **error)
{
    gsize n;
    if (pair->entra && cor_soa_of(pair->entra, pair->ad) == COR_SOA_CONVERTED)
        return TRUE;
    (void)cor_program_properties(whatif->before,
                                 &n); /* errors show when everything was asked for */
    (void)cor_program_properties(whatif->after, &n);
    if (!after->error || before->error)
        return after->error ? TRUE : compare(whatif, pair, after->cloud_type, error);
    struct whatif_effect effect = {.kind = WHATIF_FAILS, .why = g_strdup(after->error)};
    return give(whatif, pair, &effect, error);
}

static gboolean provisioned(const struct cor_program_result *result)
{
    return result && result->in_scope && result->cloud_type && !result->cloud_filtered;
}

static gboolean effect_of(struct whatif *whatif, const struct pair *pair,
                          const struct cor_program_result *before,
                          const struct cor_program_result *after, GError **error)
{
    gboolean was = provisioned(before), is = provisioned(after);
    if (was != is && is_uncertain(pair))
        return doubts(whatif, pair, error);
    if (was && is)
        return stays(whatif, pair, before, after, error);
    return was ? leaves(whatif, pair, after, error) : enters(whatif, pair, error);
}

static gboolean judge(struct whatif *whatif, const struct cor_record *record, GError **error)
{
    struct ruled ruled;
    struct pair pair = {0};
    if (!ruled_read(whatif->point->view, record, &ruled, error))
        return FALSE;
    COR_RECORD_AUTO *changed = as_it_would_be(whatif, record);
    struct cor_program_object now = changed ? ruled_as(&ruled, changed) : ruled.object;
    const struct cor_program_result *before = evaluate(whatif->before, &ruled.object);
    const struct cor_program_result *after = changed ? evaluate(whatif->after, &now) : NULL;
    gboolean ok = !whatif->failure;
    whatif->totals->objects++;
    if (whatif->failure)
        g_propagate_error(error, g_steal_pointer(&whatif->failure));
    else if (provisioned(before) || provisioned(after))
        ok = pair_of(whatif->point->view, cor_record_copy(record), &pair, error) &&
             effect_of(whatif, &pair, before, after, error);
    pair_clear(&pair);
    ruled_clear(&ruled);
    return ok;
}

/* --- run -------------------------------------------------------------------------------------- */

static struct cor_reader *reached(const struct whatif *whatif, GError **error)
{
    struct cor_view *view = whatif->point->view;
    return whatif->everything ? view->read(view, COR_AD, NULL, error)
                              : store_view_read_tree(view, whatif->change->dn, error);
}

static gboolean is_object_itself(const struct whatif *whatif, const struct cor_record *record)
{
    const char *dn = cor_record_text(record, "distinguishedName");
    return dn && components(dn) == whatif->depth;
}

static gboolean walk(struct whatif *whatif, GError **error)
{
    const struct cor_record *record = NULL;
    gboolean ok, found = FALSE, only = whatif->change->kind == WHATIF_SET;
    struct cor_reader *reader = reached(whatif, error);
    if (!reader)
        return FALSE;
    while ((ok = reader->next(reader, &record, error)) && record) {
        found = found || in_tree(whatif, cor_record_text(record, "distinguishedName"));
        if (record->life != COR_LIVE || (only && !is_object_itself(whatif, record)))
            continue;
        ok = judge(whatif, record, error);
        if (!ok)
            break;
    }
    reader->close(reader);
    if (ok && !found && whatif->change->dn) {
        g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND, "nothing is called '%s' in this point",
                    whatif->change->dn);
        return FALSE;
    }
    return ok;
}

static gboolean look_for_member(struct whatif *whatif, const char *group_dn, const char *key,
                                gboolean *ret, GError **error)
{
    struct cor_view *view = whatif->point->view;
    g_autoptr(GPtrArray) groups = view->find(view, COR_AD, COR_ID_DN, group_dn, error);
    *ret = FALSE;
    if (!groups || groups->len == 0)
        return groups != NULL;
    const struct cor_record *group = groups->pdata[0];
    g_autoptr(GPtrArray) members = view->links(view, COR_AD, "member", group->key, FALSE, error);
    *ret = members && g_ptr_array_find_with_equal_func(members, key, g_str_equal, NULL);
    return members != NULL;
}

/* Membership for group filtering, by the DN that the filter names: a group that was deleted or
 * moved is not called so any more. */
static gboolean is_member(const struct cor_program_object *object, const char *group_dn, void *data)
{
    const struct side *side = data;
    struct whatif *whatif = side->whatif;
    gboolean is = FALSE;
    if ((side->after && in_tree(whatif, group_dn) &&
         (whatif->change->kind == WHATIF_DELETE || whatif->change->kind == WHATIF_MOVE)) ||
        whatif->failure)
        return FALSE;
    (void)look_for_member(whatif, group_dn, object->id, &is, &whatif->failure);
    return is;
}

/* Does a filter by group membership hang on a group in the tree? */
static gboolean filters_by(const struct whatif *whatif, const struct cor_rule_set *rules)
{
    for (guint r = 0; r < rules->rules->len; r++) {
        const struct cor_rule *rule = rules->rules->pdata[r];
        for (guint g = 0; g < rule->scope->len; g++) {
            const GPtrArray *group = rule->scope->pdata[g];
            for (guint c = 0; c < group->len; c++) {
                const struct cor_rule_clause *clause = group->pdata[c];
                if (clause->op == COR_RULE_IS_MEMBER_OF && in_tree(whatif, clause->value))
                    return TRUE;
            }
        }
    }
    return FALSE;
}

gboolean whatif_run(struct point *point, const struct cor_program *rules,
                    const struct cor_program *rules_after, const struct whatif_change *change,
                    whatif_func func, void *data, struct whatif_totals *ret, GError **error)
{
    struct whatif whatif = {.point = point,
                            .change = change,
                            .depth = change->dn ? components(change->dn) : 0,
                            .func = func,
                            .data = data,
                            .totals = ret};
    struct cor_program_options options = {.now_us = point->info->finished_us,
                                          .is_member = is_member};
    *ret = (struct whatif_totals){0};
    whatif.sides[0] = (struct side){&whatif, FALSE};
    whatif.sides[1] = (struct side){&whatif, TRUE};
    whatif.everything = !change->dn || filters_by(&whatif, cor_program_rules(rules));
    options.data = &whatif.sides[0];
    whatif.before = cor_program_run_new(rules, &options);
    options.data = &whatif.sides[1];
    whatif.after = cor_program_run_new(rules_after, &options);
    gboolean ok = walk(&whatif, error);
    cor_program_run_free(whatif.before);
    cor_program_run_free(whatif.after);
    g_clear_error(&whatif.failure);
    return ok;
}

gboolean whatif_guard_stops(guint64 deletions, gint64 threshold)
{
    gint64 limit = threshold < 0 ? WHATIF_DELETION_THRESHOLD : threshold;
    return limit > 0 && deletions > (guint64)limit;
}
