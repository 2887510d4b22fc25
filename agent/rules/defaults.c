/* SPDX-License-Identifier: Apache-2.0 */
/* Turning the tables of standard rules into rules. */
#include "agent/rules/defaults_private.h"

#include <string.h>

#define PREFIX "Microsoft."

static const struct rules_default_row *row_at(guint index)
{
    return index < rules_default_inbound_len
               ? &rules_default_inbound[index]
               : &rules_default_outbound[index - rules_default_inbound_len];
}

guint rules_default_count(void)
{
    return rules_default_inbound_len + rules_default_outbound_len;
}

char *rules_default_tag(guint index)
{
    const struct rules_default_row *row = row_at(index);
    return g_strdup_printf(PREFIX "%s.%s", row->tag, row->revision);
}

/* "Microsoft.NAME.NNN": the row of NAME, however the number reads. */
static const struct rules_default_row *find(const char *tag, const char **ret_revision)
{
    if (!g_str_has_prefix(tag, PREFIX))
        return NULL;
    const char *name = tag + strlen(PREFIX), *dot = strrchr(name, '.');
    gsize len = dot ? (gsize)(dot - name) : strlen(name);
    *ret_revision = dot ? dot + 1 : "";
    for (guint i = 0; i < rules_default_count(); i++) {
        const struct rules_default_row *row = row_at(i);
        if (strlen(row->tag) == len && g_ascii_strncasecmp(row->tag, name, len) == 0)
            return row;
    }
    return NULL;
}

/* --- scope and joins ------------------------------------------------------------------------- */

static void add_clause(GPtrArray *group, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 3);
    enum cor_rule_operator op = COR_RULE_EQUAL;
    gboolean known = cor_rule_operator_by_name(words[1], &op);
    g_assert(known);
    cor_rule_scope_group_add(group, words[0], op, words[2]);
}

static void add_join(GPtrArray *group, const char *text)
{
    g_auto(GStrv) sides = g_strsplit(text, "=", 2);
    cor_rule_join_group_add(group, sides[0], sides[1], FALSE);
}

static void add_groups(struct cor_rule *rule, const char *text,
                       GPtrArray *(*add_group)(struct cor_rule *rule),
                       void (*add)(GPtrArray *group, const char *text))
{
    g_auto(GStrv) groups = g_strsplit(text ? text : "", "|", -1);
    for (guint i = 0; groups[i]; i++) {
        g_auto(GStrv) items = g_strsplit(groups[i], ";", -1);
        GPtrArray *group = add_group(rule);
        for (guint j = 0; items[j]; j++)
            add(group, items[j]);
    }
}

/* --- mappings -------------------------------------------------------------------------------- */

static void add_name(struct cor_rule *rule, const struct rules_default_part *part, char *name)
{
    char *source = strchr(name, '<');
    if (source)
        *source++ = '\0';
    struct cor_rule_mapping *mapping = cor_rule_mapping_new(name);
    g_ptr_array_add(rule->mappings, mapping);
    switch (part->kind) {
    case RULES_DEFAULT_DIRECT:
        g_ptr_array_add(mapping->sources, g_strdup(source ? source : name));
        break;
    case RULES_DEFAULT_TRIM:
        mapping->expression = g_strdup_printf("Trim([%s])", name);
        break;
    case RULES_DEFAULT_CUT:
        mapping->expression = g_strdup_printf("Left(Trim([%s]),448)", name);
        break;
    case RULES_DEFAULT_FIRST:
        mapping->expression = g_strdup_printf(
            "IIF(IsNullOrEmpty([%s]),NULL,Left(Trim(Item([%s],1)),448))", name, name);
        break;
    case RULES_DEFAULT_EXPRESSION:
        mapping->expression = g_strdup(part->text);
        break;
    case RULES_DEFAULT_CONSTANT:
        mapping->constant = g_strdup(part->text);
        break;
    case RULES_DEFAULT_END:
        break;
    }
}

static void add_part(struct cor_rule *rule, const struct rules_default_part *part)
{
    g_auto(GStrv) names = g_strsplit(part->names, " ", -1);
    for (guint i = 0; names[i]; i++)
        add_name(rule, part, names[i]);
}

enum rules_default rules_default_fill(struct cor_rule *rule)
{
    const char *revision = "";
    const struct rules_default_row *row = find(rule->tag, &revision);
    rule->has_body = row != NULL;
    if (!row)
        return RULES_DEFAULT_UNKNOWN;
    rule->direction = row->direction;
    rule->link = row->link;
    g_free(rule->source_type);
    rule->source_type = g_strdup(row->source_type);
    g_free(rule->target_type);
    rule->target_type = g_strdup(row->target_type);
    rule->password_sync = row->password_sync;
    add_groups(rule, row->scope, cor_rule_add_scope_group, add_clause);
    add_groups(rule, row->join, cor_rule_add_join_group, add_join);
    for (guint i = 0; row->parts[i]; i++)
        for (const struct rules_default_part *part = row->parts[i]; part->kind; part++)
            add_part(rule, part);
    return strcmp(revision, row->revision) == 0 ? RULES_DEFAULT_KNOWN
                                                : RULES_DEFAULT_OTHER_REVISION;
}
