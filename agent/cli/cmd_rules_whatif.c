/* SPDX-License-Identifier: Apache-2.0 */
/* rules whatif: what the next synchronization would do if something were changed on-premises. */
#include "agent/cli/cmd_rules_parts.h"

#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "agent/whatif.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 25 /* effects of one kind in text; JSON has them all */

/* What may be asked: word, number of arguments, and which of them is what. */
static const struct verb {
    const char *word;
    enum whatif_kind kind;
    guint args;
    const char *usage;
} verbs[] = {
    {"move", WHATIF_MOVE, 2, "move OBJECT NEW-PARENT"},
    {"delete", WHATIF_DELETE, 1, "delete OBJECT"},
    {"set", WHATIF_SET, 3, "set OBJECT ATTRIBUTE VALUE"},
    {"clear", WHATIF_SET, 2, "clear OBJECT ATTRIBUTE"},
    {"exclude", WHATIF_EXCLUDE, 1, "exclude CONTAINER"},
    {"include", WHATIF_INCLUDE, 1, "include CONTAINER"},
    {"disable", WHATIF_RULES, 1, "disable RULE"},
};

struct asking {
    struct cli *cli;
    const struct verb *verb;
    char **args;
    struct output output;
    GPtrArray *lines[WHATIF_UNCERTAIN + 1]; /* char *, for text */
    struct whatif_totals totals;
};

static const struct verb *verb_of(char **args, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    guint n = args[0] ? g_strv_length(args) - 1 : 0;
    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (args[0] && strcmp(args[0], verbs[i].word) == 0 && verbs[i].args == n)
            return &verbs[i];
        g_string_append_printf(known, "\n  rules whatif %s", verbs[i].usage);
    }
    g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "what should be changed?%s", known->str);
    return NULL;
}

/* --- effects ---------------------------------------------------------------------------------- */

static struct cor_json *loss_json(const struct whatif_loss *loss)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_int(json, "licences", loss->licences);
    cor_json_add_int(json, "groups", loss->groups);
    cor_json_add_int(json, "owned", loss->owned);
    cor_json_add_bool(json, "forGood", loss->for_good);
    return json;
}

static struct cor_json *effect_json(const struct whatif_effect *effect)
{
    struct cor_json *item = output_object(&effect->object, effect->peer.key ? &effect->peer : NULL);
    cor_json_add_string(item, "effect", whatif_effect_name(effect->kind));
    cor_json_add(item, "attribute", output_text(effect->property));
    cor_json_add(item, "old", output_value(effect->before));
    cor_json_add(item, "new", output_value(effect->after));
    cor_json_add(item, "rule", output_text(effect->rule));
    cor_json_add(item, "why", output_text(effect->why));
    cor_json_add(item, "loses",
                 effect->kind == WHATIF_DELETED ? loss_json(&effect->loss) : cor_json_new_null());
    return item;
}

static void append_count(GString *out, guint count, const char *one, const char *many)
{
    if (count)
        g_string_append_printf(out, "%s%u %s", out->len ? ", " : "", count,
                               count == 1 ? one : many);
}

static char *loss_text(const struct whatif_loss *loss)
{
    GString *out = g_string_new(NULL);
    append_count(out, loss->licences, "licence", "licences");
    append_count(out, loss->groups, "group membership", "group memberships");
    append_count(out, loss->owned, "object it owns", "objects it owns");
    g_string_append_printf(out, "%s%s", out->len ? "; " : "",
                           loss->for_good ? "not restorable" : "restorable for 30 days");
    return g_string_free(out, FALSE);
}

static char *effect_text(const struct whatif_effect *effect)
{
    g_autofree char *object = common_object(&effect->object);
    if (effect->kind == WHATIF_CHANGES) {
        g_autofree char *before = common_value(effect->before);
        g_autofree char *after = common_value(effect->after);
        return g_strdup_printf("%s  %s: %s -> %s", object, effect->property, before, after);
    }
    g_autofree char *loses = effect->kind == WHATIF_DELETED ? loss_text(&effect->loss) : NULL;
    return g_strdup_printf("%s  %s%s%s", object, effect->why ? effect->why : "", loses ? "; " : "",
                           loses ? loses : "");
}

static gboolean on_effect(const struct whatif_effect *effect, void *data, GError **error)
{
    (void)error;
    struct asking *asking = data;
    if (asking->cli->json)
        output_item(&asking->output, effect_json(effect));
    else if (asking->lines[effect->kind]->len < SHOWN)
        g_ptr_array_add(asking->lines[effect->kind], effect_text(effect));
    return TRUE;
}

/* --- words ------------------------------------------------------------------------------------ */

static enum text_style style_of(enum whatif_effect_kind kind)
{
    if (kind == WHATIF_DELETED || kind == WHATIF_FAILS)
        return TEXT_BAD;
    return kind == WHATIF_UNTOUCHED ? TEXT_DIM : TEXT_WARN;
}

static void print_effects(const struct asking *asking)
{
    static const char *const titles[] = {
        [WHATIF_APPEARS] = "would appear in the cloud",
        [WHATIF_TAKES] = "would become synchronized (hard match)",
        [WHATIF_RETURNS] = "would be restored from the deleted items",
        [WHATIF_CHANGES] = "would change, by property",
        [WHATIF_DELETED] = "would be deleted in the cloud",
        [WHATIF_FAILS] = "would stop synchronizing with an error",
        [WHATIF_UNTOUCHED] = "would stay as they are (managed in the cloud)",
        [WHATIF_UNCERTAIN] = "would come or go, and their other half is not certain",
    };
    for (int kind = 0; kind <= WHATIF_UNCERTAIN; kind++) {
        guint64 count = asking->totals.by_kind[kind];
        const GPtrArray *lines = asking->lines[kind];
        if (!count)
            continue;
        text_print(asking->cli, style_of(kind), "\n%" G_GUINT64_FORMAT " %s\n", count,
                   titles[kind]);
        for (guint i = 0; i < lines->len; i++) {
            g_autofree char *clean = text_clean(lines->pdata[i], 400);
            text_wrap(asking->cli, TEXT_PLAIN, 2, clean);
        }
        if (count > lines->len)
            text_print(asking->cli, TEXT_DIM,
                       "  ... and %" G_GUINT64_FORMAT " more (--format json lists all)\n",
                       count - lines->len);
    }
}

static void print_guard(const struct asking *asking, const struct cor_tenant *tenant)
{
    guint64 deletions = asking->totals.deletions;
    gint64 threshold = tenant->deletion_threshold;
    if (!deletions)
        return;
    const char *whose = threshold < 0 ? "the default; the tenant's own is not readable" : "tenant";
    if (threshold == 0)
        text_print(asking->cli, TEXT_BAD,
                   "\nThe guard against accidental deletions is off: nothing stops this.\n");
    else if (whatif_guard_stops(deletions, threshold))
        text_print(asking->cli, TEXT_WARN,
                   "\nThe guard would stop the export: %" G_GUINT64_FORMAT
                   " deletions, %" G_GINT64_FORMAT " are allowed (%s). Nothing is deleted until "
                   "somebody lifts it.\n",
                   deletions, threshold < 0 ? WHATIF_DELETION_THRESHOLD : threshold, whose);
    else
        text_print(asking->cli, TEXT_BAD,
                   "\nThe guard would not stop it: %" G_GUINT64_FORMAT
                   " deletions, %" G_GINT64_FORMAT " are allowed (%s).\n",
                   deletions, threshold < 0 ? WHATIF_DELETION_THRESHOLD : threshold, whose);
}

static struct cor_json *header(const struct asking *asking, const struct point *point)
{
    g_autofree char *change = g_strjoinv(" ", asking->args);
    struct cor_json *json = cor_json_new_object();
    cor_json_add_int(json, "at", point->info->number);
    cor_json_add_string(json, "change", change);
    cor_json_add_string(json, "rules", point->flow.rules_name);
    cor_json_add_int(json, "deletionThreshold", point->tenant.deletion_threshold);
    return json;
}

static void print_title(const struct asking *asking, const struct point *point)
{
    g_autofree char *change = g_strjoinv(" ", asking->args);
    g_autofree char *when = text_time(point->info->finished_us);
    text_print(asking->cli, TEXT_BOLD, "What if: %s\n", change);
    text_print(asking->cli, TEXT_DIM, "%s, backup point %" G_GINT64_FORMAT " (%s)\n",
               point->flow.rules_name, point->info->number, when);
}

/* --- the change ------------------------------------------------------------------------------- */

/* DN of what a person named; a DN is taken as it is, since a new parent may not exist yet. */
static char *dn_of(struct point *point, const char *name, GError **error)
{
    struct pair pair = {0};
    if (strchr(name, '='))
        return g_strdup(name);
    if (!pair_named(point->view, name, &pair, error))
        return NULL;
    char *dn = g_strdup(pair.ad ? cor_record_text(pair.ad, "distinguishedName") : NULL);
    if (!dn)
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                    "\"%s\" is not in Active Directory; the rules start there", name);
    pair_clear(&pair);
    return dn;
}

/* The rules as the change leaves them; NULL without error: as they are. */
static struct cor_rule_set *rules_after(const struct asking *asking,
                                        const struct cor_rule_set *rules, GError **error)
{
    switch (asking->verb->kind) {
    case WHATIF_EXCLUDE:
    case WHATIF_INCLUDE:
        return whatif_rules_container(rules, asking->args[1], asking->verb->kind == WHATIF_INCLUDE,
                                      error);
    case WHATIF_RULES:
        return whatif_rules_without(rules, asking->args[1], error);
    case WHATIF_MOVE:
    case WHATIF_DELETE:
    case WHATIF_SET:
        break;
    }
    return NULL;
}

static gboolean ask(struct asking *asking, struct point *point, GError **error)
{
    const struct verb *verb = asking->verb;
    gboolean everything = verb->kind == WHATIF_RULES;
    g_autofree char *dn = everything ? NULL : dn_of(point, asking->args[1], error);
    g_autofree char *parent =
        verb->kind == WHATIF_MOVE && dn ? dn_of(point, asking->args[2], error) : NULL;
    if ((!everything && !dn) || (verb->kind == WHATIF_MOVE && !parent))
        return FALSE;
    const struct cor_program *rules = cor_flow_program_compiled(point->rules);
    g_autofree char *attribute = NULL;
    if (verb->kind == WHATIF_SET) {
        attribute = whatif_rules_attribute(cor_program_rules(rules), asking->args[2],
                                           asking->args[3], error);
        if (!attribute)
            return FALSE;
    }
    const struct whatif_change change = {
        .kind = verb->kind,
        .dn = dn,
        .parent_dn = parent,
        .attribute = attribute,
        .value = verb->kind == WHATIF_SET ? asking->args[3] : NULL,
    };
    GError *failure = NULL;
    struct cor_rule_set *changed = rules_after(asking, cor_program_rules(rules), &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    struct cor_program *engine = changed ? cor_program_new(changed) : NULL;
    gboolean ok = whatif_run(point, rules, engine ? engine : rules, &change, on_effect, asking,
                             &asking->totals, error);
    cor_program_free(engine);
    return ok;
}

static int answer(struct asking *asking, struct point *point, GError **error)
{
    if (asking->cli->json)
        output_begin(&asking->output, asking->cli, "rules-whatif", header(asking, point));
    if (!ask(asking, point, error))
        return -1;
    if (!asking->cli->json)
        print_title(asking, point);
    guint64 effects = 0;
    for (int kind = 0; kind <= WHATIF_UNCERTAIN; kind++)
        effects += kind == WHATIF_UNTOUCHED ? 0 : asking->totals.by_kind[kind];
    if (asking->cli->json) {
        output_end(&asking->output);
        return effects ? CLI_FINDINGS : CLI_DONE;
    }
    print_effects(asking);
    print_guard(asking, &point->tenant);
    if (!effects)
        text_print(asking->cli, TEXT_GOOD, "\nNothing would change in the cloud.\n");
    text_print(asking->cli, TEXT_DIM,
               "\nObjects put through the rules: %" G_GUINT64_FORMAT ". Nothing was written.\n",
               asking->totals.objects);
    return effects ? CLI_FINDINGS : CLI_DONE;
}

int cmd_rules_whatif(struct cli *cli, char **args, const char *at, GError **error)
{
    struct asking asking = {.cli = cli, .args = args, .verb = verb_of(args, error)};
    if (!asking.verb)
        return -1;
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    POINT_AUTO *point = store ? cmd_rules_point(cli, store, at, error) : NULL;
    if (!point)
        return -1;
    for (gsize i = 0; i < G_N_ELEMENTS(asking.lines); i++)
        asking.lines[i] = g_ptr_array_new_with_free_func(g_free);
    int status = answer(&asking, point, error);
    for (gsize i = 0; i < G_N_ELEMENTS(asking.lines); i++)
        g_ptr_array_unref(asking.lines[i]);
    return status;
}
