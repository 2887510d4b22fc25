/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From entry to record.
 *
 * The schema's table decides for each attribute: document, link, or not at all. Links are keyed by
 * the GUID of their target, never by its DN, which changes without any event on the source. A cut
 * value range is never taken for the whole: it is noted, and the caller reads the rest.
 */
#include "ldap/entry.h"

#include <string.h>

struct ad_entry *ad_entry_new(void)
{
    struct ad_entry *entry = g_new0(struct ad_entry, 1);
    entry->attributes = cor_json_new_object();
    entry->links = g_array_new(FALSE, FALSE, sizeof(struct ad_entry_link));
    entry->ranges = g_array_new(FALSE, FALSE, sizeof(struct ad_range));
    ad_link_stamps_init(&entry->stamps);
    return entry;
}

void ad_entry_free(struct ad_entry *entry)
{
    if (!entry)
        return;
    for (guint i = 0; i < entry->ranges->len; i++)
        g_free(g_array_index(entry->ranges, struct ad_range, i).attribute);
    g_array_unref(entry->ranges);
    g_array_unref(entry->links);
    ad_link_stamps_clear(&entry->stamps);
    cor_json_free(entry->attributes);
    cor_json_free(entry->metadata);
    g_free(entry->type);
    g_free(entry);
}

/* "0-1499" or "1500-*" */
static gboolean parse_bounds(const char *text, const char *end, guint64 *ret_next)
{
    gint64 low, high;
    const char *dash = memchr(text, '-', (gsize)(end - text));
    if (!dash || !ad_int_parse(text, (gsize)(dash - text), &low) || low < 0)
        return FALSE;
    if (end - dash == 2 && dash[1] == '*')
        return TRUE;
    if (!ad_int_parse(dash + 1, (gsize)(end - dash) - 1, &high) || high < low || high > G_MAXINT32)
        return FALSE;
    *ret_next = (guint64)high + 1;
    return TRUE;
}

gboolean ad_range_parse(const char *name, gsize len, gsize *ret_name_len, guint64 *ret_next)
{
    static const char range[] = "range=";
    const char *found = memchr(name, ';', len), *end = name + len;
    *ret_name_len = found ? (gsize)(found - name) : len;
    *ret_next = 0;
    while (found) {
        const char *option = found + 1;
        found = memchr(option, ';', (gsize)(end - option));
        const char *stop = found ? found : end;
        /* other options do not cut anything */
        if ((gsize)(stop - option) >= sizeof range - 1 &&
            g_ascii_strncasecmp(option, range, sizeof range - 1) == 0)
            return parse_bounds(option + sizeof range - 1, stop, ret_next);
    }
    return TRUE;
}

void ad_entry_set_dn(struct ad_entry *entry, const struct berval *dn)
{
    cor_json_set(entry->attributes, "distinguishedName", ad_value(AD_SYNTAX_DN, dn));
}

/* --- attributes that mean something to us ----------------------------------------------------- */

static gboolean value_is(const struct berval *value, const char *text)
{
    return value->bv_len == strlen(text) &&
           g_ascii_strncasecmp(value->bv_val, text, value->bv_len) == 0;
}

/* Later rows are more special: a computer is a user too. */
static void take_class(struct ad_entry *entry, const struct ad_schema *schema,
                       const struct berval *values, guint count)
{
    static const char *const classes[] = {COR_TYPE_OU,   COR_TYPE_CONTACT,       COR_TYPE_GROUP,
                                          COR_TYPE_USER, COR_TYPE_INETORGPERSON, COR_TYPE_COMPUTER};
    const char *type = NULL;
    (void)schema;
    for (gsize c = 0; c < G_N_ELEMENTS(classes); c++)
        for (guint i = 0; i < count; i++)
            if (value_is(&values[i], classes[c]))
                type = classes[c];
    g_free(entry->type);
    entry->type = g_strdup(type);
}

static void take_guid(struct ad_entry *entry, const struct ad_schema *schema,
                      const struct berval *values, guint count)
{
    (void)schema;
    if (count != 1 || values->bv_len != AD_GUID_BYTES)
        return;
    ad_guid_text((const guint8 *)values->bv_val, entry->key);
    cor_json_set(entry->attributes, "objectGUID", cor_json_new_string(entry->key));
}

static void take_deleted(struct ad_entry *entry, const struct ad_schema *schema,
                         const struct berval *values, guint count)
{
    (void)schema;
    entry->deleted = count && value_is(values, "TRUE");
}

static void take_recycled(struct ad_entry *entry, const struct ad_schema *schema,
                          const struct berval *values, guint count)
{
    (void)schema;
    entry->recycled = count && value_is(values, "TRUE");
}

static void take_usn(struct ad_entry *entry, const struct ad_schema *schema,
                     const struct berval *values, guint count)
{
    (void)schema;
    if (count)
        ad_int_parse(values->bv_val, values->bv_len, &entry->usn_changed);
}

static void take_created(struct ad_entry *entry, const struct ad_schema *schema,
                         const struct berval *values, guint count)
{
    (void)schema;
    if (count)
        ad_int_parse(values->bv_val, values->bv_len, &entry->usn_created);
}

/* The attribute that names the object, from its DN. */
static const struct ad_attribute *naming_attribute(const struct ad_entry *entry,
                                                   const struct ad_schema *schema)
{
    const char *dn = cor_json_string(cor_json_get(entry->attributes, "distinguishedName"));
    return dn ? ad_schema_by_name(schema, dn, strcspn(dn, "=")) : NULL;
}

static void take_metadata(struct ad_entry *entry, const struct ad_schema *schema,
                          const struct berval *values, guint count)
{
    if (!count)
        return;
    cor_json_free(entry->metadata);
    entry->metadata = ad_metadata_json(schema, naming_attribute(entry, schema),
                                       (const guint8 *)values->bv_val, values->bv_len);
    entry->metadata_broken = !entry->metadata;
    entry->marks = ad_metadata_marks((const guint8 *)values->bv_val, values->bv_len);
}

static void take_link_metadata(struct ad_entry *entry, const struct ad_schema *schema,
                               const struct berval *values, guint count)
{
    (void)schema;
    for (guint i = 0; i < count; i++)
        ad_link_stamps_add(&entry->stamps, &values[i]);
}

enum special_use {
    SPECIAL_TAKEN,
    SPECIAL_STORED,   /* in the document too */
    SPECIAL_EVIDENCE, /* may be cut, and the object is whole without the rest */
};
struct special {
    const char *name;
    gsize len; /* of the name */
    void (*take)(struct ad_entry *entry, const struct ad_schema *schema,
                 const struct berval *values, guint count);
    enum special_use use;
};
#define SPECIAL(name, take, use)                                                                   \
    {                                                                                              \
        name, sizeof name - 1, take, use                                                           \
    }
static const struct special specials[] = {
    SPECIAL("objectClass", take_class, SPECIAL_STORED),
    SPECIAL("objectGUID", take_guid, SPECIAL_TAKEN),
    SPECIAL("isDeleted", take_deleted, SPECIAL_STORED),
    SPECIAL("isRecycled", take_recycled, SPECIAL_STORED),
    SPECIAL("uSNChanged", take_usn, SPECIAL_TAKEN),
    SPECIAL("replPropertyMetaData", take_metadata, SPECIAL_TAKEN),
    SPECIAL("uSNCreated", take_created, SPECIAL_TAKEN),
    SPECIAL("distinguishedName", NULL, SPECIAL_TAKEN),
    SPECIAL(AD_LINK_METADATA, take_link_metadata, SPECIAL_EVIDENCE),
    SPECIAL(AD_LINK_METADATA_EXT, take_link_metadata, SPECIAL_EVIDENCE),
};

static const struct special *special_of(const struct berval *name, gsize len)
{
    for (gsize i = 0; i < G_N_ELEMENTS(specials); i++)
        if (specials[i].len == len && g_ascii_strncasecmp(specials[i].name, name->bv_val, len) == 0)
            return &specials[i];
    return NULL;
}

/* --- everything else -------------------------------------------------------------------------- */

static void add_links(struct ad_entry *entry, const struct ad_attribute *attribute,
                      const struct berval *values, guint count)
{
    for (guint i = 0; i < count; i++) {
        struct ad_entry_link link = {.attribute = attribute};
        struct ad_dn dn;
        if (!ad_dn_parse(values[i].bv_val, values[i].bv_len, &dn) || !dn.has_guid) {
            entry->unkeyed++;
            continue;
        }
        memcpy(link.target, dn.guid, sizeof link.target);
        g_array_append_val(entry->links, link);
    }
}

static struct cor_json *document_value(const struct ad_entry *entry, gboolean single,
                                       enum ad_syntax syntax, const struct berval *values,
                                       guint count)
{
    gsize bytes = 0;
    for (guint i = 0; i < count; i++)
        bytes += values[i].bv_len;
    if (bytes > AD_VALUE_MAX && entry->bytes > AD_ENTRY_MAX)
        return ad_values_digest(values, count);
    return single && count == 1 ? ad_value(syntax, values) : ad_values(syntax, values, count);
}

/* The DN of another object is shown as it is now, and no event on this object tells when it
 * changes. The category lies in the schema, where nothing is renamed. */
static void note_dn(struct ad_entry *entry, const struct ad_attribute *attribute,
                    const struct berval *values, guint count)
{
    gboolean shown = FALSE;
    if (attribute->syntax != AD_SYNTAX_DN || !entry->domain_nc ||
        strcmp(attribute->name, "objectCategory") == 0)
        return;
    for (guint i = 0; i < count; i++) {
        struct ad_dn dn;
        if (ad_dn_parse(values[i].bv_val, values[i].bv_len, &dn) &&
            ad_dn_within(dn.dn, dn.dn_len, entry->domain_nc) &&
            !(entry->config_nc && ad_dn_within(dn.dn, dn.dn_len, entry->config_nc)))
            shown = TRUE;
    }
    if (shown && strcmp(attribute->name, "lastKnownParent") == 0)
        entry->shows_parent = TRUE;
    else if (shown)
        entry->shows_dn = TRUE;
}

gboolean ad_entry_holds_dn(const struct ad_entry *entry)
{
    return entry->shows_dn || (entry->shows_parent && !entry->deleted);
}

static void renew(struct cor_json **tree)
{
    struct cor_json *copy = cor_json_copy(*tree);
    cor_json_free(*tree);
    *tree = copy;
}

/* A second chunk of a ranged attribute joins the first. */
static void add_document(struct ad_entry *entry, const struct ad_attribute *attribute,
                         const struct berval *values, guint count)
{
    struct cor_json *node =
        document_value(entry, attribute->single, attribute->syntax, values, count);
    const struct cor_json *present = cor_json_get(entry->attributes, attribute->name);
    note_dn(entry, attribute, values, count);
    if (present) {
        struct cor_json *merged = ad_values_merge(present, node);
        cor_json_free(node);
        if (!merged) {
            entry->unmerged++;
            return;
        }
        node = merged;
    }
    cor_json_set(entry->attributes, attribute->name, node);
    if (present) /* what was replaced lives as long as its tree, and chunks may be many */
        renew(&entry->attributes);
}

static void add_range(struct ad_entry *entry, const char *name, gsize len, guint64 next)
{
    struct ad_range range = {.attribute = g_strndup(name, len), .next = next};
    g_array_append_val(entry->ranges, range);
}

/* The rest of the metadata is asked for in the form it came in. */
static void add_evidence_range(struct ad_entry *entry, const struct berval *name, gsize len,
                               guint64 next)
{
    g_autofree char *options = g_ascii_strdown(name->bv_val + len, (gssize)(name->bv_len - len));
    const char *form = strstr(options, ";binary") ? ";binary" : "";
    struct ad_range range = {
        .attribute = g_strdup_printf("%.*s%s", (int)len, name->bv_val, form),
        .next = next,
        .evidence = TRUE,
    };
    g_array_append_val(entry->ranges, range);
}

static void add_unknown(struct ad_entry *entry, const struct berval *name, gsize len,
                        const struct berval *values, guint count)
{
    if (!count || !g_utf8_validate_len(name->bv_val, len, NULL))
        return;
    g_autofree char *key = g_strndup(name->bv_val, len);
    cor_json_set(entry->attributes, key,
                 document_value(entry, FALSE, AD_SYNTAX_OCTETS, values, count));
}

void ad_entry_add(struct ad_entry *entry, const struct ad_schema *schema, const struct berval *name,
                  const struct berval *values, guint count)
{
    gsize len;
    guint64 next;
    gboolean understood = ad_range_parse(name->bv_val, name->bv_len, &len, &next);
    const struct ad_attribute *attribute = ad_schema_by_name(schema, name->bv_val, len);
    const struct special *special = special_of(name, len);
    if (special && special->take)
        special->take(entry, schema, values, count);
    if (special && special->use == SPECIAL_EVIDENCE && (!understood || next))
        add_evidence_range(entry, name, len, next);
    if (special && special->use != SPECIAL_STORED)
        return;
    if (attribute && (attribute->handling == AD_VOLATILE || attribute->handling == AD_SECRET))
        return;
    if (!understood || next)
        add_range(entry, name->bv_val, len, next);
    if (!attribute)
        add_unknown(entry, name, len, values, count);
    else if (attribute->handling == AD_LINK)
        add_links(entry, attribute, values, count);
    else if (count) /* an attribute without values beside its range says nothing */
        add_document(entry, attribute, values, count);
}

/* --- the record ------------------------------------------------------------------------------- */

/* Deleted objects are renamed to "old name, newline, DEL:guid" (MS-ADTS 3.1.1.5.5.1.1). */
static char *presentable(const char *text)
{
    return g_strndup(text, strcspn(text, "\n"));
}

static char *display_name(const struct cor_json *attributes)
{
    static const char *const sources[] = {
        "userPrincipalName", "sAMAccountName", "displayName", "cn", "ou", "name",
        "distinguishedName"};
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        const struct cor_json *node = cor_json_get(attributes, sources[i]);
        if (cor_json_type(node) == COR_JSON_ARRAY)
            node = cor_json_first(node);
        const char *text = cor_json_string(node);
        if (text && *text)
            return presentable(text);
    }
    return g_strdup("");
}

struct cor_record *ad_entry_record(struct ad_entry *entry, gboolean recycle_bin)
{
    if (!entry->type || !*entry->key)
        return NULL;
    struct cor_record *record = cor_record_new(COR_AD, entry->type, entry->key);
    if (entry->recycled || (entry->deleted && !recycle_bin))
        record->life = COR_RECYCLED;
    else
        record->life = entry->deleted ? COR_DELETED : COR_LIVE;
    g_free(record->name);
    record->name = display_name(entry->attributes);
    cor_json_free(record->attributes);
    cor_json_free(record->metadata);
    record->attributes = g_steal_pointer(&entry->attributes);
    record->metadata = g_steal_pointer(&entry->metadata);
    if (entry->stamps.list->len && !record->metadata)
        record->metadata = cor_json_new_object();
    if (entry->stamps.list->len)
        ad_link_stamps_store(&entry->stamps, record->metadata);
    return record;
}
