/* SPDX-License-Identifier: Apache-2.0 */
/* anchors: what ties the two halves of each object, what is wrong with it, and how to repair it. */
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "correlate/anchor.h"
#include "correlate/rules/engine.h"
#include "correlate/time.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 20 /* objects per finding in text; --kind shows all */

static char *option_at, *option_since;
static char **option_kinds;

const GOptionEntry cmd_anchors_options[] = {
    {"at", 0, 0, G_OPTION_ARG_STRING, &option_at, "backup point, or live (default: latest)", "N"},
    {"since", 0, 0, G_OPTION_ARG_STRING, &option_since,
     "earlier backup point to compare with, or none (default: the one before)", "N"},
    {"kind", 0, 0, G_OPTION_ARG_STRING_ARRAY, &option_kinds,
     "only findings of this kind; may be repeated", "KIND"},
    G_OPTION_ENTRY_NULL,
};

struct anchors {
    struct cli *cli;
    const char *named; /* OBJECT, or NULL */
    struct point *point, *older;
    struct cor_anchor_report report;
    struct pair pair; /* the named object */
    struct output output;
    guint64 listed, above_note;
};

/* --- what both forms need --------------------------------------------------------------------- */

static gboolean wanted(const struct anchors *anchors, const struct cor_anchor_finding *finding)
{
    if (option_kinds && !g_strv_contains((const char *const *)option_kinds, finding->row->id))
        return FALSE;
    if (!anchors->named)
        return TRUE;
    const struct cor_record *halves[] = {anchors->pair.ad, anchors->pair.entra};
    for (gsize i = 0; i < G_N_ELEMENTS(halves); i++)
        if (halves[i] && (g_strcmp0(halves[i]->key, finding->key) == 0 ||
                          g_strcmp0(halves[i]->key, finding->peer) == 0))
            return TRUE;
    return FALSE;
}

/* Records of one finding; either may be NULL. */
struct halves {
    struct cor_record *object, *peer;
};

static void halves_clear(struct halves *halves)
{
    cor_record_free(halves->object);
    cor_record_free(halves->peer);
}

static gboolean halves_of(const struct anchors *anchors, const struct cor_anchor_finding *finding,
                          struct halves *ret, GError **error)
{
    struct cor_view *view = anchors->point->view;
    g_autoptr(GError) failed = NULL;
    enum cor_directory other = finding->directory == COR_AD ? COR_ENTRA : COR_AD;
    *ret = (struct halves){0};
    if (finding->key)
        ret->object = view->get(view, finding->directory, finding->key, &failed);
    if (finding->peer && !failed)
        ret->peer = view->get(view, finding->peer_same_side ? finding->directory : other,
                              finding->peer, &failed);
    if (!failed)
        return TRUE;
    halves_clear(ret);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

static const struct cor_record *side(const struct halves *halves, enum cor_directory directory)
{
    if (halves->object && halves->object->directory == directory)
        return halves->object;
    return halves->peer && halves->peer->directory == directory ? halves->peer : NULL;
}

static enum cor_anchor_outcome outcome_of(const struct anchors *anchors,
                                          const struct cor_anchor_row *row)
{
    return cor_anchor_outcome(&anchors->report, &anchors->point->tenant, row);
}

static char *unread(const struct anchors *anchors)
{
    const struct cor_anchor_report *report = &anchors->report;
    return g_strdup_printf("%s%s%s", report->roles_known ? "" : "directory roles",
                           report->roles_known || report->identifiers_known ? "" : ", ",
                           report->identifiers_known ? "" : "onPremisesObjectIdentifier");
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct cor_json *identifiers(const struct anchors *anchors, const struct cor_record *ad,
                                    const struct cor_record *entra)
{
    struct cor_json *json = cor_json_new_object();
    g_autofree char *guid = ad ? cor_anchor_from_guid(ad->key) : NULL;
    g_autofree char *now = ad ? cor_anchor_in_force(ad, anchors->report.attribute) : NULL;
    cor_json_add(json, "objectGUID", output_text(ad ? ad->key : NULL));
    cor_json_add(json, "objectGUIDAnchor", output_text(guid));
    cor_json_add(json, "consistencyGuid",
                 output_text(ad ? cor_record_first(ad, "mS-DS-ConsistencyGuid") : NULL));
    cor_json_add(json, "anchorInForce", output_text(now));
    cor_json_add(json, "immutableId",
                 output_text(entra ? cor_record_text(entra, "onPremisesImmutableId") : NULL));
    cor_json_add(json, "onPremisesObjectIdentifier",
                 output_text(entra ? cor_record_text(entra, "onPremisesObjectIdentifier") : NULL));
    return json;
}

static void print_json(struct anchors *anchors, const struct cor_anchor_finding *finding,
                       const struct halves *halves)
{
    const struct cor_anchor_row *row = finding->row;
    struct cor_object_ref object = {0}, peer = {0};
    if (halves->object)
        cor_object_ref_set(&object, halves->object);
    if (halves->peer)
        cor_object_ref_set(&peer, halves->peer);
    struct cor_json *json = output_object(&object, &peer);
    const struct cor_record *ad = side(halves, COR_AD), *entra = side(halves, COR_ENTRA);
    g_autoptr(GPtrArray) steps = cor_anchor_steps(row, ad, entra);
    cor_json_add_string(json, "kind", row->id);
    cor_json_add_string(json, "severity", cor_anchor_severity_name(row->severity));
    cor_json_add_string(json, "outcome", cor_anchor_outcome_name(outcome_of(anchors, row)));
    cor_json_add_string(json, "condition", row->condition);
    cor_json_add_string(json, "consequence", row->consequence);
    cor_json_add_string(json, "text", finding->text);
    cor_json_add(json, "identifiers", identifiers(anchors, ad, entra));
    cor_json_add(json, "repair", output_steps(steps));
    cor_json_add_string(json, "confidence", cor_confidence_name(row->confidence));
    cor_json_add_string(json, "source", row->source);
    output_item(&anchors->output, json);
    cor_object_ref_clear(&object);
    cor_object_ref_clear(&peer);
}

static struct cor_json *header(const struct anchors *anchors, enum cor_health health)
{
    const struct cor_anchor_report *report = &anchors->report;
    const struct point *point = anchors->point;
    struct cor_json *json = cor_json_new_object();
    cor_json_add_int(json, "snapshot", point->info->number);
    if (anchors->older)
        cor_json_add_int(json, "since", anchors->older->info->number);
    else
        cor_json_add(json, "since", cor_json_new_null());
    cor_json_add_string(json, "rules", point->flow.rules_name);
    cor_json_add_string(json, "engine", cor_engine_name(point->tenant.engine));
    cor_json_add_string(json, "sync", common_health_words(health));
    cor_json_add(json, "lastSync", output_time(point->tenant.last_sync_us));
    struct cor_json *attribute = cor_json_new_object();
    cor_json_add_string(attribute, "name", cor_anchor_attribute_name(report->attribute));
    cor_json_add_string(attribute, "by", report->attribute_by);
    cor_json_add_int(attribute, "fitsConsistencyGuid", (gint64)report->fits_consistency);
    cor_json_add_int(attribute, "fitsObjectGuidOnly", (gint64)report->fits_guid_only);
    cor_json_add(json, "anchorAttribute", attribute);
    cor_json_add_bool(json, "rolesRead", report->roles_known);
    cor_json_add_bool(json, "identifiersRead", report->identifiers_known);
    cor_json_add(json, "object",
                 anchors->named ? identifiers(anchors, anchors->pair.ad, anchors->pair.entra)
                                : cor_json_new_null());
    return json;
}

/* --- text ------------------------------------------------------------------------------------- */

static enum text_style style_of(enum cor_anchor_severity severity)
{
    static const enum text_style styles[] = {
        [COR_ANCHOR_NOTE] = TEXT_NOTE,
        [COR_ANCHOR_WARNING] = TEXT_WARN,
        [COR_ANCHOR_ERROR] = TEXT_BAD,
        [COR_ANCHOR_ALARM] = TEXT_BAD,
    };
    return styles[severity];
}

static void print_title(const struct anchors *anchors, enum cor_health health)
{
    const struct cor_anchor_report *report = &anchors->report;
    const struct cli *cli = anchors->cli;
    const struct point *point = anchors->point;
    g_autofree char *when = text_time(point->info->finished_us);
    g_autofree char *last = text_time(point->tenant.last_sync_us);
    text_print(cli, TEXT_BOLD, "Anchors at backup point %" G_GINT64_FORMAT " (%s)\n",
               point->info->number, when);
    if (anchors->older)
        text_print(cli, TEXT_DIM, "compared with backup point %" G_GINT64_FORMAT "\n",
                   anchors->older->info->number);
    text_print(cli, TEXT_DIM, "%s, sync by %s is %s, last sync %s\n", point->flow.rules_name,
               cor_engine_name(point->tenant.engine), common_health_words(health), last);
    text_print(cli, TEXT_DIM,
               "anchor attribute: %s, by %s (%" G_GUINT64_FORMAT
               " users fit mS-DS-ConsistencyGuid, %" G_GUINT64_FORMAT " objectGUID alone)\n",
               cor_anchor_attribute_name(report->attribute), report->attribute_by,
               report->fits_consistency, report->fits_guid_only);
    g_autofree char *missing = unread(anchors);
    if (*missing)
        text_print(cli, TEXT_DIM, "not read, so the hardening of 2026 is only partly judged: %s\n",
                   missing);
}

static void print_steps(const struct cli *cli, const GPtrArray *steps, guint indent,
                        gboolean commands)
{
    for (guint i = 0; i < steps->len; i++) {
        const struct cor_step *step = steps->pdata[i];
        g_autofree char *line = g_strdup_printf("%u. %s: %s", i + 1, step->where, step->text);
        text_wrap(cli, TEXT_PLAIN, indent, line);
        g_auto(GStrv) lines = commands && step->command ? g_strsplit(step->command, "\n", 0) : NULL;
        for (guint l = 0; lines && lines[l]; l++) {
            g_autofree char *clean = text_clean(lines[l], 0);
            text_print(cli, TEXT_DIM, "%*s%s\n", (int)indent + 6, "", clean);
        }
    }
}

static void print_kind(const struct anchors *anchors, const struct cor_anchor_row *row, guint n)
{
    const struct cli *cli = anchors->cli;
    text_print(cli, style_of(row->severity), "\n%s  %s", cor_anchor_severity_name(row->severity),
               row->id);
    text_print(cli, TEXT_BOLD, "  %u finding%s", n, n == 1 ? "" : "s");
    text_print(cli, TEXT_DIM, "  next cycle: %s\n",
               cor_anchor_outcome_name(outcome_of(anchors, row)));
    g_autofree char *what = g_strdup_printf("%s.", row->condition);
    g_autofree char *then = g_strdup_printf("Consequence: %s.", row->consequence);
    g_autofree char *by =
        g_strdup_printf("(%s: %s)", cor_confidence_name(row->confidence), row->source);
    text_wrap(cli, TEXT_PLAIN, 2, what);
    text_wrap(cli, TEXT_PLAIN, 2, then);
    g_autoptr(GPtrArray) steps = cor_anchor_steps(row, NULL, NULL);
    if (steps->len && !anchors->named) {
        text_wrap(cli, TEXT_PLAIN, 2, "Repair:");
        print_steps(cli, steps, 4, FALSE);
    }
    text_wrap(cli, TEXT_DIM, 2, by);
}

static char *name_of(const struct cor_record *record)
{
    return text_clean(!record ? "-" : record->name ? record->name : record->key, 60);
}

static void add_row(struct text_table *table, const struct cor_anchor_finding *finding,
                    const struct halves *halves)
{
    g_autofree char *object = name_of(halves->object);
    g_autofree char *peer = name_of(halves->peer);
    g_autofree char *name = g_strdup_printf("  %s", finding->key ? object : "(many)");
    text_table_row(table, TEXT_PLAIN, name,
                   finding->key ? cor_directory_name(finding->directory) : "", peer, finding->text,
                   NULL);
}

/* One kind: findings [from, to) of the report. */
static gboolean print_group(struct anchors *anchors, guint from, guint to, GError **error)
{
    static const char *const headings[] = {"  object", "in", "other object", "what is so", NULL};
    const GPtrArray *findings = anchors->report.findings;
    guint n = 0, left = 0;
    for (guint i = from; i < to; i++)
        n += wanted(anchors, findings->pdata[i]);
    if (n == 0)
        return TRUE;
    const struct cor_anchor_finding *first = findings->pdata[from];
    print_kind(anchors, first->row, n);
    struct text_table *table = text_table_new(headings);
    gboolean ok = TRUE;
    for (guint i = from; ok && i < to; i++) {
        const struct cor_anchor_finding *finding = findings->pdata[i];
        struct halves halves = {0};
        if (!wanted(anchors, finding) || (!option_kinds && n - left == SHOWN && ++left))
            continue;
        if (!(ok = halves_of(anchors, finding, &halves, error)))
            break;
        add_row(table, finding, &halves);
        if (anchors->named) {
            g_autoptr(GPtrArray) steps =
                cor_anchor_steps(finding->row, side(&halves, COR_AD), side(&halves, COR_ENTRA));
            print_steps(anchors->cli, steps, 4, TRUE);
        }
        halves_clear(&halves);
    }
    text_table_print(anchors->cli, table);
    return ok;
}

static void print_named(const struct anchors *anchors)
{
    static const char *const headings[] = {"identifier", "value", NULL};
    COR_JSON_AUTO *json = identifiers(anchors, anchors->pair.ad, anchors->pair.entra);
    struct text_table *table = text_table_new(headings);
    for (const struct cor_json *n = cor_json_first(json); n; n = cor_json_next(n))
        text_table_row(table, TEXT_PLAIN, cor_json_key(n),
                       cor_json_string(n) ? cor_json_string(n) : "-", NULL);
    putchar('\n');
    text_table_print(anchors->cli, table);
}

/* --- the listing ------------------------------------------------------------------------------ */

static gboolean list_json(struct anchors *anchors, GError **error)
{
    const GPtrArray *findings = anchors->report.findings;
    for (guint i = 0; i < findings->len; i++) {
        struct halves halves = {0};
        if (!wanted(anchors, findings->pdata[i]))
            continue;
        if (!halves_of(anchors, findings->pdata[i], &halves, error))
            return FALSE;
        print_json(anchors, findings->pdata[i], &halves);
        halves_clear(&halves);
    }
    output_end(&anchors->output);
    return TRUE;
}

static gboolean list_text(struct anchors *anchors, GError **error)
{
    const GPtrArray *findings = anchors->report.findings;
    if (anchors->named)
        print_named(anchors);
    for (guint from = 0, to = 0; from < findings->len; from = to) {
        const struct cor_anchor_finding *first = findings->pdata[from];
        while (to < findings->len &&
               ((const struct cor_anchor_finding *)findings->pdata[to])->row == first->row)
            to++;
        if (!print_group(anchors, from, to, error))
            return FALSE;
    }
    if (anchors->listed == 0)
        text_print(anchors->cli, TEXT_GOOD, "\nEvery object is tied as it should be.\n");
    else
        text_print(anchors->cli, TEXT_BOLD,
                   "\n%" G_GUINT64_FORMAT " findings, %" G_GUINT64_FORMAT " above a note; "
                   "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " AD objects are tied\n",
                   anchors->listed, anchors->above_note, anchors->report.tied,
                   anchors->report.ad_objects);
    return TRUE;
}

static gboolean list(struct anchors *anchors, GError **error)
{
    const struct point *point = anchors->point;
    /* a stored point is judged as of its own time */
    enum cor_health health =
        cor_tenant_health(&point->tenant, point_tenant_now(point, point->info->finished_us));
    for (guint i = 0; i < anchors->report.findings->len; i++) {
        const struct cor_anchor_finding *finding = anchors->report.findings->pdata[i];
        anchors->listed += wanted(anchors, finding);
        anchors->above_note += wanted(anchors, finding) && finding->row->severity > COR_ANCHOR_NOTE;
    }
    if (anchors->cli->json) {
        output_begin(&anchors->output, anchors->cli, "anchors", header(anchors, health));
        return list_json(anchors, error);
    }
    print_title(anchors, health);
    return list_text(anchors, error);
}

/* The point to compare with; *ret stays NULL when there is none and nobody asked for one. */
static gboolean open_older(struct anchors *anchors, struct store *store, GError **error)
{
    g_autoptr(GError) failed = NULL;
    if (g_strcmp0(option_since, "none") == 0)
        return TRUE;
    g_autofree char *before =
        g_strdup_printf("%" G_GINT64_FORMAT, anchors->point->info->number - 1);
    struct store_point *info =
        store_point_named(store, option_since ? option_since : before, &failed);
    if (!info && !option_since && g_error_matches(failed, STORE_ERROR, COR_E_NOT_FOUND))
        return TRUE;
    if (!info) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    gint64 number = info->number;
    store_point_free(info);
    anchors->older = point_open(anchors->cli->config, store, number, error);
    return anchors->older != NULL;
}

/* What the imported rules say feeds the anchor (the wizard's choice, MV.xml). */
static enum cor_anchor_attribute told_by_rules(const struct point *point)
{
    const struct cor_program *program = cor_flow_program_compiled(point->rules);
    const char *name = program
                           ? cor_rule_set_option(cor_program_rules(program),
                                                 "Microsoft.SynchronizationOption.AnchorAttribute")
                           : NULL;
    if (!name)
        return COR_ANCHORED_UNKNOWN;
    if (g_ascii_strcasecmp(name, "objectGUID") == 0)
        return COR_ANCHORED_GUID;
    return g_ascii_strcasecmp(name, "mS-DS-ConsistencyGuid") == 0 ? COR_ANCHORED_CONSISTENCY
                                                                  : COR_ANCHORED_UNKNOWN;
}

static gboolean judge(struct anchors *anchors, GError **error)
{
    const struct point *point = anchors->point, *older = anchors->older;
    gboolean usable = older && older->ad_complete && older->entra_complete;
    struct cor_anchor_input input = {
        .view = point->view,
        .older = usable ? older->view : NULL,
        .flow = &point->flow,
        .tenant = &point->tenant,
        .ad_complete = point->ad_complete,
        .entra_complete = point->entra_complete,
        .hint = told_by_rules(point),
    };
    if (older && !usable)
        cli_note("backup point %" G_GINT64_FORMAT " is not complete: nothing is compared with it",
                 older->info->number);
    return cor_anchor_judge(&input, &anchors->report, error);
}

static int run(void *data, struct store *store, const char *name, GError **error)
{
    struct anchors *anchors = data;
    POINT_AUTO *point = common_point(anchors->cli, store, name, error);
    anchors->point = point;
    if (!point || !open_older(anchors, store, error))
        return -1;
    POINT_AUTO *older = anchors->older;
    (void)older; /* closed with this frame */
    if (anchors->named && !pair_named(point->view, anchors->named, &anchors->pair, error))
        return -1;
    gboolean ok = judge(anchors, error) && list(anchors, error);
    cor_anchor_report_clear(&anchors->report);
    pair_clear(&anchors->pair);
    if (!ok)
        return -1;
    return anchors->above_note ? CLI_FINDINGS : CLI_DONE;
}

static gboolean known_kinds(GError **error)
{
    for (char **kind = option_kinds; kind && *kind; kind++)
        if (!cor_anchor_row(*kind)) {
            g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                        "no finding of kind '%s'; docs/anchors.md lists them", *kind);
            return FALSE;
        }
    return TRUE;
}

int cmd_anchors(struct cli *cli, char **args, GError **error)
{
    struct anchors anchors = {.cli = cli, .named = args[0]};
    gboolean live = g_strcmp0(option_at, "live") == 0;
    if (!known_kinds(error))
        return -1;
    STORE_AUTO *store = common_store(cli, live ? STORE_WRITE : STORE_READ, error);
    if (!store)
        return -1;
    return live ? common_live(cli, store, run, &anchors, error)
                : run(&anchors, store, option_at, error);
}
