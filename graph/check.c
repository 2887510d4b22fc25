/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-check: one small request per row of the table, so that an administrator sees each missing
 * permission by name before the first capture. It reads and decides nothing else, and asks for
 * nothing but reads.
 */
#include "graph/capture.h"

#include "correlate/error.h"
#include "correlate/time.h"
#include "graph/certificate.h"
#include "graph/cloud.h"
#include "graph/document.h"
#include "graph/logs.h"
#include "graph/page.h"
#include "graph/resource.h"
#include "graph/token.h"

enum {
    CHECK_BUDGET_MS = 10000,
    CHECK_TIMEOUT_MS = 30000,
    MAX_SKEW_S = 300,
    CERTIFICATE_DAYS = 30 /* warned ahead of its end */
};

struct checking {
    struct entra_client *client;
    GPtrArray *checks;
};

/* What stands in the table about one thing that is asked for. */
struct need {
    const char *name, *permission, *doubt, *licence, *loses;
    gboolean required;
};

static char *with_loss(char *text_taken, const struct need *need)
{
    g_autofree char *text = text_taken;
    return g_strdup_printf(
        "%s%s%s%s%s", text, need->licence ? "; the tenant needs the licence " : "",
        need->licence ? need->licence : "", need->loses ? "; without it nobody learns: " : "",
        need->loses ? need->loses : "");
}

static char *grant(const struct need *need)
{
    return with_loss(g_strdup_printf("grant the application permission %s to the app and consent "
                                     "to it (docs/entra.md)%s",
                                     need->permission, need->doubt ? need->doubt : ""),
                     need);
}

static struct need need_of(const struct entra_resource *resource)
{
    return (struct need){resource->segment, resource->permission, resource->doubt,
                         resource->licence, resource->loses,      !resource->optional};
}

/* First object of an answer, or NULL. */
static const struct cor_json *first_object(const struct entra_resource *resource,
                                           const struct cor_json *page)
{
    return resource->singleton ? page : cor_json_first(cor_json_get(page, "value"));
}

static void judge_page(struct checking *checking, const struct entra_resource *resource,
                       const struct cor_json *page)
{
    const struct cor_json *object = first_object(resource, page);
    const struct need need = need_of(resource);
    gboolean limited = FALSE;
    if (object) {
        COR_RECORD_AUTO *record = NULL;
        const char *manager = NULL;
        limited = entra_record(resource, object, &record, &manager) != ENTRA_READABLE;
    }
    char *detail = limited ? g_strdup_printf("answers without %s: rights are short", resource->must)
                   : object ? g_strdup("readable")
                            : g_strdup("readable, empty");
    cor_check_add(checking->checks, resource->segment, !limited, !resource->optional, detail,
                  limited ? grant(&need) : NULL);
}

static void check_behavior(struct checking *checking, const struct entra_resource *resource,
                           const char *id)
{
    g_autofree char *name = g_strdup_printf("source of authority of %s", resource->segment);
    g_autofree char *escaped = g_uri_escape_string(id, NULL, FALSE);
    g_autofree char *url =
        g_strdup_printf("%s/v1.0%s/%s/onPremisesSyncBehavior?$select=id,isCloudManaged",
                        entra_client_base(checking->client), resource->behavior, escaped);
    g_autoptr(GError) error = NULL;
    g_autoptr(entra_reply) reply = entra_client_ask(checking->client, url, NULL, &error);
    if (reply && reply->status != 200)
        entra_reply_fail(reply, &error);
    const struct need need = {.permission = resource->behavior_permission,
                              .loses = "which objects were converted to the cloud"};
    cor_check_add(checking->checks, name, error == NULL, FALSE,
                  g_strdup(error ? error->message : "readable"), error ? grant(&need) : NULL);
}

/* Only a refusal is mended by a permission. */
static void add_failure(struct checking *checking, const struct need *need, long status,
                        const GError *error)
{
    char *remedy =
        status == 403
            ? grant(need)
            : with_loss(g_strdup("nothing to grant: the message says what the service answered"),
                        need);
    cor_check_add(checking->checks, need->name, FALSE, need->required, g_strdup(error->message),
                  remedy);
}

/* A relation with a permission of its own is asked of one object; 404: that object has none. */
static void check_relation(struct checking *checking, const struct entra_resource *resource,
                           const struct entra_relation *relation, const char *key)
{
    const struct need need = {.name = relation->segment,
                              .permission = entra_relation_permission(resource, relation),
                              .licence = relation->licence,
                              .loses = relation->loses,
                              .required = !relation->optional};
    g_autofree char *path = entra_relation_path(resource, relation, key, 1);
    g_autofree char *url =
        g_strdup_printf("%s/%s%s", entra_client_base(checking->client), resource->version, path);
    g_autoptr(GError) error = NULL;
    g_autoptr(entra_reply) reply = entra_client_ask(checking->client, url, NULL, &error);
    if (reply && reply->status != 200 && reply->status != 404)
        entra_reply_fail(reply, &error);
    if (error)
        add_failure(checking, &need, reply ? reply->status : 0, error);
    else
        cor_check_add(checking->checks, need.name, TRUE, need.required, g_strdup("readable"), NULL);
}

static void check_relations(struct checking *checking, const struct entra_resource *resource,
                            const struct cor_json *object)
{
    COR_RECORD_AUTO *record = NULL;
    const char *manager = NULL;
    if (!object || entra_record(resource, object, &record, &manager) != ENTRA_READABLE)
        return;
    for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
        if (at->permission && (!at->has || at->has(record)))
            check_relation(checking, resource, at, record->key);
}

static void check_resource(struct checking *checking, const struct entra_resource *resource)
{
    g_autofree char *url = entra_resource_url(entra_client_base(checking->client), resource, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(entra_reply) reply = entra_client_ask(checking->client, url, NULL, &error);
    if (reply && reply->status == 404 && resource->singleton && resource->optional) {
        cor_check_add(checking->checks, resource->segment, TRUE, FALSE,
                      g_strdup("readable, never set"), NULL);
        return;
    }
    if (reply && reply->status != 200)
        entra_reply_fail(reply, &error);
    COR_JSON_AUTO *page = reply && !error ? cor_json_parse(entra_reply_text(reply),
                                                           reply->body->len, ENTRA_MAX_BODY, &error)
                                          : NULL;
    if (!page) {
        const struct need need = need_of(resource);
        add_failure(checking, &need, reply ? reply->status : 0, error);
        return;
    }
    judge_page(checking, resource, page);
    const char *id = cor_json_get_string(first_object(resource, page), "id");
    if (resource->behavior && entra_id_ok(id))
        check_behavior(checking, resource, id);
    check_relations(checking, resource, first_object(resource, page));
}

static void check_log(struct checking *checking, const struct need *need, const char *url)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(entra_reply) reply = entra_client_ask(checking->client, url, NULL, &error);
    if (reply && reply->status != 200)
        entra_reply_fail(reply, &error);
    if (error)
        add_failure(checking, need, reply ? reply->status : 0, error);
    else
        cor_check_add(checking->checks, need->name, TRUE, FALSE, g_strdup("readable"), NULL);
}

static void check_logs(struct checking *checking)
{
    static const struct need audits = {
        .name = ENTRA_AUDITS,
        .permission = ENTRA_AUDIT_PERMISSION,
        .loses = "who changed what, and which relations changed that no delta query tells"};
    static const struct need provisioning = {
        .name = ENTRA_PROVISIONING,
        .permission = ENTRA_PROVISIONING_PERMISSION,
        .loses = "what Cloud Sync and other provisioning carried; nothing where there is none"};
    const char *base = entra_client_base(checking->client);
    gint64 since_us = g_get_real_time() - COR_HOUR_US;
    g_autofree char *audit_url = entra_logs_audit_url(base, since_us, 1);
    g_autofree char *provisioning_url = entra_logs_provisioning_url(base, since_us, 1);
    check_log(checking, &audits, audit_url);
    check_log(checking, &provisioning, provisioning_url);
}

static void check_clock(struct checking *checking)
{
    struct cor_half_stats stats = {0};
    entra_client_stats(checking->client, &stats);
    if (!stats.peer_clock_us)
        return;
    gint64 skew_s = (stats.peer_clock_us - g_get_real_time()) / COR_SECOND_US;
    gboolean ok = ABS(skew_s) <= MAX_SKEW_S;
    cor_check_add(checking->checks, "clock", ok, FALSE,
                  g_strdup_printf("the service's clock is %" G_GINT64_FORMAT " s %s ours",
                                  ABS(skew_s), skew_s < 0 ? "behind" : "ahead of"),
                  ok ? NULL : g_strdup("synchronise this host's clock"));
}

/* Without a token of the service: a certificate that ends soon stops every capture from then on. */
static void check_certificate(const struct entra_options *options, GPtrArray *checks)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(entra_certificate) certificate = entra_certificate_read(
        options->certificate_file, options->certificate_password_file, &error);
    if (!certificate) {
        cor_check_add(checks, "certificate", FALSE, TRUE, g_strdup(error->message), NULL);
        return;
    }
    gint64 left_us = entra_certificate_not_after(certificate) - g_get_real_time();
    gint64 days = left_us / COR_DAY_US;
    gboolean ok = days >= CERTIFICATE_DAYS;
    g_autofree char *until = cor_time_text(entra_certificate_not_after(certificate));
    g_autofree char *thumbprint = entra_certificate_thumbprint(certificate);
    cor_check_add(checks, "certificate", ok, left_us <= 0,
                  left_us <= 0
                      ? g_strdup_printf("expired on %s; thumbprint %s", until, thumbprint)
                      : g_strdup_printf("valid until %s, %" G_GINT64_FORMAT " days; thumbprint %s",
                                        until, days, thumbprint),
                  ok ? NULL
                     : g_strdup("it ends soon: make a new one, add it to the app registration "
                                "beside the old one, then replace the file"));
}

static void check_cloud(const struct entra_options *options, GPtrArray *checks)
{
    const struct entra_cloud_row *cloud = entra_cloud_row((enum entra_cloud)options->cloud);
    if (cloud->lacks)
        cor_check_add(checks, "cloud", TRUE, FALSE,
                      g_strdup_printf("%s: without %s", cloud->words, cloud->lacks), NULL);
}

void entra_check(const struct entra_options *options, GPtrArray *checks)
{
    struct entra_options quick = *options;
    quick.retry_budget_ms = CHECK_BUDGET_MS;
    quick.timeout_ms = CHECK_TIMEOUT_MS;
    g_autoptr(GError) error = NULL;
    check_cloud(options, checks);
    if (options->certificate_file)
        check_certificate(options, checks);
    struct entra_client *client = entra_client_new(&quick, NULL, &error);
    if (!client || !entra_client_login(client, &error)) {
        cor_check_add(checks, "token", FALSE, TRUE, g_strdup(error->message),
                      g_strdup_printf("correct the tenant, client id and credential (%s) of the "
                                      "configuration, or the app registration (docs/entra.md)",
                                      entra_login_kind(options)));
        entra_client_free(client);
        return;
    }
    cor_check_add(checks, "token", TRUE, TRUE,
                  g_strdup_printf("issued for the %s", entra_login_kind(options)), NULL);
    struct checking checking = {client, checks};
    for (guint i = 0; i < entra_resources_len; i++)
        check_resource(&checking, &entra_resources[i]);
    check_logs(&checking);
    check_clock(&checking);
    entra_client_free(client);
}
