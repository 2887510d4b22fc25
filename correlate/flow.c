/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation of the default rules: each transformation of the shipped rules as a small function,
 * and the comparison of its result with what the cloud shows (decision row E5).
 */
#include "correlate/flow_rules.h"

#include "correlate/identity.h"
#include "correlate/semantic.h"
#include "correlate/time.h"

#include <string.h>

#define TEXT_CUT       448
#define UAC_DISABLED   2
#define GROUP_SECURITY 0x80000000u

void cor_flow_value_clear(struct cor_flow_value *value)
{
    g_clear_pointer(&value->value, cor_json_free);
    g_clear_pointer(&value->why, g_free);
}

static void give(struct cor_flow_value *ret, struct cor_json *value_taken)
{
    ret->result = value_taken ? COR_FLOW_VALUE : COR_FLOW_REMOVE;
    ret->value = value_taken;
}

static char *source_name(const struct cor_flow_rule *rule)
{
    return g_strndup(rule->sources, strcspn(rule->sources, " "));
}

static char *trimmed(const char *text)
{
    return text ? g_strstrip(g_strdup(text)) : NULL;
}

static struct cor_json *text_or_null(char *text_taken)
{
    g_autofree char *text = text_taken;
    return text && *text ? cor_json_new_string(text) : NULL;
}

COR_FLOW_FUNC(copy)
{
    (void)context;
    g_autofree char *name = source_name(rule);
    const struct cor_json *value = cor_record_get(ad, name);
    give(ret, value ? cor_json_copy(value) : NULL);
}

COR_FLOW_FUNC(trim)
{
    (void)context;
    g_autofree char *name = source_name(rule);
    give(ret, text_or_null(trimmed(cor_record_first(ad, name))));
}

COR_FLOW_FUNC(trim_list)
{
    cor_flow_trim(rule, ad, context, ret);
    if (!ret->value)
        return;
    struct cor_json *list = cor_json_new_array();
    cor_json_append(list, g_steal_pointer(&ret->value));
    ret->value = list;
}

COR_FLOW_FUNC(first_448)
{
    (void)context;
    g_autofree char *name = source_name(rule);
    g_autofree char *text = trimmed(cor_record_first(ad, name));
    if (text && g_utf8_strlen(text, -1) > TEXT_CUT)
        *g_utf8_offset_to_pointer(text, TEXT_CUT) = 0;
    give(ret, text_or_null(g_steal_pointer(&text)));
}

COR_FLOW_FUNC(first_present)
{
    (void)context;
    g_auto(GStrv) names = g_strsplit(rule->sources, " ", 0);
    for (guint i = 0; names[i]; i++) {
        const char *text = cor_record_first(ad, names[i]);
        if (text && *text) {
            give(ret, cor_json_new_string(text));
            return;
        }
    }
    give(ret, NULL);
}

COR_FLOW_FUNC(proxies)
{
    (void)rule;
    (void)context;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct cor_json *list = cor_json_new_array();
    const struct cor_json *values = cor_record_get(ad, "proxyAddresses");
    for (const struct cor_json *n = cor_json_first(values); n; n = cor_json_next(n)) {
        g_autofree char *text = trimmed(cor_json_string(n));
        if (text && *text && g_hash_table_add(seen, g_utf8_casefold(text, -1)))
            cor_json_append(list, cor_json_new_string(text));
    }
    if (cor_json_size(list) == 0) {
        cor_json_free(list);
        list = NULL;
    }
    give(ret, list);
}

COR_FLOW_FUNC(enabled)
{
    (void)rule;
    (void)context;
    gint64 control = 0;
    if (cor_record_int(ad, "userAccountControl", &control))
        give(ret, cor_json_new_bool((control & UAC_DISABLED) == 0));
    else
        give(ret, NULL);
}

static const char *primary_smtp(const struct cor_record *ad)
{
    const struct cor_json *values = cor_record_get(ad, "proxyAddresses");
    for (const struct cor_json *n = cor_json_first(values); n; n = cor_json_next(n)) {
        const char *text = cor_json_string(n);
        if (text && g_str_has_prefix(text, "SMTP:"))
            return text + strlen("SMTP:");
    }
    return NULL;
}

/* The service shows a UPN with an unverified suffix as mailNickname@initial domain; a missing
 * nickname comes from the first address there is (Microsoft: plan-connect-userprincipalname). */
char *cor_flow_computed_upn(const struct cor_record *ad, const char *upn,
                            const struct cor_tenant *tenant)
{
    const char *const sources[] = {cor_record_first(ad, "mailNickname"), primary_smtp(ad),
                                   cor_record_first(ad, "mail"), upn};
    const char *at = strrchr(upn, '@');
    if (!at || !tenant || !tenant->verified_domains || !tenant->initial_domain)
        return NULL;
    g_autofree char *suffix = g_ascii_strdown(at + 1, -1);
    if (g_hash_table_contains(tenant->verified_domains, suffix))
        return NULL;
    gsize i = 0;
    while (!sources[i] || !*sources[i])
        i++; /* ends at the UPN, which is not empty */
    return g_strdup_printf("%.*s@%s", (int)strcspn(sources[i], "@"), sources[i],
                           tenant->initial_domain);
}

COR_FLOW_FUNC(upn)
{
    (void)rule;
    const char *sam = cor_record_text(ad, "sAMAccountName");
    g_autofree char *upn = trimmed(cor_record_text(ad, "userPrincipalName"));
    if ((!upn || !*upn) && sam && context->domain_fqdn) {
        g_free(upn);
        upn = g_strconcat(sam, "@", context->domain_fqdn, NULL);
    }
    if (!upn || !*upn) {
        ret->result = COR_FLOW_ERROR;
        return;
    }
    g_autofree char *computed = cor_flow_computed_upn(ad, upn, context->tenant);
    give(ret, cor_json_new_string(computed ? computed : upn));
}

COR_FLOW_FUNC(anchor)
{
    (void)rule;
    (void)context;
    give(ret, text_or_null(cor_anchor_of(ad)));
}

COR_FLOW_FUNC(ignore_if_empty)
{
    cor_flow_trim(rule, ad, context, ret);
    if (ret->result == COR_FLOW_REMOVE)
        ret->result = COR_FLOW_LEAVE;
}

COR_FLOW_FUNC(usage_location)
{
    if (cor_record_text(ad, "mailNickname"))
        cor_flow_ignore_if_empty(rule, ad, context, ret);
    else
        ret->result = COR_FLOW_LEAVE;
}

COR_FLOW_FUNC(password_time)
{
    (void)rule;
    (void)context;
    gint64 filetime = 0;
    cor_record_int(ad, "pwdLastSet", &filetime);
    gint64 time = cor_time_from_filetime(filetime);
    give(ret, text_or_null(time ? cor_time_text(time - time % COR_SECOND_US) : NULL));
}

COR_FLOW_FUNC(domain_fqdn)
{
    (void)rule;
    (void)ad;
    give(ret, context->domain_fqdn ? cor_json_new_string(context->domain_fqdn) : NULL);
}

COR_FLOW_FUNC(domain_netbios)
{
    (void)rule;
    (void)ad;
    give(ret, context->domain_netbios ? cor_json_new_string(context->domain_netbios) : NULL);
}

COR_FLOW_FUNC(security_enabled)
{
    (void)rule;
    (void)context;
    gint64 type = 0;
    cor_record_int(ad, "groupType", &type);
    give(ret, cor_json_new_bool(((guint32)type & GROUP_SECURITY) != 0));
}

gboolean cor_flow_is_mail_enabled(const struct cor_record *ad)
{
    const char *mail = cor_record_first(ad, "mail"), *primary = primary_smtp(ad);
    return (primary && strchr(primary, '@')) || (mail && strchr(mail, '@'));
}

COR_FLOW_FUNC(mail_enabled)
{
    (void)rule;
    (void)context;
    give(ret, cor_json_new_bool(cor_flow_is_mail_enabled(ad)));
}

COR_FLOW_FUNC(addresses)
{
    (void)rule;
    (void)context;
    static const char *const map[][2] = {
        {"l", "city"},
        {"co", "countryOrRegion"},
        {"physicalDeliveryOfficeName", "officeLocation"},
        {"postalCode", "postalCode"},
        {"st", "state"},
        {"streetAddress", "street"},
    };
    struct cor_json *address = cor_json_new_object();
    for (gsize i = 0; i < G_N_ELEMENTS(map); i++) {
        struct cor_json *text = text_or_null(trimmed(cor_record_first(ad, map[i][0])));
        if (text)
            cor_json_add(address, map[i][1], text);
    }
    if (!cor_json_first(address)) {
        cor_json_free(address);
        give(ret, NULL);
        return;
    }
    struct cor_json *list = cor_json_new_array();
    cor_json_append(list, address);
    give(ret, list);
}

COR_FLOW_FUNC(phones)
{
    (void)rule;
    (void)context;
    static const char *const map[][2] = {
        {"telephoneNumber", "business"},
        {"mobile", "mobile"},
        {"facsimileTelephoneNumber", "businessFax"},
    };
    struct cor_json *list = cor_json_new_array();
    for (gsize i = 0; i < G_N_ELEMENTS(map); i++) {
        struct cor_json *number = text_or_null(trimmed(cor_record_first(ad, map[i][0])));
        if (!number)
            continue;
        struct cor_json *phone = cor_json_new_object();
        cor_json_add(phone, "number", number);
        cor_json_add_string(phone, "type", map[i][1]);
        cor_json_append(list, phone);
    }
    if (!cor_json_first(list)) {
        cor_json_free(list);
        list = NULL;
    }
    give(ret, list);
}

COR_FLOW_FUNC(server_ad)
{
    (void)rule;
    (void)ad;
    (void)context;
    give(ret, cor_json_new_string("ServerAd"));
}

COR_FLOW_FUNC(untouched)
{
    (void)rule;
    (void)ad;
    (void)context;
    ret->result = COR_FLOW_LEAVE;
}

static char *explain(const struct cor_flow_rule *rule, const struct cor_flow_value *value,
                     const struct cor_flow_context *context)
{
    static const char *const words[] = {
        [COR_FLOW_VALUE] = "writes the value of",
        [COR_FLOW_REMOVE] = "leaves the property empty, as AD has no",
        [COR_FLOW_LEAVE] = "does not touch the property for want of",
        [COR_FLOW_ERROR] = "ends in an error without",
    };
    return g_strdup_printf("%s (%s) %s %s", rule->rule,
                           context->rules_name ? context->rules_name : "default rules",
                           words[value->result], *rule->sources ? rule->sources : "a source");
}

void cor_flow_evaluate(const struct cor_flow_rule *rule, const struct cor_record *ad,
                       const struct cor_flow_context *context, struct cor_flow_value *ret)
{
    *ret = (struct cor_flow_value){.rule = rule, .by = rule->rule};
    rule->evaluate(rule, ad, context, ret);
    if (!ret->why)
        ret->why = explain(rule, ret, context);
}

/* Trim and cut explain a difference away; the cloud may have stored either side of them. */
static gboolean same_text(guint traits, const struct cor_json *a, const struct cor_json *b)
{
    g_autofree char *x = trimmed(cor_json_string(a));
    g_autofree char *y = trimmed(cor_json_string(b));
    if (!x || !y)
        return FALSE;
    if (g_utf8_strlen(x, -1) > TEXT_CUT)
        *g_utf8_offset_to_pointer(x, TEXT_CUT) = 0;
    if (g_utf8_strlen(y, -1) > TEXT_CUT)
        *g_utf8_offset_to_pointer(y, TEXT_CUT) = 0;
    COR_JSON_AUTO *left = cor_json_new_string(x);
    COR_JSON_AUTO *right = cor_json_new_string(y);
    return cor_value_equal(traits, left, right);
}

static gboolean holds(guint traits, const struct cor_json *list, const struct cor_json *value)
{
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n))
        if (cor_value_equal(traits, n, value) || same_text(traits, n, value))
            return TRUE;
    return FALSE;
}

/* What the service adds to the addresses by itself. */
static gboolean is_service_address(const struct cor_json *address)
{
    const char *text = cor_json_string(address);
    return text && (g_ascii_strncasecmp(text, "sip:", 4) == 0 ||
                    g_ascii_strncasecmp(text, "x500:", 5) == 0 ||
                    g_str_has_suffix(text, ".onmicrosoft.com"));
}

static gboolean same_proxies(guint traits, const struct cor_json *ours,
                             const struct cor_json *cloud)
{
    for (const struct cor_json *n = cor_json_first(ours); n; n = cor_json_next(n))
        if (!holds(traits, cloud, n))
            return FALSE;
    for (const struct cor_json *n = cor_json_first(cloud); n; n = cor_json_next(n))
        if (!is_service_address(n) && !holds(traits, ours, n))
            return FALSE;
    return TRUE;
}

gboolean cor_flow_agrees(const struct cor_flow_value *expected, const struct cor_json *cloud)
{
    guint traits = cor_traits(COR_ENTRA, NULL, expected->rule->property);
    if (expected->result != COR_FLOW_VALUE && expected->result != COR_FLOW_REMOVE)
        return TRUE;
    if (traits & COR_TRAIT_PROXY)
        return same_proxies(traits, expected->value, cloud);
    return cor_value_equal(traits, expected->value, cloud) ||
           same_text(traits, expected->value, cloud);
}
