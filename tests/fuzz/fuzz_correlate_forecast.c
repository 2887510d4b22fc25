/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of any shape through rules, scope, authority and forecast: attributes of the wrong type
 * must count as absent, never as a crash, and every forecast must be whole. Input: a document with
 * the members ad, entra, backup, twin, target (attribute documents), type, attribute, value.
 */
#include "correlate/forecast.h"
#include "correlate/time.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY "00112233-4455-6677-8899-aabbccddeeff"

static const char *const types[][2] = {
    {COR_TYPE_USER, COR_TYPE_USER},       {COR_TYPE_GROUP, COR_TYPE_GROUP},
    {COR_TYPE_CONTACT, COR_TYPE_CONTACT}, {COR_TYPE_DEVICE, COR_TYPE_COMPUTER},
    {COR_TYPE_APPLICATION, COR_TYPE_OU},
};

static struct cor_record *record(const struct cor_json *doc, const char *name,
                                 enum cor_directory directory, const char *type)
{
    const struct cor_json *attributes = cor_json_get(doc, name);
    if (cor_json_type(attributes) != COR_JSON_OBJECT)
        return NULL;
    struct cor_record *one = cor_record_new(directory, type, KEY);
    cor_json_free(one->attributes);
    one->attributes = cor_json_copy(attributes);
    one->metadata = cor_json_copy(attributes);
    one->life = cor_json_get_bool(doc, "deleted") ? COR_DELETED : COR_LIVE;
    return one;
}

static void evaluate(const struct cor_record *ad, const char *entra_type,
                     const struct cor_flow_context *flow, const struct cor_json *cloud)
{
    gsize n = 0;
    const char *why = NULL;
    const struct cor_flow_rule *rules = cor_flow_rules(NULL, entra_type, &n);
    g_assert(cor_flow_in_scope(ad, flow, &why) || why);
    for (gsize i = 0; i < n; i++) {
        struct cor_flow_value value;
        cor_flow_evaluate(&rules[i], ad, flow, &value);
        g_assert((value.result == COR_FLOW_VALUE) == (value.value != NULL));
        g_assert(!value.value || cor_flow_agrees(&value, value.value));
        (void)cor_flow_agrees(&value, cloud);
        cor_flow_value_clear(&value);
    }
}

static void foresee(struct cor_write *write, const struct cor_situation *situation)
{
    for (int action = COR_ACTION_UPDATE; action <= COR_ACTION_UNLINK; action++) {
        struct cor_forecast forecast;
        write->action = (enum cor_action)action;
        cor_forecast(write, situation, &forecast);
        g_assert(forecast.row && forecast.why);
        g_assert(!cor_verdict_doomed(forecast.verdict) || forecast.instead);
        cor_forecast_clear(&forecast);
    }
}

static void one_type(const struct cor_json *doc, const char *entra_type, const char *ad_type)
{
    COR_RECORD_AUTO *entra = record(doc, "entra", COR_ENTRA, entra_type);
    COR_RECORD_AUTO *backup = record(doc, "backup", COR_ENTRA, entra_type);
    COR_RECORD_AUTO *target = record(doc, "target", COR_ENTRA, entra_type);
    COR_RECORD_AUTO *ad = record(doc, "ad", COR_AD, ad_type);
    COR_RECORD_AUTO *twin = record(doc, "twin", COR_AD, ad_type);
    COR_RECORD_AUTO *config = record(doc, "config", COR_ENTRA, COR_TYPE_SYNC_CONFIG);
    COR_RECORD_AUTO *organization = record(doc, "organization", COR_ENTRA, COR_TYPE_ORGANIZATION);
    struct cor_tenant tenant;
    cor_tenant_init(&tenant, organization, config, NULL);
    struct cor_flow_context flow = {.domain_fqdn = "lab.example.test", .tenant = &tenant};
    const char *attribute = cor_json_get_string(doc, "attribute");
    struct cor_write write = {.type = entra_type,
                              .attribute = attribute ? attribute : "department",
                              .target = cor_json_get(doc, "value")};
    struct cor_situation situation = {.entra = entra,
                                      .backup = backup,
                                      .ad = ad,
                                      .ad_twin = twin,
                                      .target = target,
                                      .ad_complete = TRUE,
                                      .flow = &flow,
                                      .tenant = &tenant,
                                      .now_us = COR_DAY_US};
    if (ad)
        evaluate(ad, entra_type, &flow, write.target);
    if (entra || ad)
        (void)cor_soa_of(entra, ad);
    foresee(&write, &situation);
    cor_tenant_clear(&tenant);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COR_JSON_AUTO *doc = cor_json_parse((const char *)data, size, 1 << 16, NULL);
    if (!doc)
        return 0;
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        one_type(doc, types[i][0], types[i][1]);
    return 0;
}
