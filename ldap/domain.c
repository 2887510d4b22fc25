/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, domain and domain controllers.
 *
 * Small searches that every capture begins with. Their answers steer everything after (which values
 * are secret, whether a deleted object is whole, which referrals matter), so anything but a clean
 * result is an error here.
 */
#include "ldap/domain.h"

#include "ldap/decode.h"

#include <string.h>

enum {
    PAGE = 1000,
    SCHEMA_MIN = 100,            /* attributes; real directories have more than a thousand */
    TOMBSTONE_DEFAULT_DAYS = 60, /* tombstoneLifetime unset (MS-ADTS 6.1.1.2.4.1.1) */
    SITE_RDN = 3,                /* NTDS Settings, server, Servers, site, Sites */
    SERVER_RDN = 1,
};

/* A search that must succeed. */
static gboolean must_search(struct ad_connection *connection, const struct ad_search *search,
                            const char *doing, ad_entry_func entry, void *data, GError **error)
{
    AD_OUTCOME_AUTO outcome = {0};
    if (!ad_search(connection, search, entry, NULL, data, &outcome, error))
        return FALSE;
    if (outcome.code == LDAP_SUCCESS && outcome.cookie_len == 0)
        return TRUE;
    ad_outcome_fail(&outcome, doing, error);
    return FALSE;
}

/* --- schema ----------------------------------------------------------------------------------- */

struct schema_reading {
    LDAP *ld;
    struct ad_schema *schema;
};

static gboolean take_attribute(LDAPMessage *entry, void *data, GError **error)
{
    struct schema_reading *reading = data;
    LDAP *ld = reading->ld;
    g_autofree char *name = ad_entry_text(ld, entry, "lDAPDisplayName");
    g_autofree char *id = ad_entry_text(ld, entry, "attributeID");
    g_autofree char *syntax = ad_entry_text(ld, entry, "attributeSyntax");
    g_autofree char *single = ad_entry_text(ld, entry, "isSingleValued");
    struct ad_schema_row row = {
        .name = name,
        .attribute_id = id,
        .syntax = syntax,
        .single = g_strcmp0(single, "TRUE") == 0,
    };
    (void)error;
    if (!name || !*name)
        return TRUE;
    ad_entry_int(ld, entry, "linkID", &row.link_id);
    ad_entry_int(ld, entry, "searchFlags", &row.search_flags);
    ad_entry_int(ld, entry, "systemFlags", &row.system_flags);
    row.has_int_id = ad_entry_int(ld, entry, "msDS-IntId", &row.int_id);
    ad_schema_add(reading->schema, &row);
    return TRUE;
}

struct ad_schema *ad_schema_read(struct ad_connection *connection, GError **error)
{
    static const char *const attributes[] = {"lDAPDisplayName", "attributeID", "attributeSyntax",
                                             "isSingleValued",  "linkID",      "searchFlags",
                                             "systemFlags",     "msDS-IntId",  NULL};
    const struct ad_search search = {
        .base = connection->root.schema_nc,
        .scope = LDAP_SCOPE_ONELEVEL,
        .filter = "(objectClass=attributeSchema)",
        .attributes = attributes,
        .page_size = PAGE,
    };
    AD_SCHEMA_AUTO *schema = ad_schema_new();
    struct schema_reading reading = {connection->ld, schema};
    if (!must_search(connection, &search, "read the schema", take_attribute, &reading, error))
        return NULL;
    if (ad_schema_size(schema) < SCHEMA_MIN) {
        g_set_error(error, AD_ERROR, COR_E_AUTH,
                    "only %u attributes of the schema can be read from %s; the account must be "
                    "able to read the schema",
                    ad_schema_size(schema), connection->uri);
        return NULL;
    }
    return g_steal_pointer(&schema);
}

/* --- partitions ------------------------------------------------------------------------------- */

struct domain_reading {
    LDAP *ld;
    struct ad_domain *domain;
    const char *own_nc;
    char *guid, *sid; /* of the domain's head; owned */
};

/* A DN-valued attribute without the prefixes that some servers always send. */
static char *entry_dn(LDAP *ld, LDAPMessage *entry, const char *attribute)
{
    g_autofree char *text = ad_entry_text(ld, entry, attribute);
    struct ad_dn dn;
    if (!text || !ad_dn_parse(text, strlen(text), &dn))
        return NULL;
    return g_strndup(dn.dn, dn.dn_len);
}

static gboolean take_partition(LDAPMessage *entry, void *data, GError **error)
{
    struct domain_reading *reading = data;
    char *context = entry_dn(reading->ld, entry, "nCName");
    (void)error;
    if (!context)
        return TRUE;
    g_ptr_array_add(reading->domain->naming_contexts, context);
    if (g_ascii_strcasecmp(context, reading->own_nc) == 0) {
        g_free(reading->domain->dns_root);
        g_free(reading->domain->netbios_name);
        reading->domain->dns_root = ad_entry_text(reading->ld, entry, "dnsRoot");
        reading->domain->netbios_name = ad_entry_text(reading->ld, entry, "nETBIOSName");
    }
    return TRUE;
}

static gboolean take_features(LDAPMessage *entry, void *data, GError **error)
{
    static const char feature[] = "CN=Recycle Bin Feature,";
    struct domain_reading *reading = data;
    struct berval **values = ldap_get_values_len(reading->ld, entry, "msDS-EnabledFeature");
    (void)error;
    for (guint i = 0; values && values[i]; i++) {
        struct ad_dn dn;
        if (ad_dn_parse(values[i]->bv_val, values[i]->bv_len, &dn) && dn.dn_len > strlen(feature) &&
            g_ascii_strncasecmp(dn.dn, feature, strlen(feature)) == 0)
            reading->domain->recycle_bin = TRUE;
    }
    ldap_value_free_len(values);
    return TRUE;
}

static gboolean take_lifetimes(LDAPMessage *entry, void *data, GError **error)
{
    struct domain_reading *reading = data;
    struct ad_domain *domain = reading->domain;
    (void)error;
    if (!ad_entry_int(reading->ld, entry, "tombstoneLifetime", &domain->tombstone_days))
        domain->tombstone_days = TOMBSTONE_DEFAULT_DAYS;
    if (!ad_entry_int(reading->ld, entry, "msDS-DeletedObjectLifetime", &domain->deleted_days))
        domain->deleted_days = domain->tombstone_days;
    return TRUE;
}

static gboolean take_head(LDAPMessage *entry, void *data, GError **error)
{
    struct domain_reading *reading = data;
    struct berval **guid = ldap_get_values_len(reading->ld, entry, "objectGUID");
    struct berval **sid = ldap_get_values_len(reading->ld, entry, "objectSid");
    (void)error;
    if (guid && guid[0] && guid[0]->bv_len == AD_GUID_BYTES && !reading->guid) {
        reading->guid = g_malloc(AD_GUID_TEXT);
        ad_guid_text((const guint8 *)guid[0]->bv_val, reading->guid);
    }
    if (sid && sid[0] && !reading->sid)
        reading->sid = ad_sid_text((const guint8 *)sid[0]->bv_val, sid[0]->bv_len);
    ldap_value_free_len(guid);
    ldap_value_free_len(sid);
    return TRUE;
}

static gboolean read_steps(struct ad_connection *connection, struct domain_reading *reading,
                           GError **error)
{
    static const char *const partition[] = {"nCName", "dnsRoot", "nETBIOSName", NULL};
    static const char *const features[] = {"msDS-EnabledFeature", NULL};
    static const char *const lifetimes[] = {"tombstoneLifetime", "msDS-DeletedObjectLifetime",
                                            NULL};
    static const char *const head[] = {"objectGUID", "objectSid", NULL};
    const char *config = connection->root.config_nc;
    g_autofree char *partitions = g_strconcat("CN=Partitions,", config, NULL);
    g_autofree char *service =
        g_strconcat("CN=Directory Service,CN=Windows NT,CN=Services,", config, NULL);
    const struct {
        struct ad_search search;
        ad_entry_func take;
        const char *doing;
    } steps[] = {
        {{partitions, LDAP_SCOPE_ONELEVEL, "(objectClass=crossRef)", partition, 0, PAGE, 0, NULL},
         take_partition,
         "read the partitions of the forest"},
        {{partitions, LDAP_SCOPE_BASE, "(objectClass=*)", features, 0, 0, 0, NULL},
         take_features,
         "read the optional features"},
        {{service, LDAP_SCOPE_BASE, "(objectClass=*)", lifetimes, 0, 0, 0, NULL},
         take_lifetimes,
         "read the lifetime of deleted objects"},
        {{reading->own_nc, LDAP_SCOPE_BASE, "(objectClass=*)", head, 0, 0, 0, NULL},
         take_head,
         "read the domain object"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (!must_search(connection, &steps[i].search, steps[i].doing, steps[i].take, reading,
                         error))
            return FALSE;
    return TRUE;
}

static struct cor_record *domain_record(const struct ad_connection *connection,
                                        const struct domain_reading *reading)
{
    const struct ad_domain *domain = reading->domain;
    struct cor_record *record = cor_record_new(COR_AD, COR_TYPE_DOMAIN, reading->guid);
    struct cor_json *attributes = record->attributes;
    gint64 level;
    g_free(record->name);
    record->name = g_strdup(domain->dns_root ? domain->dns_root : reading->own_nc);
    cor_json_add_string(attributes, "distinguishedName", reading->own_nc);
    cor_json_add_string(attributes, "objectSid", reading->sid);
    cor_json_add_string(attributes, "dnsRoot", domain->dns_root);
    cor_json_add_string(attributes, "nETBIOSName", domain->netbios_name);
    cor_json_add_bool(attributes, "recycleBinEnabled", domain->recycle_bin);
    cor_json_add_int(attributes, "tombstoneLifetimeDays", domain->tombstone_days);
    cor_json_add_int(attributes, "deletedObjectLifetimeDays", domain->deleted_days);
    const char *text = connection->root.domain_functionality;
    if (text && ad_int_parse(text, strlen(text), &level))
        cor_json_add_int(attributes, "domainFunctionality", level);
    /* Windows does not name its vendor */
    cor_json_add_string(attributes, "serverVendor",
                        connection->root.vendor ? connection->root.vendor : "Microsoft");
    return record;
}

gboolean ad_domain_read(struct ad_connection *connection, struct ad_domain *domain, GError **error)
{
    struct domain_reading reading = {
        .ld = connection->ld,
        .domain = domain,
        .own_nc = connection->root.default_nc,
    };
    domain->naming_contexts = g_ptr_array_new_with_free_func(g_free);
    domain->tombstone_days = domain->deleted_days = TOMBSTONE_DEFAULT_DAYS;
    gboolean ok = read_steps(connection, &reading, error);
    if (ok && !reading.guid) {
        g_set_error(error, AD_ERROR, COR_E_AUTH, "the account cannot read the domain object '%s'",
                    reading.own_nc);
        ok = FALSE;
    }
    if (ok)
        domain->record = domain_record(connection, &reading);
    g_free(reading.guid);
    g_free(reading.sid);
    return ok;
}

void ad_domain_clear(struct ad_domain *domain)
{
    g_clear_pointer(&domain->record, cor_record_free);
    g_clear_pointer(&domain->naming_contexts, g_ptr_array_unref);
    g_clear_pointer(&domain->dns_root, g_free);
    g_clear_pointer(&domain->netbios_name, g_free);
}

/* --- domain controllers ----------------------------------------------------------------------- */

struct controllers_reading {
    struct ad_reader *reader;
    GHashTable *hosts; /* lower-case DN of the server object -> dNSHostName */
    GHashTable *keys;  /* borrowed; may be NULL */
};

static char *message_dn(LDAP *ld, LDAPMessage *entry)
{
    char *native = ldap_get_dn(ld, entry);
    char *dn = native && g_utf8_validate(native, -1, NULL) ? g_strdup(native) : NULL;
    ldap_memfree(native);
    return dn;
}

static gboolean take_server(LDAPMessage *entry, void *data, GError **error)
{
    struct controllers_reading *reading = data;
    LDAP *ld = reading->reader->connection->ld;
    g_autofree char *dn = message_dn(ld, entry);
    char *host = ad_entry_text(ld, entry, "dNSHostName");
    (void)error;
    if (dn && host)
        g_hash_table_insert(reading->hosts, g_ascii_strdown(dn, -1), host);
    else
        g_free(host);
    return TRUE;
}

/* Value of the RDN at an index, counted from the leaf; NULL when there is none. */
static char *rdn_value(const char *dn, guint index)
{
    LDAPDN parsed = NULL;
    char *value = NULL;
    if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
        return NULL;
    for (guint i = 0; parsed && parsed[i]; i++)
        if (i == index && parsed[i][0])
            value = g_strndup(parsed[i][0]->la_value.bv_val, parsed[i][0]->la_value.bv_len);
    ldap_dnfree(parsed);
    return value;
}

static char *guid_attribute(LDAP *ld, LDAPMessage *entry, const char *attribute)
{
    struct berval **values = ldap_get_values_len(ld, entry, attribute);
    char *text = NULL;
    if (values && values[0] && values[0]->bv_len == AD_GUID_BYTES) {
        text = g_malloc(AD_GUID_TEXT);
        ad_guid_text((const guint8 *)values[0]->bv_val, text);
    }
    ldap_value_free_len(values);
    return text;
}

static const char *host_of(const struct controllers_reading *reading, const char *settings_dn)
{
    static const char prefix[] = "CN=NTDS Settings,";
    if (g_ascii_strncasecmp(settings_dn, prefix, strlen(prefix)) != 0)
        return NULL;
    g_autofree char *server = g_ascii_strdown(settings_dn + strlen(prefix), -1);
    return g_hash_table_lookup(reading->hosts, server);
}

static gboolean take_controller(LDAPMessage *entry, void *data, GError **error)
{
    struct controllers_reading *reading = data;
    LDAP *ld = reading->reader->connection->ld;
    g_autofree char *dn = message_dn(ld, entry);
    g_autofree char *key = guid_attribute(ld, entry, "objectGUID");
    g_autofree char *invocation = guid_attribute(ld, entry, "invocationId");
    if (!dn || !key)
        return TRUE;
    COR_RECORD_AUTO *record = cor_record_new(COR_AD, COR_TYPE_DC, key);
    const char *host = host_of(reading, dn);
    g_autofree char *site = rdn_value(dn, SITE_RDN);
    g_free(record->name);
    record->name = host ? g_strdup(host) : rdn_value(dn, SERVER_RDN);
    cor_json_add_string(record->attributes, "invocationId", invocation);
    cor_json_add_string(record->attributes, "dNSHostName", host);
    cor_json_add_string(record->attributes, "site", site);
    cor_json_add_string(record->attributes, "distinguishedName", dn);
    if (reading->keys)
        g_hash_table_add(reading->keys, g_strdup(key));
    return ad_reader_record(reading->reader, record, error);
}

gboolean ad_controllers_read(struct ad_reader *reader, GHashTable *keys, struct ad_outcome *outcome,
                             GError **error)
{
    static const char *const server[] = {"dNSHostName", NULL};
    static const char *const settings[] = {"objectGUID", "invocationId", NULL};
    struct ad_connection *connection = reader->connection;
    g_autofree char *sites = g_strconcat("CN=Sites,", connection->root.config_nc, NULL);
    g_autoptr(GHashTable) hosts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    struct controllers_reading reading = {reader, hosts, keys};
    const struct ad_search servers = {
        sites, LDAP_SCOPE_SUBTREE, "(objectClass=server)", server, 0, PAGE, 0, NULL};
    const struct ad_search search = {
        sites, LDAP_SCOPE_SUBTREE, "(objectClass=nTDSDSA)", settings, 0, PAGE, 0, NULL};
    return must_search(connection, &servers, "read the servers of the sites", take_server, &reading,
                       error) &&
           ad_search(connection, &search, take_controller, NULL, &reading, outcome, error);
}

/* --- references ------------------------------------------------------------------------------- */

static gboolean leads_elsewhere(const struct ad_domain *domain, const char *own_nc, const char *uri)
{
    LDAPURLDesc *url = NULL;
    gboolean elsewhere = FALSE;
    if (ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS)
        return FALSE;
    for (guint i = 0; url->lud_dn && i < domain->naming_contexts->len; i++) {
        const char *context = domain->naming_contexts->pdata[i];
        if (g_ascii_strcasecmp(context, own_nc) != 0 &&
            g_ascii_strcasecmp(context, url->lud_dn) == 0)
            elsewhere = TRUE;
    }
    ldap_free_urldesc(url);
    return elsewhere;
}

guint ad_references_unresolved(const struct ad_domain *domain, const char *own_nc,
                               const GPtrArray *references)
{
    guint unresolved = 0;
    for (guint i = 0; references && i < references->len; i++)
        unresolved += !leads_elsewhere(domain, own_nc, references->pdata[i]);
    return unresolved;
}
