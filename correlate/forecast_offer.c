/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counter-offer: what reaches the same result where the write would not. At the source, in AD,
 * as an LDIF change record that ldapmodify takes; then the sync cycle; or the blocker to be removed
 * first. Nothing here is carried out.
 */
#include "correlate/forecast_private.h"
#include "correlate/time.h"

#include <string.h>

static void step(GPtrArray *steps, const char *where, char *command_taken, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static void step(GPtrArray *steps, const char *where, char *command_taken, const char *format, ...)
{
    struct cor_step *one = g_new0(struct cor_step, 1);
    va_list args;
    va_start(args, format);
    one->text = g_strdup_vprintf(format, args);
    va_end(args);
    one->where = g_strdup(where);
    one->command = command_taken;
    g_ptr_array_add(steps, one);
}

/* --- LDIF (RFC 2849) ------------------------------------------------------------------------- */

static gboolean is_safe(const char *text)
{
    if (strchr(" :<", *text) || text[strlen(text) - 1] == ' ')
        return FALSE;
    for (const char *p = text; *p; p++)
        if ((guchar)*p < 0x20 || (guchar)*p >= 0x7f)
            return FALSE;
    return TRUE;
}

static void ldif_line(GString *out, const char *name, const char *value)
{
    if (*value && is_safe(value)) {
        g_string_append_printf(out, "%s: %s\n", name, value);
        return;
    }
    g_autofree char *base64 = g_base64_encode((const guchar *)value, strlen(value));
    g_string_append_printf(out, "%s:: %s\n", name, base64);
}

/* A command for the shell. No line of LDIF can be the end mark: each has a colon. */
static GString *ldif_begin(const char *dn, const char *change)
{
    GString *out = g_string_new("ldapmodify -Q -Y GSSAPI <<'END'\n");
    ldif_line(out, "dn", dn);
    g_string_append_printf(out, "changetype: %s\n", change);
    return out;
}

static char *ldif_end(GString *out)
{
    g_string_append(out, "END");
    return g_string_free(out, FALSE);
}

static char *ldif_replace(const char *dn, const char *attribute, const GPtrArray *values)
{
    GString *out = ldif_begin(dn, "modify");
    g_string_append_printf(out, "replace: %s\n", attribute);
    for (guint i = 0; i < values->len; i++)
        ldif_line(out, attribute, values->pdata[i]);
    return ldif_end(out);
}

static char *ldif_link(const char *dn, const char *attribute, gboolean add, const char *target_dn)
{
    GString *out = ldif_begin(dn, "modify");
    g_string_append_printf(out, "%s: %s\n", add ? "add" : "delete", attribute);
    ldif_line(out, attribute, target_dn);
    return ldif_end(out);
}

/* --- the same result at its source ----------------------------------------------------------- */

/* Attributes whose one bit is the property (MS-ADTS 2.2.16, 2.2.12). set_when: the value of the
 * property that sets the bit. */
static const struct {
    const char *source;
    gint64 bit;
    gboolean set_when;
} flags[] = {
    {"userAccountControl", 0x2, FALSE},
    {"groupType", (gint64)1 << 31, TRUE},
};

static gboolean flag_value(const struct cor_record *ad, const char *source, gboolean target,
                           GPtrArray *values)
{
    gint64 number = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (strcmp(flags[i].source, source) != 0 || !cor_record_int(ad, source, &number))
            continue;
        gboolean set = target == flags[i].set_when;
        guint32 bits = (guint32)(set ? number | flags[i].bit : number & ~flags[i].bit);
        /* AD keeps both as signed 32 bits */
        g_ptr_array_add(values, g_strdup_printf("%d", (gint32)bits));
        return TRUE;
    }
    return FALSE;
}

/* The AD values that make the rule give the target; FALSE when that is not simply said. */
static gboolean source_values(const struct cor_write *write, const struct cor_record *ad,
                              const char *source, GPtrArray *values)
{
    const struct cor_json *target = write->target;
    if (cor_json_type(target) == COR_JSON_BOOL)
        return flag_value(ad, source, cor_json_bool(target), values);
    if (cor_json_is_null(target))
        return TRUE;
    if (cor_json_string(target))
        g_ptr_array_add(values, g_strdup(cor_json_string(target)));
    for (const struct cor_json *n = cor_json_first(target); n; n = cor_json_next(n)) {
        if (cor_json_type(target) != COR_JSON_ARRAY || !cor_json_string(n))
            return FALSE;
        g_ptr_array_add(values, g_strdup(cor_json_string(n)));
    }
    return values->len > 0 || cor_json_type(target) == COR_JSON_ARRAY;
}

static void offer_attribute(GPtrArray *steps, const struct cor_write *write,
                            const struct cor_record *ad, const struct cor_flow_rule *rule)
{
    const char *dn = cor_record_text(ad, "distinguishedName");
    g_autofree char *source = g_strndup(rule->sources, strcspn(rule->sources, " "));
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    if (*source && dn && source_values(write, ad, source, values))
        step(steps, "ad", ldif_replace(dn, source, values), "%s %s in Active Directory, on %s",
             values->len ? "set" : "clear", source, dn);
    else
        step(steps, "ad", NULL, "change %s in Active Directory, on %s",
             *rule->sources ? rule->sources : "the attribute that your own rule names",
             dn ? dn : ad->key);
}

static void offer_link(GPtrArray *steps, const struct cor_write *write,
                       const struct cor_situation *s, const struct cor_record *ad)
{
    const char *dn = cor_record_text(ad, "distinguishedName");
    const char *target =
        s->target ? cor_record_text(s->target, "onPremisesDistinguishedName") : NULL;
    gboolean adding = write->action == COR_ACTION_LINK;
    char *command = dn && target ? ldif_link(dn, write->attribute, adding, target) : NULL;
    step(steps, "ad", command, "%s the %s %s %s in Active Directory%s", adding ? "add" : "remove",
         write->attribute, adding ? "to" : "from", dn ? dn : ad->key,
         target ? "" : "; the target's AD half is not known here");
}

static void offer_source(GPtrArray *steps, const struct cor_write *write,
                         const struct cor_situation *s)
{
    const struct cor_record *ad = s->ad ? s->ad : s->ad_twin;
    const struct cor_flow_rule *rule =
        write->attribute ? cor_flow_rule_for(s->flow, write->type, write->attribute) : NULL;
    if (!ad || ad->life != COR_LIVE || !write->attribute)
        return;
    if (cor_forecast_is_enforced(ad)) {
        step(steps, "entra", NULL,
             "make the change in the cloud: domain controllers refuse it in Active Directory, "
             "because the object is under cloud enforcement (A23)");
        return;
    }
    if (write->action == COR_ACTION_LINK || write->action == COR_ACTION_UNLINK)
        offer_link(steps, write, s, ad);
    else if (rule && rule->kind != COR_FLOW_SYSTEM)
        offer_attribute(steps, write, ad, rule);
}

static void offer_ad_restore(GPtrArray *steps, const struct cor_record *ad)
{
    if (ad->life == COR_DELETED)
        step(steps, "ad", g_strdup_printf("Restore-ADObject -Identity %s", ad->key),
             "restore the object from the AD Recycle Bin: it keeps its objectGUID and so its "
             "anchor");
    else
        step(steps, "ad", NULL,
             "reanimate the tombstone of %s: objectGUID, SID and sAMAccountName survive, other "
             "attributes and links must be written again",
             ad->key);
}

static void offer_sync(GPtrArray *steps, const struct cor_situation *s)
{
    gboolean connect = s->tenant->engine != COR_ENGINE_CLOUDSYNC;
    if (cor_forecast_is_held(s)) {
        step(steps, "sync", NULL,
             "look at the deletions that wait: the guard holds the whole export until they are "
             "confirmed or undone");
        return;
    }
    switch (cor_tenant_health(s->tenant, s->now_us)) {
    case COR_SYNC_STALLED:
        step(steps, "sync", NULL,
             "let synchronization resume: find out why it stands still (staging mode, suspended "
             "scheduler, deletion threshold, stopped service)");
        return;
    case COR_SYNC_OFF:
        return;
    case COR_SYNC_RUNNING:
    case COR_SYNC_UNKNOWN:
        break;
    }
    g_autofree char *at = cor_time_text(cor_tenant_next_cycle(s->tenant, s->now_us));
    step(steps, "sync", connect ? g_strdup("Start-ADSyncSyncCycle -PolicyType Delta") : NULL,
         "%s%s%s", connect ? "wait for the next cycle" : "wait for Cloud Sync to pick it up",
         *at ? ", about " : "", at);
}

/* --- by row ---------------------------------------------------------------------------------- */

typedef void (*offer_func)(GPtrArray *steps, const struct cor_write *write,
                           const struct cor_situation *s);

static void by_hand(GPtrArray *steps, const struct cor_write *write, const struct cor_situation *s)
{
    (void)write;
    (void)s;
    step(steps, "entra", NULL,
         "compare both backup points (show --at) and decide by hand: no rule tells what happens");
}

static void at_source(GPtrArray *steps, const struct cor_write *write,
                      const struct cor_situation *s)
{
    offer_source(steps, write, s);
    if (steps->len)
        offer_sync(steps, s);
    else
        step(steps, "entra", NULL,
             "nothing reaches this value: it is kept by the service or by sync alone");
}

static void await_sync(GPtrArray *steps, const struct cor_write *write,
                       const struct cor_situation *s)
{
    gboolean sees_it = s->tenant->engine != COR_ENGINE_CLOUDSYNC || cor_forecast_is_stalled(s);
    (void)write;
    if (!sees_it) {
        step(steps, "sync", NULL,
             "change the AD object or provision it on demand: Cloud Sync does not look for what is "
             "gone in the cloud");
        return;
    }
    offer_sync(steps, s);
    if (steps->len == 0)
        step(steps, "sync", NULL, "turn directory synchronization on again");
}

static void restore_in_ad(GPtrArray *steps, const struct cor_write *write,
                          const struct cor_situation *s)
{
    (void)write;
    if (s->ad && s->ad->life != COR_LIVE)
        offer_ad_restore(steps, s->ad);
    else
        step(steps, "ad", NULL,
             "create the account again and copy the old source anchor to mS-DS-ConsistencyGuid "
             "before the next cycle");
    offer_sync(steps, s);
}

static void into_scope(GPtrArray *steps, const struct cor_write *write,
                       const struct cor_situation *s)
{
    (void)write;
    step(steps, "ad", NULL, "bring %s back into the scope of synchronization",
         s->ad && s->ad->name ? s->ad->name : "the AD object");
    offer_sync(steps, s);
}

static void free_value(GPtrArray *steps, const struct cor_write *write,
                       const struct cor_situation *s)
{
    step(steps, "entra", NULL, "take the value of %s away from %s first, or restore without it",
         write->attribute ? write->attribute : "the identifier",
         s->holder && s->holder->name ? s->holder->name : "the object that holds it");
}

static void delete_in_ad(GPtrArray *steps, const struct cor_write *write,
                         const struct cor_situation *s)
{
    const char *dn = s->ad ? cor_record_text(s->ad, "distinguishedName") : NULL;
    (void)write;
    step(steps, "ad", dn ? ldif_end(ldif_begin(dn, "delete")) : NULL,
         "delete the object in Active Directory, or move it out of the scope of synchronization");
    offer_sync(steps, s);
}

static void exchange(GPtrArray *steps, const struct cor_write *write, const struct cor_situation *s)
{
    (void)s;
    step(steps, "entra", NULL,
         "write %s in Exchange Online (Set-Mailbox, Set-DistributionGroup, Set-MailContact)",
         write->attribute ? write->attribute : "it");
}

static void probe(GPtrArray *steps, const struct cor_write *write, const struct cor_situation *s)
{
    (void)write;
    (void)s;
    step(steps, "entra", NULL,
         "try the write on one such object and read it again after two "
         "cycles before relying on it");
}

static void repair_anchor(GPtrArray *steps, const struct cor_write *write,
                          const struct cor_situation *s)
{
    (void)write;
    step(steps, "ad", NULL,
         "write the old source anchor to mS-DS-ConsistencyGuid of the re-created AD object");
    step(steps, "entra", NULL,
         "clear onPremisesObjectIdentifier of the cloud user when hard match is refused "
         "(PATCH with null, Graph beta)");
    offer_sync(steps, s);
}

static void unlock(GPtrArray *steps, const struct cor_write *write, const struct cor_situation *s)
{
    (void)write;
    (void)s;
    step(steps, "entra", NULL, "make the change in the cloud, which owns this object");
}

static void anew(GPtrArray *steps, const struct cor_write *write, const struct cor_situation *s)
{
    if (s->ad && s->ad->life != COR_LIVE) {
        restore_in_ad(steps, write, s);
        step(steps, "entra", NULL,
             "assign again what the old object held in the cloud; its id will be new");
        return;
    }
    step(steps, "entra", NULL,
         "create a new object from the backup point and assign again what the old one held; its id "
         "will be new");
}

static void password(GPtrArray *steps, const struct cor_write *write, const struct cor_situation *s)
{
    (void)write;
    (void)s;
    step(steps, "ad", NULL,
         "set the password in Active Directory; its hash follows within minutes");
}

static void password_policy(GPtrArray *steps, const struct cor_write *write,
                            const struct cor_situation *s)
{
    (void)write;
    (void)s;
    step(steps, "entra", NULL,
         "turn on cloudPasswordPolicyForPasswordSyncedUsersEnabled for the tenant first, so that "
         "password hash synchronization leaves the property alone");
}

static void keep_authority(GPtrArray *steps, const struct cor_write *write,
                           const struct cor_situation *s)
{
    (void)write;
    (void)s;
    step(steps, "entra", NULL,
         "leave the authority in the cloud and restore the properties there; to return it, write "
         "what was edited in the cloud into Active Directory first");
}

static void permission(GPtrArray *steps, const struct cor_write *write,
                       const struct cor_situation *s)
{
    (void)write;
    (void)s;
    step(steps, "entra", NULL,
         "let anchorwatch read the source of authority ('anchorwatch check' names the permission), "
         "then plan again");
}

static void switch_authority(GPtrArray *steps, const struct cor_write *write,
                             const struct cor_situation *s)
{
    (void)write;
    step(steps, "sync", NULL,
         "check the version of the sync client first: Connect 2.5.76.0 or Cloud Sync agent "
         "1.1.1370.0 at least");
    step(steps, "entra",
         g_strdup_printf("PATCH /users|groups|contacts/%s/onPremisesSyncBehavior "
                         "{\"isCloudManaged\": true}",
                         s->entra ? s->entra->key : "{id}"),
         "then move the source of authority as a change of its own, not as part of a restore");
}

/* Rows whose way out is not "at the source". */
static const struct {
    const char *row;
    offer_func offer;
} offers[] = {
    {"A9", password},         {"A10", password},   {"A11", password_policy}, {"E8", keep_authority},
    {"A18", exchange},        {"A19", exchange},   {"A20", at_source},       {"A23", unlock},
    {"A24", delete_in_ad},    {"B1", at_source},   {"B7", await_sync},       {"B8", anew},
    {"B10", await_sync},      {"B11", await_sync}, {"C2", exchange},         {"C3", exchange},
    {"C7", switch_authority}, {"C13", probe},      {"D1", await_sync},       {"D3", restore_in_ad},
    {"D5", restore_in_ad},    {"D6", into_scope},  {"D7", await_sync},       {"D8", repair_anchor},
    {"D9", await_sync},       {"D10", anew},       {"D11", repair_anchor},   {"D12", repair_anchor},
    {"D14", await_sync},      {"D16", await_sync}, {"D17", await_sync},      {"E1", permission},
    {"E2", free_value},       {"A22", free_value}, {"E9", by_hand},
};

/* A restore that works, but worse than the one at the source. */
static gboolean works_but(const char *row)
{
    static const char *const rows[] = {"D3", "D5", "D6", "A18", "A19", NULL};
    return g_strv_contains(rows, row);
}

GPtrArray *cor_forecast_offer(const struct cor_write *write, const struct cor_situation *situation,
                              const struct cor_forecast *forecast)
{
    const char *row = forecast->row->id;
    offer_func offer = at_source;
    if (!cor_verdict_doomed(forecast->verdict) && !works_but(row))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(offers); i++)
        if (strcmp(offers[i].row, row) == 0)
            offer = offers[i].offer;
    if (write->action == COR_ACTION_SOFT_DELETE && forecast->verdict == COR_VERDICT_REFUSED)
        offer = delete_in_ad;
    GPtrArray *steps = cor_forecast_steps();
    offer(steps, write, situation);
    return steps;
}
