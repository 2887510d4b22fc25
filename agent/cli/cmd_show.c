/* SPDX-License-Identifier: Apache-2.0 */
/* show: both halves of one object side by side, who owns it, and who owns each attribute. */
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "correlate/authority.h"
#include "correlate/flow.h"
#include "correlate/semantic.h"
#include "correlate/title.h"
#include "graph/resource.h"

#include <stdio.h>
#include <string.h>

static char *option_at;

const GOptionEntry cmd_show_options[] = {
    {"at", 0, 0, G_OPTION_ARG_STRING, &option_at, "backup point (default: latest)", "N"},
    G_OPTION_ENTRY_NULL,
};

static const char *entra_type_of(const struct pair *pair)
{
    return pair->entra ? pair->entra->type : cor_flow_peer_type(COR_AD, pair->ad->type);
}

static struct cor_json *attribute_json(const struct cor_record *record, const char *name,
                                       const struct cor_json *value, enum cor_owner owner,
                                       const char *source)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "directory", cor_directory_name(record->directory));
    cor_json_add_string(json, "attribute", name);
    cor_json_add(json, "value", output_value(value));
    cor_json_add_string(json, "owner", cor_owner_name(owner));
    cor_json_add(json, "source", output_text(source));
    cor_json_add(json, "metadata", output_value(cor_json_get(record->metadata, name)));
    return json;
}

/* Members of these containers are attributes of their own. */
static gboolean is_container(const char *name)
{
    return strcmp(name, "onPremisesExtensionAttributes") == 0;
}

typedef void (*attribute_func)(const struct cor_record *record, const char *name,
                               const struct cor_json *value, void *data);

static void each_attribute(const struct cor_record *record, attribute_func func, void *data)
{
    for (const struct cor_json *n = cor_json_first(record->attributes); n; n = cor_json_next(n)) {
        if (!is_container(cor_json_key(n))) {
            func(record, cor_json_key(n), n, data);
            continue;
        }
        for (const struct cor_json *m = cor_json_first(n); m; m = cor_json_next(m)) {
            g_autofree char *name = g_strdup_printf("%s.%s", cor_json_key(n), cor_json_key(m));
            func(record, name, m, data);
        }
    }
}

struct showing {
    struct cli *cli;
    struct point *point;
    const struct pair *pair;
    enum cor_soa soa;
    struct cor_json *list;
    struct text_table *table;
};

static void show_attribute(const struct cor_record *record, const char *name,
                           const struct cor_json *value, void *data)
{
    struct showing *showing = data;
    const char *type = entra_type_of(showing->pair);
    gboolean entra = record->directory == COR_ENTRA;
    const struct cor_flow_rule *rule =
        entra && type ? cor_flow_rule_for(&showing->point->flow, type, name) : NULL;
    enum cor_owner owner =
        entra ? cor_owner_of(&showing->point->flow, showing->soa, type, name) : COR_OWNER_ONPREM;
    const char *source = rule ? rule->sources : NULL;
    if (showing->list) {
        cor_json_append(showing->list, attribute_json(record, name, value, owner, source));
        return;
    }
    /* an id means nothing to people; what it stands for is said before it */
    g_autofree char *named =
        entra ? cor_title_reference(showing->point->view, NULL, record, name) : NULL;
    g_autofree char *plain = common_value(value);
    g_autofree char *text = named ? g_strdup_printf("%s (%s)", named, plain) : g_strdup(plain);
    const struct cor_json *metadata = cor_json_get(record->metadata, name);
    const char *time = cor_json_get_string(metadata, "time");
    gint64 version = 0;
    cor_json_int(cor_json_get(metadata, "version"), &version);
    g_autofree char *written =
        time ? g_strdup_printf("%s, version %" G_GINT64_FORMAT, time, version) : NULL;
    text_table_row(showing->table, TEXT_PLAIN, name, text,
                   entra ? cor_owner_name(owner) : (written ? written : ""),
                   entra ? (source ? source : "") : NULL, NULL);
}

static void show_links(struct showing *showing, const struct cor_record *record, const char *kind)
{
    struct cor_view *view = showing->point->view;
    g_autoptr(GPtrArray) keys =
        view->links(view, record->directory, kind, record->key, FALSE, NULL);
    for (guint i = 0; keys && i < keys->len; i++) {
        COR_RECORD_AUTO *target = view->get(view, record->directory, keys->pdata[i], NULL);
        cor_title_apply(view, NULL, target);
        COR_JSON_AUTO *value =
            cor_json_new_string(target ? target->name : (const char *)keys->pdata[i]);
        show_attribute(record, kind, value, showing);
    }
}

/* What the table of resources reads of such an object, beside its manager. */
static void each_kind(struct showing *showing, const struct cor_record *record)
{
    static const char *const ad_kinds[] = {"member", "manager", "owner", "managedBy"};
    if (record->directory == COR_AD) {
        for (gsize i = 0; i < G_N_ELEMENTS(ad_kinds); i++)
            show_links(showing, record, ad_kinds[i]);
        return;
    }
    show_links(showing, record, "manager");
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_resource *resource = &entra_resources[i];
        if (resource->life != COR_LIVE || strcmp(resource->type, record->type) != 0)
            continue;
        for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
            show_links(showing, record, at->kind);
    }
}

static void show_half(struct showing *showing, const struct cor_record *record)
{
    static const char *const ad_headings[] = {"attribute", "value", "last originating write", NULL};
    static const char *const entra_headings[] = {"attribute", "value", "owner", "fed by", NULL};
    gboolean entra = record->directory == COR_ENTRA;
    if (!showing->list) {
        g_autofree char *name = text_clean(record->name, 100);
        text_print(showing->cli, TEXT_BOLD, "\n%s %s  %s%s%s\n",
                   entra ? "Entra" : "Active Directory", record->type, name,
                   record->life == COR_LIVE ? "" : ", ",
                   record->life == COR_LIVE ? "" : cor_life_name(record->life));
        showing->table = text_table_new(entra ? entra_headings : ad_headings);
    }
    each_attribute(record, show_attribute, showing);
    each_kind(showing, record);
    if (!showing->list)
        text_table_print(showing->cli, showing->table);
}

static void show_json(struct showing *showing)
{
    const struct pair *pair = showing->pair;
    struct cor_object_ref object = {0}, peer = {0};
    cor_object_ref_set(&object, pair->ad ? pair->ad : pair->entra);
    if (pair->ad && pair->entra)
        cor_object_ref_set(&peer, pair->entra);
    struct output output;
    struct cor_json *head = cor_json_new_object();
    cor_json_add_int(head, "snapshot", showing->point->info->number);
    cor_json_add_string(head, "rules", showing->point->flow.rules_name);
    output_begin(&output, showing->cli, "show", head);
    struct cor_json *item = output_object(&object, &peer);
    cor_json_add_string(item, "authority", cor_soa_name(showing->soa));
    cor_json_add(item, "tiedBy",
                 output_text(pair->ad && pair->entra ? cor_identifier_name(pair->by) : NULL));
    cor_json_add_string(item, "state", cor_life_name((pair->ad ? pair->ad : pair->entra)->life));
    showing->list = cor_json_new_array();
    if (pair->ad)
        show_half(showing, pair->ad);
    if (pair->entra)
        show_half(showing, pair->entra);
    cor_json_add(item, "attributes", showing->list);
    output_item(&output, item);
    output_end(&output);
    cor_object_ref_clear(&object);
    cor_object_ref_clear(&peer);
}

static void show_text(struct showing *showing)
{
    const struct pair *pair = showing->pair;
    const struct cli *cli = showing->cli;
    g_autofree char *name = text_clean((pair->ad ? pair->ad : pair->entra)->name, 100);
    g_autofree char *anchor = pair->ad ? cor_anchor_of(pair->ad) : NULL;
    text_print(cli, TEXT_BOLD, "%s", name);
    text_print(cli, TEXT_PLAIN, "\n  source of authority: ");
    text_print(cli, TEXT_NOTE, "%s\n", cor_soa_name(showing->soa));
    if (pair->ad && pair->entra)
        printf("  halves tied by: %s%s%s%s\n", cor_identifier_name(pair->by),
               anchor ? " (anchor " : "", anchor ? anchor : "", anchor ? ")" : "");
    else if (anchor)
        printf("  source anchor: %s\n", anchor);
    if (pair->outcome == COR_MATCH_AMBIGUOUS || pair->outcome == COR_MATCH_MISMATCH)
        text_print(cli, TEXT_WARN, "  the other half is not certain: see 'anchorwatch anchors'\n");
    printf("  %s\n", showing->point->flow.rules_name);
    if (pair->ad)
        show_half(showing, pair->ad);
    if (pair->entra)
        show_half(showing, pair->entra);
}

int cmd_show(struct cli *cli, char **args, GError **error)
{
    struct pair pair = {0};
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    POINT_AUTO *point = store ? common_point(cli, store, option_at, error) : NULL;
    if (!point || !pair_named(point->view, args[0], &pair, error))
        return -1;
    cor_title_apply(point->view, NULL, pair.entra);
    struct showing showing = {
        .cli = cli, .point = point, .pair = &pair, .soa = cor_soa_of(pair.entra, pair.ad)};
    if (cli->json)
        show_json(&showing);
    else
        show_text(&showing);
    pair_clear(&pair);
    return CLI_DONE;
}
