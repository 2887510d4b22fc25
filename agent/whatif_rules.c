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

/* --- attributes ------------------------------------------------------------------------------- */

static const char *kind_of(const struct cor_rule_set *rules, const char *name,
                           const char **ret_name)
{
    for (guint c = 0; c < rules->connectors->len; c++) {
        const struct cor_connector *connector = rules->connectors->pdata[c];
        GHashTableIter iter;
        gpointer key, kind;
        if (connector->cloud)
            continue;
        g_hash_table_iter_init(&iter, connector->syntaxes);
        while (g_hash_table_iter_next(&iter, &key, &kind))
            if (g_ascii_strcasecmp(key, name) == 0) {
                *ret_name = key;
                return kind;
            }
    }
    return NULL;
}

/* Rules of Cloud Sync come without a schema: what their mappings name is known then. */
static const char *mentioned(const struct cor_rule_set *rules, const char *name)
{
    for (guint r = 0; r < rules->rules->len; r++) {
        const struct cor_rule *rule = rules->rules->pdata[r];
        for (guint m = 0; m < rule->mappings->len; m++) {
            const GPtrArray *sources =
                ((struct cor_rule_mapping *)rule->mappings->pdata[m])->sources;
            for (guint i = 0; i < sources->len; i++)
                if (g_ascii_strcasecmp(sources->pdata[i], name) == 0)
                    return sources->pdata[i];
        }
    }
    return NULL;
}

static gboolean is_value(const char *kind, const char *value)
{
    gint64 number;
    if (g_str_has_prefix(kind, "integer"))
        return g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &number, NULL);
    if (g_str_has_prefix(kind, "boolean"))
        return g_ascii_strcasecmp(value, "true") == 0 || g_ascii_strcasecmp(value, "false") == 0;
    return TRUE;
}

char *whatif_rules_attribute(const struct cor_rule_set *rules, const char *name,
                             const char *value_or_null, GError **error)
{
    const char *known = NULL, *kind = kind_of(rules, name, &known);
    if (!kind && !(known = mentioned(rules, name))) {
        g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND,
                    "no rule reads an attribute \"%s\" of Active Directory", name);
        return NULL;
    }
    if (kind && g_str_has_prefix(kind, "dn")) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                    "%s is a reference; what if it led elsewhere is not answered here", known);
        return NULL;
    }
    if (kind && value_or_null && !is_value(kind, value_or_null)) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "%s holds %s values, and \"%s\" is none",
                    known, kind, value_or_null);
        return NULL;
    }
    return g_strdup(known);
}
