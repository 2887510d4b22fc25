/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a row of the decision table to an answer: health and engine choose the column, what AD
 * implies decides whether anything is overwritten at all, and every answer says why, how surely,
 * until when, and what would work instead.
 */
#include "correlate/forecast.h"

#include "correlate/forecast_private.h"
#include "correlate/semantic.h"
#include "correlate/time.h"

#include <string.h>

const char *cor_action_name(enum cor_action action)
{
    static const char *const names[] = {
        [COR_ACTION_UPDATE] = "update",
        [COR_ACTION_RESTORE] = "restore",
        [COR_ACTION_SOFT_DELETE] = "softDelete",
        [COR_ACTION_CREATE] = "create",
        [COR_ACTION_LINK] = "link",
        [COR_ACTION_UNLINK] = "unlink",
    };
    return names[action];
}

const char *cor_verdict_name(enum cor_verdict verdict)
{
    static const char *const names[] = {
        [COR_VERDICT_UNKNOWN] = "unknown",
        [COR_VERDICT_REFUSED] = "refused",
        [COR_VERDICT_OVERWRITTEN] = "overwritten",
        [COR_VERDICT_OVERWRITTEN_LATER] = "overwritten-later",
        [COR_VERDICT_DURABLE] = "durable",
        [COR_VERDICT_CONFLICT] = "conflict",
        [COR_VERDICT_RECREATED] = "recreated",
        [COR_VERDICT_NO_OP] = "no-op",
        [COR_VERDICT_UNRECOVERABLE] = "unrecoverable",
    };
    return names[verdict];
}

const char *cor_confidence_name(enum cor_confidence confidence)
{
    static const char *const names[] = {
        [COR_INFERRED] = "inferred",
        [COR_REPORTED] = "reported",
        [COR_DOCUMENTED] = "documented",
    };
    return names[confidence];
}

gboolean cor_verdict_doomed(enum cor_verdict verdict)
{
    return verdict != COR_VERDICT_DURABLE && verdict != COR_VERDICT_NO_OP;
}

/* --- column and verdict ---------------------------------------------------------------------- */

static enum cor_verdict choose_verdict(const struct cor_judgement *judgement,
                                       const struct cor_situation *s)
{
    const struct cor_forecast_row *row = cor_forecast_row(judgement->row);
    if (judgement->settled)
        return judgement->verdict;
    enum cor_verdict verdict = s->tenant->engine == COR_ENGINE_CLOUDSYNC ? row->cloudsync
                               : cor_forecast_is_stalled(s)              ? row->stalled
                                                                         : row->running;
    gboolean undone = verdict == COR_VERDICT_OVERWRITTEN ||
                      verdict == COR_VERDICT_OVERWRITTEN_LATER || verdict == COR_VERDICT_RECREATED;
    return undone && judgement->agrees ? COR_VERDICT_DURABLE : verdict;
}

/* Does the answer lean on what the default rules say rather than on mastership alone? */
static gboolean leans_on_rules(enum cor_verdict verdict, const struct cor_judgement *judgement)
{
    return judgement->agrees || verdict == COR_VERDICT_OVERWRITTEN ||
           verdict == COR_VERDICT_OVERWRITTEN_LATER;
}

static enum cor_confidence choose_confidence(const struct cor_forecast *forecast,
                                             const struct cor_judgement *judgement,
                                             const struct cor_situation *s)
{
    enum cor_confidence confidence = forecast->row->confidence;
    gboolean by_engine = forecast->row->running != forecast->row->cloudsync;
    if (judgement->doubtful || judgement->settled ||
        (by_engine && s->tenant->engine == COR_ENGINE_UNKNOWN))
        return COR_INFERRED;
    if (leans_on_rules(forecast->verdict, judgement) && confidence == COR_DOCUMENTED &&
        !s->flow->program)
        return COR_REPORTED;
    return confidence;
}

/* --- when ------------------------------------------------------------------------------------ */

static gboolean happens_by_cycle(enum cor_verdict verdict)
{
    return verdict == COR_VERDICT_OVERWRITTEN || verdict == COR_VERDICT_RECREATED;
}

static char *until_later(const char *row)
{
    static const struct {
        const char *row, *words;
    } special[] = {
        {"A9", "the next AD password change"},
        {"A11", "the user's next password hash synchronization"},
        {"C15", "directory synchronization is turned on again"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(special); i++)
        if (strcmp(special[i].row, row) == 0)
            return g_strdup(special[i].words);
    return g_strdup("the AD object changes or a full synchronization runs");
}

static void set_time(struct cor_forecast *forecast, const struct cor_situation *s)
{
    gboolean cloudsync = s->tenant->engine == COR_ENGINE_CLOUDSYNC;
    if (forecast->verdict == COR_VERDICT_OVERWRITTEN_LATER) {
        forecast->holds_until = until_later(forecast->row->id);
        return;
    }
    if (!happens_by_cycle(forecast->verdict))
        return;
    if (cor_tenant_health(s->tenant, s->now_us) == COR_SYNC_OFF) {
        forecast->holds_until = g_strdup("directory synchronization is turned on again");
        return;
    }
    if (cor_forecast_is_stalled(s)) {
        forecast->holds_until = g_strdup("synchronization resumes");
        return;
    }
    if (forecast->verdict == COR_VERDICT_RECREATED && cloudsync) {
        forecast->holds_until = g_strdup("the AD object changes");
        return;
    }
    forecast->at_us = cor_tenant_next_cycle(s->tenant, s->now_us);
    if (!forecast->at_us)
        forecast->holds_until = g_strdup("the next synchronization cycle, whose time is unknown");
}

/* --- why ------------------------------------------------------------------------------------- */

static const char *const verdict_reasons[] = {
    [COR_VERDICT_UNKNOWN] = "No public source settles what happens.",
    [COR_VERDICT_REFUSED] = "Graph refuses the write.",
    [COR_VERDICT_OVERWRITTEN] = "Graph accepts the write, and the sync engine puts its value back.",
    [COR_VERDICT_OVERWRITTEN_LATER] =
        "Graph accepts the write, and it is overwritten at a later occasion.",
    [COR_VERDICT_DURABLE] = "The write is accepted and nothing overwrites it.",
    [COR_VERDICT_CONFLICT] = "The write collides with another object.",
    [COR_VERDICT_RECREATED] = "The sync engine brings the object back itself.",
    [COR_VERDICT_NO_OP] = "There is nothing to do.",
    [COR_VERDICT_UNRECOVERABLE] = "Nothing is left that it could be restored from.",
};

/* What an administrator must know besides the verdict. */
static const struct {
    const char *row, *text;
} row_remarks[] = {
    {"D3", "The cloud object becomes an unlinked copy (onPremisesSyncEnabled false); restoring the "
           "AD object instead keeps both halves together."},
    {"D5", "The AD object cannot come back as it was: a new one has another anchor and collides "
           "unless the anchor is copied."},
    {"D6", "It becomes an unlinked copy; back in scope it is taken over by hard match, or refused "
           "with InvalidHardMatch."},
    {"D7", "AD has the account disabled, so it comes back disabled."},
    {"D9", "It gets a new object id: every assignment made in the cloud is lost."},
    {"B7", "It gets a new object id: every assignment made in the cloud is lost."},
    {"B10", "It gets a new object id."},
    {"B11", "The device id stays, the object id is new."},
    {"D14", "It gets a new object id: every assignment made in the cloud is lost."},
    {"D17", "It gets a new object id."},
    {"C7", "Sync clients before Connect 2.5.76.0 or Cloud Sync agent 1.1.1370.0 do not know the "
           "switch and go on exporting; their version is not visible here."},
    {"A19", "Graph itself refuses it: only Exchange Online writes it."},
    {"A18", "Graph does not reach it: only Exchange Online writes it."},
    {"C2", "Exchange Online can make the change."},
    {"C12", "The AD object ends in ExistingAdminRoleConflict or InvalidHardMatch instead."},
    {"D8",
     "The restore itself is accepted, but the service then refuses to tie it to its AD half."},
    {"D13", "Deletions in bulk are held until somebody confirms them."},
    {"E8", "It is no restore: AD values overwrite everything edited in the cloud since."},
    {"A23", "The domain controller refuses changes to this object from anyone but the cloud."},
    {"C14", "Extension attributes of Exchange users may still be refused."},
};

static const char *remark_of(const char *row)
{
    for (gsize i = 0; i < G_N_ELEMENTS(row_remarks); i++)
        if (strcmp(row_remarks[i].row, row) == 0)
            return row_remarks[i].text;
    return NULL;
}

static void add(GString *why, const char *text)
{
    if (!text)
        return;
    if (why->len)
        g_string_append_c(why, ' ');
    g_string_append(why, text);
}

/* The cross-cutting rules of the table, each where it bears on the answer. */
static void add_cross_rules(GString *why, const struct cor_forecast *forecast,
                            const struct cor_write *write, const struct cor_situation *s)
{
    gboolean update = write->action == COR_ACTION_UPDATE;
    if (forecast->verdict == COR_VERDICT_REFUSED && update)
        add(why, "One refused property fails the whole call: send it apart from the others (E3).");
    if (s->holder && strcmp(forecast->row->id, "E2") != 0)
        add(why, "Another object holds the value now, so it would collide as well (E2).");
    if (forecast->verdict == COR_VERDICT_OVERWRITTEN && forecast->at_us)
        add(why, "A write during a running cycle may survive until the one after (E7).");
    if (forecast->verdict == COR_VERDICT_DURABLE && update &&
        cor_soa_of(s->entra, s->ad) == COR_SOA_ONPREM)
        add(why, "Read it again after two cycles to be sure (E4).");
    if (cor_forecast_is_stalled(s) && happens_by_cycle(forecast->verdict))
        add(why, cor_forecast_is_held(s)
                     ? "The deletion guard holds every export, so this happens once the deletions "
                       "are confirmed."
                     : "Synchronization stands still, so this happens once it resumes (E6).");
}

static char *explain(const struct cor_forecast *forecast, const struct cor_judgement *judgement,
                     const struct cor_write *write, const struct cor_situation *s)
{
    GString *why = g_string_new(NULL);
    g_string_append_printf(why, "%s: %s.", forecast->row->object, forecast->row->condition);
    *why->str = g_ascii_toupper(*why->str);
    add(why, verdict_reasons[forecast->verdict]);
    if (judgement->agrees && forecast->verdict == COR_VERDICT_DURABLE)
        add(why, "AD gives the same by the rules, or nothing.");
    add(why, judgement->remark);
    add(why, remark_of(forecast->row->id));
    if (strcmp(forecast->row->id, "E2") == 0 && s->holder)
        g_string_append_printf(why, " It belongs to %s now.", s->holder->name);
    add_cross_rules(why, forecast, write, s);
    if (s->tenant->engine == COR_ENGINE_UNKNOWN &&
        forecast->row->running != forecast->row->cloudsync)
        add(why, "Which sync engine serves the tenant is not known; Connect was assumed.");
    return g_string_free(why, FALSE);
}

/* --- where the value comes from -------------------------------------------------------------- */

static void set_source(struct cor_forecast *forecast, const struct cor_write *write,
                       const struct cor_situation *s)
{
    const struct cor_flow_rule *rule =
        write->attribute ? cor_flow_rule_for(s->flow, write->type, write->attribute) : NULL;
    const struct cor_record *ad = s->ad ? s->ad : s->ad_twin;
    if (!ad || (!rule && write->attribute))
        return;
    if (!rule && !cor_verdict_doomed(forecast->verdict))
        return;
    forecast->source_dn = g_strdup(cor_record_text(ad, "distinguishedName"));
    forecast->source_attributes = g_strdup(rule ? rule->sources : NULL);
    forecast->source_rule = g_strdup(rule ? rule->rule : NULL);
}

static void set_winner(struct cor_forecast *forecast, const struct cor_write *write,
                       const struct cor_situation *s)
{
    struct cor_flow_value implied;
    gboolean overwritten = forecast->verdict == COR_VERDICT_OVERWRITTEN ||
                           forecast->verdict == COR_VERDICT_OVERWRITTEN_LATER;
    if (!overwritten || !write->attribute)
        return;
    cor_forecast_implied(write, s, &implied);
    if (implied.result == COR_FLOW_VALUE)
        forecast->overwritten_by = cor_value_text(implied.value);
    else if (implied.result == COR_FLOW_REMOVE)
        forecast->overwritten_by = g_strdup("(empty)");
    cor_flow_value_clear(&implied);
}

void cor_forecast(const struct cor_write *write, const struct cor_situation *situation,
                  struct cor_forecast *ret)
{
    struct cor_judgement judgement;
    cor_forecast_judge(write, situation, &judgement);
    *ret = (struct cor_forecast){.row = cor_forecast_row(judgement.row)};
    ret->verdict = choose_verdict(&judgement, situation);
    ret->confidence = choose_confidence(ret, &judgement, situation);
    set_time(ret, situation);
    set_source(ret, write, situation);
    set_winner(ret, write, situation);
    ret->why = explain(ret, &judgement, write, situation);
    ret->instead = cor_forecast_offer(write, situation, ret);
}

static void step_free(struct cor_step *step)
{
    g_free(step->where);
    g_free(step->text);
    g_free(step->command);
    g_free(step);
}

GPtrArray *cor_forecast_steps(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
}

void cor_forecast_clear(struct cor_forecast *forecast)
{
    g_clear_pointer(&forecast->why, g_free);
    g_clear_pointer(&forecast->overwritten_by, g_free);
    g_clear_pointer(&forecast->holds_until, g_free);
    g_clear_pointer(&forecast->source_dn, g_free);
    g_clear_pointer(&forecast->source_attributes, g_free);
    g_clear_pointer(&forecast->source_rule, g_free);
    g_clear_pointer(&forecast->instead, g_ptr_array_unref);
}
