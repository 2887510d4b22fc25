/* SPDX-License-Identifier: Apache-2.0 */
/* Rules as they would be: a copy of a set with one thing changed. */
#include "agent/whatif.h"

#include "correlate/error.h"
#include "correlate/identity.h"

#include <string.h>

static struct cor_rule_set *copy_of(const struct cor_rule_set *rules, GError **error)
{
    COR_JSON_AUTO *json = cor_rule_set_to_json(rules);
    return cor_rule_set_from_json(json, error);
}

static struct cor_partition *partition_of(const struct cor_rule_set *rules, const char *dn)
{
    for (guint c = 0; c < rules->connectors->len; c++) {
        const struct cor_connector *connector = rules->connectors->pdata[c];
        for (guint p = 0; !connector->cloud && p < connector->partitions->len; p++) {
            struct cor_partition *partition = connector->partitions->pdata[p];
            if (cor_dn_lies_in(dn, partition->dn))
                return partition;
        }
    }
    return NULL;
}

/* What is said of the container itself and of anything below it gives way. */
static void remove_below(GPtrArray *containers, const char *dn)
{
    for (guint i = containers->len; i > 0; i--)
        if (cor_dn_lies_in(containers->pdata[i - 1], dn))
            g_ptr_array_remove_index(containers, i - 1);
}

struct cor_rule_set *whatif_rules_container(const struct cor_rule_set *rules, const char *dn,
                                            gboolean include, GError **error)
{
    struct cor_rule_set *copy = copy_of(rules, error);
    struct cor_partition *partition = copy ? partition_of(copy, dn) : NULL;
    if (!partition) {
        if (copy)
            g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND,
                        "no directory that the rules are connected to holds '%s'", dn);
        cor_rule_set_free(copy);
        return NULL;
    }
    remove_below(partition->inclusions, dn);
    remove_below(partition->exclusions, dn);
    g_ptr_array_add(include ? partition->inclusions : partition->exclusions, g_strdup(dn));
    return copy;
}

struct cor_rule_set *whatif_rules_without(const struct cor_rule_set *rules, const char *rule,
                                          GError **error)
{
    struct cor_rule_set *copy = copy_of(rules, error);
    guint found = 0;
    for (guint i = 0; copy && i < copy->rules->len; i++) {
        struct cor_rule *one = copy->rules->pdata[i];
        if (g_ascii_strcasecmp(one->name, rule) != 0 && g_ascii_strcasecmp(one->id, rule) != 0)
            continue;
        one->disabled = TRUE;
        found++;
    }
    if (copy && found == 1)
        return copy;
    if (copy)
        g_set_error(error, AGENT_ERROR, found ? COR_E_AMBIGUOUS : COR_E_NOT_FOUND,
                    found ? "%u rules are called '%s': name one by its id"
                          : "%u rules are called '%s'; 'rules show' lists them",
                    found, rule);
    cor_rule_set_free(copy);
    return NULL;
}
