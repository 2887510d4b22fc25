/* SPDX-License-Identifier: Apache-2.0 */
/* rules: the tenant's own sync rules, imported, shown and compared. */
#include "agent/cli/cmd_rules_parts.h"
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/rules_diff.h"
#include "agent/cli/text.h"
#include "agent/store/rules.h"
#include "agent/tenant_rules.h"

#include <stdio.h>
#include <string.h>

static char *option_version_name, *option_at;
static gboolean option_from_tenant;

const GOptionEntry cmd_rules_options[] = {
    {"version", 0, 0, G_OPTION_ARG_STRING, &option_version_name,
     "show: this version instead of the newest", "N"},
    {"at", 0, 0, G_OPTION_ARG_STRING, &option_at,
     "explain, whatif: this backup point instead of the latest", "N"},
    {"from-tenant", 0, 0, G_OPTION_ARG_NONE, &option_from_tenant,
     "import: read the Cloud Sync jobs of the tenant", NULL},
    G_OPTION_ENTRY_NULL,
};

/* --- versions -------------------------------------------------------------------------------- */

/* "3" or "latest" (also NULL): 0. FALSE with error. */
static gboolean parse_version(const char *text, gint64 *ret, GError **error)
{
    *ret = 0;
    if (!text || strcmp(text, "latest") == 0 ||
        g_ascii_string_to_signed(text, 10, 1, G_MAXINT32, ret, NULL))
        return TRUE;
    g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                "\"%s\" does not name a version of the rules: give a number or latest", text);
    return FALSE;
}

static struct store_rule_set *load(struct store *store, const char *version, GError **error)
{
    gint64 number;
    return parse_version(version, &number, error) ? store_rules_load(store, number, error) : NULL;
}

static struct cor_json *describe_version(const struct store_rule_set *set)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_int(json, "version", set->number);
    cor_json_add(json, "imported", output_time(set->imported_us));
    cor_json_add_string(json, "source", set->source);
    cor_json_add_string(json, "origin", set->origin);
    cor_json_add_string(json, "hash", set->hash);
    return json;
}

static int run_versions(struct cli *cli, char **args, GError **error)
{
    (void)args;
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    g_autoptr(GPtrArray) list = store ? store_rules_list(store, error) : NULL;
    if (!list)
        return -1;
    if (cli->json) {
        struct output output;
        output_begin(&output, cli, "rules-versions", NULL);
        for (guint i = 0; i < list->len; i++)
            output_item(&output, describe_version(list->pdata[i]));
        output_end(&output);
        return CLI_DONE;
    }
    static const char *const headings[] = {"version", "imported", "source", "from", NULL};
    struct text_table *table = text_table_new(headings);
    for (guint i = 0; i < list->len; i++) {
        const struct store_rule_set *set = list->pdata[i];
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, set->number);
        g_autofree char *when = text_time(set->imported_us);
        text_table_row(table, TEXT_PLAIN, number, when, set->source, set->origin, NULL);
    }
    text_table_print(cli, table);
    if (!list->len)
        printf("No sync rules were imported yet.\n");
    return CLI_DONE;
}

/* --- import ---------------------------------------------------------------------------------- */

enum { RULES, MAPPINGS, CONDITIONS, JOINS, CONNECTORS, OPTIONS, UNKNOWN, BODILESS, COUNTS };

static void count_set(const struct cor_rule_set *set, gint64 counts[COUNTS])
{
    memset(counts, 0, COUNTS * sizeof *counts);
    counts[RULES] = set->rules->len;
    counts[CONNECTORS] = set->connectors->len;
    counts[OPTIONS] = g_hash_table_size(set->options);
    counts[UNKNOWN] = set->unknown->len;
    for (guint i = 0; i < set->rules->len; i++) {
        const struct cor_rule *rule = set->rules->pdata[i];
        counts[MAPPINGS] += rule->mappings->len;
        counts[BODILESS] += !rule->has_body;
        for (guint j = 0; j < rule->scope->len; j++)
            counts[CONDITIONS] += ((const GPtrArray *)rule->scope->pdata[j])->len;
        for (guint j = 0; j < rule->join->len; j++)
            counts[JOINS] += ((const GPtrArray *)rule->join->pdata[j])->len;
    }
}

static const char *const count_names[COUNTS] = {
    "rules", "mappings", "conditions", "joins", "connectors", "options", "unknown", "withoutBody",
};

static void print_import(struct cli *cli, const struct rules_import *import,
                         const struct store_rule_set *stored, gboolean added, double seconds)
{
    gint64 counts[COUNTS];
    count_set(import->set, counts);
    if (cli->json) {
        struct output output;
        struct cor_json *header = describe_version(stored);
        cor_json_add_bool(header, "added", added);
        for (guint i = 0; i < COUNTS; i++)
            cor_json_add_int(header, count_names[i], counts[i]);
        cor_json_add(header, "seconds", cor_json_new_real(seconds));
        output_begin(&output, cli, "rules-import", header);
        for (guint i = 0; i < import->set->unknown->len; i++) {
            struct cor_json *item = cor_json_new_object();
            g_autofree char *text =
                g_strdup_printf("kept, not understood: %s", (char *)import->set->unknown->pdata[i]);
            cor_json_add_string(item, "finding", text);
            output_item(&output, item);
        }
        for (guint i = 0; i < import->findings->len; i++) {
            struct cor_json *item = cor_json_new_object();
            cor_json_add_string(item, "finding", import->findings->pdata[i]);
            output_item(&output, item);
        }
        output_end(&output);
        return;
    }
    if (added)
        text_print(cli, TEXT_GOOD, "Imported as version %" G_GINT64_FORMAT " of the rules.\n",
                   stored->number);
    else
        text_print(cli, TEXT_GOOD,
                   "Version %" G_GINT64_FORMAT " of the rules is the same; nothing was added.\n",
                   stored->number);
    for (guint i = 0; i < COUNTS - 1; i++)
        printf("  %-11s %6" G_GINT64_FORMAT "\n", count_names[i], counts[i]);
    if (counts[BODILESS])
        printf("  %-11s %6" G_GINT64_FORMAT "\n", "no body", counts[BODILESS]);
    for (guint i = 0; i < import->set->unknown->len; i++)
        text_print(cli, TEXT_WARN, "kept, not understood: %s\n",
                   (char *)import->set->unknown->pdata[i]);
    for (guint i = 0; i < import->findings->len; i++)
        text_print(cli, TEXT_WARN, "%s\n", (char *)import->findings->pdata[i]);
    text_print(cli, TEXT_DIM, "%.2f seconds\n", seconds);
}

/* From a path or the tenant, whichever was asked for; *ret_origin: which one, caller frees. */
static gboolean read_import(const struct cli *cli, const char *path, struct rules_import *ret,
                            char **ret_origin, GError **error)
{
    if (!path == !option_from_tenant) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                    "usage: anchorwatch rules import PATH, or rules import --from-tenant");
        return FALSE;
    }
    if (path) {
        *ret_origin = g_canonicalize_filename(path, NULL);
        return rules_import_path(path, ret, error);
    }
    if (!cli->config->has_entra) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "no [entra] section is configured");
        return FALSE;
    }
    *ret_origin = g_strdup_printf("Cloud Sync jobs of %s", cli->config->entra.source);
    return rules_import_tenant(&cli->config->entra, NULL, ret, error);
}

static int run_import(struct cli *cli, char **args, GError **error)
{
    gint64 start = g_get_monotonic_time(), number;
    gboolean added;
    struct rules_import import;
    g_autofree char *origin = NULL;
    if (!read_import(cli, args[0], &import, &origin, error))
        return -1;
    STORE_AUTO *store = common_store(cli, STORE_WRITE, error);
    COR_JSON_AUTO *document = cor_rule_set_to_json(import.set);
    gboolean ok =
        store && store_rules_add(store, document, cor_rules_source_name(import.set->source), origin,
                                 cli->now_us, &number, &added, error);
    struct store_rule_set *stored = ok ? store_rules_load(store, number, error) : NULL;
    if (stored)
        print_import(cli, &import, stored, added,
                     (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
    gboolean findings = import.findings->len || import.set->unknown->len;
    rules_import_clear(&import);
    if (!stored)
        return -1;
    store_rule_set_free(stored);
    return findings ? CLI_FINDINGS : CLI_DONE;
}

/* --- show ------------------------------------------------------------------------------------ */

static void print_group(struct cli *cli, const char *label, const GPtrArray *group,
                        void (*append)(GString *, const void *))
{
    g_autoptr(GString) line = g_string_new(label);
    for (guint i = 0; i < group->len; i++) {
        g_string_append(line, i ? " and " : "");
        append(line, group->pdata[i]);
    }
    text_wrap(cli, TEXT_PLAIN, 2, line->str);
}

static void append_clause(GString *out, const void *data)
{
    const struct cor_rule_clause *clause = data;
    g_string_append_printf(out, "%s %s", clause->attribute, cor_rule_operator_name(clause->op));
    if (clause->value)
        g_string_append_printf(out, " \"%s\"", clause->value);
}

static void append_join(GString *out, const void *data)
{
    const struct cor_rule_join *join = data;
    g_string_append_printf(out, "%s = metaverse %s%s", join->cs_attribute, join->mv_attribute,
                           join->case_sensitive ? " (case matters)" : "");
}

static void print_mapping(struct text_table *table, const struct cor_rule_mapping *mapping)
{
    g_autofree char *value = NULL;
    if (mapping->expression)
        value = g_strdup(mapping->expression);
    else if (mapping->constant)
        value = g_strdup_printf("\"%s\"", mapping->constant);
    else
        value = g_strdup(mapping->sources->len ? mapping->sources->pdata[0] : "-");
    g_autofree char *clean = text_clean(value, 0);
    text_table_row(table, TEXT_PLAIN, mapping->target,
                   mapping->merge == COR_RULE_UPDATE ? "" : cor_rule_merge_name(mapping->merge),
                   mapping->execute_once ? "once" : "", clean, NULL);
}

static void print_rule(struct cli *cli, const struct cor_rule_set *set, const struct cor_rule *rule)
{
    static const char *const headings[] = {"target", "merge", "when", "value", NULL};
    const struct cor_connector *connector = cor_rule_set_connector(set, rule->connector);
    text_print(cli, TEXT_BOLD, "%" G_GINT64_FORMAT "  %s%s\n", rule->precedence, rule->name,
               rule->disabled ? "  (disabled)" : "");
    printf("  %s, %s, %s -> %s, connector %s%s\n", cor_rule_direction_name(rule->direction),
           cor_rule_link_name(rule->link), rule->source_type, rule->target_type,
           connector ? connector->name : rule->connector,
           rule->password_sync ? ", synchronizes passwords" : "");
    printf("  %s%s\n", rule->tag && *rule->tag ? rule->tag : "custom rule",
           rule->has_body ? "" : ": what it does was not in the export and is not known");
    for (guint i = 0; i < rule->scope->len; i++)
        print_group(cli, i ? "or: " : "scope: ", rule->scope->pdata[i], append_clause);
    for (guint i = 0; i < rule->join->len; i++)
        print_group(cli, i ? "else join: " : "join: ", rule->join->pdata[i], append_join);
    if (!rule->mappings->len)
        return;
    struct text_table *table = text_table_new(headings);
    for (guint i = 0; i < rule->mappings->len; i++)
        print_mapping(table, rule->mappings->pdata[i]);
    text_table_print(cli, table);
}

static void print_list(struct cli *cli, const struct cor_rule_set *set)
{
    static const char *const headings[] = {"precedence", "rule", "types", "link",
                                           "mappings",   "tag",  NULL};
    struct text_table *table = text_table_new(headings);
    for (guint i = 0; i < set->rules->len; i++) {
        const struct cor_rule *rule = set->rules->pdata[i];
        g_autofree char *precedence = g_strdup_printf("%" G_GINT64_FORMAT, rule->precedence);
        g_autofree char *types = g_strdup_printf("%s -> %s", rule->source_type, rule->target_type);
        g_autofree char *mappings =
            rule->has_body ? g_strdup_printf("%u", rule->mappings->len) : g_strdup("unknown");
        text_table_row(table, rule->disabled ? TEXT_DIM : TEXT_PLAIN, precedence, rule->name, types,
                       rule->disabled ? "disabled" : cor_rule_link_name(rule->link), mappings,
                       rule->tag && *rule->tag ? rule->tag : "custom", NULL);
    }
    text_table_print(cli, table);
}

/* By name, id, tag or precedence. */
static gboolean is_named(const struct cor_rule *rule, const char *name)
{
    g_autofree char *precedence = g_strdup_printf("%" G_GINT64_FORMAT, rule->precedence);
    return g_ascii_strcasecmp(rule->name, name) == 0 || g_ascii_strcasecmp(rule->id, name) == 0 ||
           (rule->tag && g_ascii_strcasecmp(rule->tag, name) == 0) || strcmp(precedence, name) == 0;
}

static void show_json(struct cli *cli, const struct cor_rule_set *set,
                      const struct store_rule_set *stored, const char *name)
{
    struct output output;
    output_begin(&output, cli, "rules", describe_version(stored));
    for (guint i = 0; i < set->rules->len; i++)
        if (!name || is_named(set->rules->pdata[i], name))
            output_item(&output, cor_rule_to_json(set->rules->pdata[i]));
    output_end(&output);
}

static void show_text(struct cli *cli, const struct cor_rule_set *set,
                      const struct store_rule_set *stored, const char *name)
{
    g_autofree char *when = text_time(stored->imported_us);
    text_print(cli, TEXT_DIM, "version %" G_GINT64_FORMAT ", imported %s from %s\n", stored->number,
               when, stored->origin);
    if (!name)
        print_list(cli, set);
    for (guint i = 0; name && i < set->rules->len; i++)
        if (is_named(set->rules->pdata[i], name))
            print_rule(cli, set, set->rules->pdata[i]);
}

static gboolean check_name(const struct cor_rule_set *set, const char *name, GError **error)
{
    if (!name)
        return TRUE;
    for (guint i = 0; i < set->rules->len; i++)
        if (is_named(set->rules->pdata[i], name))
            return TRUE;
    g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND,
                "no rule is named \"%s\": give a name, id, tag or precedence", name);
    return FALSE;
}

static int run_show(struct cli *cli, char **args, GError **error)
{
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    struct store_rule_set *stored = store ? load(store, option_version_name, error) : NULL;
    if (!stored)
        return -1;
    struct cor_rule_set *set = cor_rule_set_from_json(stored->document, error);
    gboolean ok = set && check_name(set, args[0], error);
    if (ok && cli->json)
        show_json(cli, set, stored, args[0]);
    else if (ok)
        show_text(cli, set, stored, args[0]);
    cor_rule_set_free(set);
    store_rule_set_free(stored);
    return ok ? CLI_DONE : -1;
}

/* --- diff ------------------------------------------------------------------------------------ */

static void print_item(struct cli *cli, const struct cor_json *item)
{
    text_print(cli, TEXT_BOLD, "%s %s: %s\n", cor_json_get_string(item, "what"),
               cor_json_get_string(item, "kind"), cor_json_get_string(item, "name"));
    const struct cor_json *changes = cor_json_get(item, "changes");
    for (const struct cor_json *n = cor_json_first(changes); n; n = cor_json_next(n)) {
        static const char *const sides[] = {"old", "new"};
        printf("  %s\n", cor_json_get_string(n, "part"));
        for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
            g_autofree char *text = cor_json_to_text(cor_json_get(n, sides[i]));
            g_autofree char *clean = text_clean(text, 0);
            text_print(cli, i ? TEXT_GOOD : TEXT_BAD, "    %s: %s\n", sides[i], clean);
        }
    }
}

static void print_diff(struct cli *cli, const struct store_rule_set *a,
                       const struct store_rule_set *b, const struct cor_json *items)
{
    struct output output;
    if (cli->json) {
        struct cor_json *header = cor_json_new_object();
        cor_json_add_int(header, "from", a->number);
        cor_json_add_int(header, "to", b->number);
        output_begin(&output, cli, "rules-diff", header);
    } else {
        printf("rules, version %" G_GINT64_FORMAT " -> %" G_GINT64_FORMAT "%s\n", a->number,
               b->number, cor_json_size(items) ? "" : ": no difference");
    }
    for (const struct cor_json *n = cor_json_first(items); n; n = cor_json_next(n)) {
        if (cli->json)
            output_item(&output, cor_json_copy(n));
        else
            print_item(cli, n);
    }
    if (cli->json)
        output_end(&output);
}

/* Without names the newest is held against the one before it. */
static struct store_rule_set *load_older(struct store *store, const struct store_rule_set *newer,
                                         const char *name, GError **error)
{
    return name ? load(store, name, error)
                : store_rules_load(store, MAX(newer->number - 1, 1), error);
}

static int run_diff(struct cli *cli, char **args, GError **error)
{
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    const char *newer_name = args[0] ? args[1] : NULL;
    struct store_rule_set *newer = store ? load(store, newer_name, error) : NULL;
    struct store_rule_set *older = newer ? load_older(store, newer, args[0], error) : NULL;
    int status = -1;
    if (older) {
        COR_JSON_AUTO *items = rules_diff(older->document, newer->document);
        print_diff(cli, older, newer, items);
        status = cor_json_size(items) ? CLI_FINDINGS : CLI_DONE;
    }
    store_rule_set_free(older);
    store_rule_set_free(newer);
    return status;
}

/* --- the command ----------------------------------------------------------------------------- */

struct point *cmd_rules_point(const struct cli *cli, struct store *store, const char *at,
                              GError **error)
{
    POINT_AUTO *point = common_point(cli, store, at, error);
    if (!point)
        return NULL;
    common_warn_point(cli, point);
    if (point->rules)
        return g_steal_pointer(&point);
    g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                "this needs the tenant's own rules (anchorwatch rules import PATH), and there are "
                "only the %s",
                point->flow.rules_name);
    return NULL;
}

static int run_explain(struct cli *cli, char **args, GError **error)
{
    return cmd_rules_explain(cli, args, option_at, error);
}

static int run_whatif(struct cli *cli, char **args, GError **error)
{
    return cmd_rules_whatif(cli, args, option_at, error);
}

static const struct {
    const char *name, *usage;
    guint min_args, max_args;
    int (*run)(struct cli *cli, char **args, GError **error);
} subcommands[] = {
    {"import", "PATH|--from-tenant", 0, 1, run_import},
    {"show", "[RULE]", 0, 1, run_show},
    {"diff", "[A [B]]", 0, 2, run_diff},
    {"versions", "", 0, 0, run_versions},
    {"explain", "OBJECT [PROPERTY]", 1, 2, run_explain},
    {"whatif", "CHANGE", 0, 4, run_whatif},
};

int cmd_rules(struct cli *cli, char **args, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(subcommands); i++) {
        if (strcmp(args[0], subcommands[i].name) != 0)
            continue;
        guint n = g_strv_length(args + 1);
        if (n >= subcommands[i].min_args && n <= subcommands[i].max_args)
            return subcommands[i].run(cli, args + 1, error);
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "usage: anchorwatch rules %s %s",
                    subcommands[i].name, subcommands[i].usage);
        return -1;
    }
    g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                "unknown subcommand \"%s\": rules import, show, diff, versions, explain or whatif",
                args[0]);
    return -1;
}
