/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which objects an audit record names: its actor and its targets. The index of audit records is
 * made of these keys, and verification makes them again. Names and addresses are not keys: they
 * change and are reused.
 */
#include "agent/store/event.h"

static void add_key(struct cor_json *keys, GHashTable *seen, const struct cor_json *named)
{
    const char *id = cor_json_get_string(named, "id");
    if (id && *id && g_hash_table_add(seen, (gpointer)id))
        cor_json_append(keys, cor_json_new_string(id));
}

struct cor_json *store_event_keys(const struct cor_json *doc)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    struct cor_json *keys = cor_json_new_array();
    const struct cor_json *targets = cor_json_get(doc, "targets");
    add_key(keys, seen, cor_json_get(doc, "actor"));
    for (const struct cor_json *n = cor_json_first(targets); n; n = cor_json_next(n))
        add_key(keys, seen, n);
    return keys;
}
