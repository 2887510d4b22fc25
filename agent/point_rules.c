/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sync rules a backup point is judged by: the latest point by the newest that were imported,
 * an older one by those that had been imported when it was taken, for want of such by the first;
 * and by the default rules where none are of this forest. rules_name says which and what to doubt.
 */
#include "agent/point.h"
#include "agent/store/rules.h"
#include "correlate/error.h"
#include "correlate/rules/engine.h"
#include "correlate/time.h"

#include <string.h>

static gboolean holds(const struct cor_connector *connector, const char *domain_dn)
{
    for (guint i = 0; i < connector->partitions->len; i++) {
        const struct cor_partition *partition = connector->partitions->pdata[i];
        if (g_ascii_strcasecmp(partition->dn, domain_dn) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Rules that name no partition at all, as those of Cloud Sync, are taken at their word. */
static gboolean is_of_forest(const struct cor_rule_set *set, const char *domain_dn)
{
    guint named = 0;
    for (guint i = 0; i < set->connectors->len && domain_dn; i++) {
        const struct cor_connector *connector = set->connectors->pdata[i];
        if (connector->cloud)
            continue;
        if (holds(connector, domain_dn))
            return TRUE;
        named += connector->partitions->len;
    }
    return named == 0;
}

static void use(struct point *point, const struct store_rule_set *stored,
                struct cor_program *program)
{
    guint problems = cor_program_problems(program)->len;
    g_autofree char *day = cor_time_text(stored->imported_us);
    g_autofree char *doubt =
        problems ? g_strdup_printf("; %u remarks, see rules show", problems) : g_strdup("");
    point->rules_name = g_strdup_printf("imported rules %" G_GINT64_FORMAT " (%.10s%s)",
                                        stored->number, day, doubt);
    point->rules = cor_flow_program_new(program, point->view->taken_us);
}

/* Number of the version for the point; 0: none were imported. */
static gboolean version_for(const struct point *point, gint64 *ret_number, GError **error)
{
    g_autoptr(GPtrArray) list = store_rules_list(point->store, error);
    struct store_point *latest = store_point_named(point->store, "latest", NULL);
    gboolean is_latest = !latest || latest->number <= point->info->number;
    gint64 time_us = is_latest ? G_MAXINT64 : point->view->taken_us;
    store_point_free(latest);
    *ret_number = 0;
    for (guint i = 0; list && i < list->len; i++) {
        const struct store_rule_set *set = list->pdata[i];
        if (*ret_number == 0 || set->imported_us <= time_us)
            *ret_number = set->number;
    }
    return list != NULL;
}

gboolean point_learn_rules(struct point *point, GError **error)
{
    gint64 number;
    if (!version_for(point, &number, error))
        return FALSE;
    if (number == 0) {
        point->rules_name = g_strdup("default rules");
        return TRUE;
    }
    struct store_rule_set *stored = store_rules_load(point->store, number, error);
    if (!stored)
        return FALSE;
    struct cor_rule_set *set = cor_rule_set_from_json(stored->document, error);
    gboolean known = set != NULL;
    if (known && is_of_forest(set, point->domain_dn))
        use(point, stored, cor_program_new(g_steal_pointer(&set)));
    else if (known)
        point->rules_name = g_strdup_printf("default rules (imported rules %" G_GINT64_FORMAT
                                            " are of another forest)",
                                            stored->number);
    cor_rule_set_free(set);
    store_rule_set_free(stored);
    return known;
}
