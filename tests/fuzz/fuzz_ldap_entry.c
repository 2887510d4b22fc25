/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry of any attributes: lines of "name=value", each value the bytes up to the next
 * newline. Whatever becomes of it must be writable as canonical JSON and parse again.
 */
#include "ldap/entry.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ad_schema *make_schema(void)
{
    static const struct ad_schema_row rows[] = {
        {.name = "text", .syntax = "2.5.5.12"},
        {.name = "flag", .syntax = "2.5.5.8", .single = TRUE},
        {.name = "number", .syntax = "2.5.5.16"},
        {.name = "time", .syntax = "2.5.5.11", .single = TRUE},
        {.name = "sid", .syntax = "2.5.5.17"},
        {.name = "dn", .syntax = "2.5.5.1"},
        {.name = "data", .syntax = "2.5.5.7"},
        {.name = "octets", .syntax = "2.5.5.10"},
        {.name = "member", .syntax = "2.5.5.1", .link_id = 2},
        {.name = "assistant", .syntax = "2.5.5.1", .single = TRUE},
        {.name = "objectClass", .syntax = "2.5.5.2"},
    };
    struct ad_schema *schema = ad_schema_new();
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        ad_schema_add(schema, &rows[i]);
    return schema;
}

static void add_line(struct ad_entry *entry, const struct ad_schema *schema, const uint8_t *line,
                     size_t len)
{
    const uint8_t *equals = memchr(line, '=', len);
    if (!equals)
        return;
    struct berval name = {(ber_len_t)(equals - line), (char *)line};
    struct berval value = {(ber_len_t)(len - name.bv_len - 1), (char *)equals + 1};
    ad_entry_add(entry, schema, &name, &value, 1);
}

static void must_round_trip(const struct cor_json *node)
{
    if (!node)
        return;
    g_autofree char *text = cor_json_to_text(node);
    COR_JSON_AUTO *again = cor_json_parse(text, strlen(text), 0, NULL);
    if (!again || !cor_json_equal(node, again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AD_SCHEMA_AUTO *schema = make_schema();
    AD_ENTRY_AUTO *entry = ad_entry_new();
    entry->domain_nc = "DC=lab,DC=test";
    entry->config_nc = "CN=Configuration,DC=lab,DC=test";
    while (size > 0) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t len = newline ? (size_t)(newline - data) : size;
        add_line(entry, schema, data, len);
        size_t used = newline ? len + 1 : len;
        data += used;
        size -= used;
    }
    COR_RECORD_AUTO *record = ad_entry_record(entry, TRUE);
    must_round_trip(record ? record->attributes : entry->attributes);
    must_round_trip(record ? record->metadata : entry->metadata);
    return 0;
}
