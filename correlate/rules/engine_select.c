/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connector imports: selected types, partitions and containers (the longest match decides).
 * DNs compare without case and without the optional spaces.
 */
#include "correlate/rules/engine_private.h"

#include <string.h>

struct cor_selection {
    const struct cor_partition *of;
    char *root;
    GPtrArray *inclusions, *exclusions; /* char *, plain */
};

static gboolean is_edge(char c)
{
    return c == ',' || c == '=';
}

static char *plain_dn(const char *dn)
{
    g_autofree char *folded = g_utf8_casefold(dn, -1);
    GString *out = g_string_sized_new(strlen(folded) + 1);
    for (const char *c = folded; *c; c++) {
        gboolean edge = out->len == 0 || is_edge(out->str[out->len - 1]);
        if (*c == ' ' && (edge || is_edge(c[strspn(c, " ")])))
            continue;
        g_string_append_c(out, *c);
    }
    return g_string_free(out, FALSE);
}

static GPtrArray *plain_dns(const GPtrArray *dns)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < dns->len; i++)
        g_ptr_array_add(out, plain_dn(dns->pdata[i]));
    return out;
}

static void free_selection(void *data)
{
    struct cor_selection *selection = data;
    g_ptr_array_unref(selection->inclusions);
    g_ptr_array_unref(selection->exclusions);
    g_free(selection->root);
    g_free(selection);
}

GPtrArray *cor_program_selections(const struct cor_connector *connector)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(free_selection);
    for (guint i = 0; connector && !connector->cloud && i < connector->partitions->len; i++) {
        struct cor_selection *selection = g_new0(struct cor_selection, 1);
        selection->of = connector->partitions->pdata[i];
        selection->root = plain_dn(selection->of->dn);
        selection->inclusions = plain_dns(selection->of->inclusions);
        selection->exclusions = plain_dns(selection->of->exclusions);
        g_ptr_array_add(out, selection);
    }
    return out;
}

/* Length of container when the object is it or lies in it, else 0; both plain. */
static gsize lies_in(const char *object, const char *container)
{
    gsize n = strlen(object), m = strlen(container);
    if (m == 0 || m > n || strcmp(object + n - m, container) != 0)
        return 0;
    return n > m && object[n - m - 1] != ',' ? 0 : m;
}

static gsize longest(const char *object, const GPtrArray *containers)
{
    gsize best = 0;
    for (guint i = 0; i < containers->len; i++)
        best = MAX(best, lies_in(object, containers->pdata[i]));
    return best;
}

static char *not_in(const struct cor_selection *selection, const char *object)
{
    if (!selection)
        return g_strdup("it lies in no partition of the connector");
    if (!selection->of->selected)
        return g_strdup_printf("the partition %s is not selected", selection->of->dn);
    gsize in = longest(object, selection->inclusions);
    gsize out = longest(object, selection->exclusions);
    if (out > in || (in == 0 && selection->inclusions->len > 0))
        return g_strdup("its container is not selected");
    return NULL;
}

char *cor_program_not_selected(const struct cor_program_connector *connector,
                               const struct cor_program_object *object,
                               const struct cor_partition **ret_partition)
{
    const struct cor_selection *best = NULL;
    gsize length = 0;
    *ret_partition = NULL;
    if (connector->types && !g_hash_table_contains(connector->types, object->type))
        return g_strdup_printf("objects of type %s are not selected", object->type);
    if (connector->selections->len == 0 || !object->dn)
        return NULL;
    g_autofree char *plain = plain_dn(object->dn);
    for (guint i = 0; i < connector->selections->len; i++) {
        const struct cor_selection *selection = connector->selections->pdata[i];
        gsize found = lies_in(plain, selection->root);
        if (found > length) {
            length = found;
            best = selection;
        }
    }
    *ret_partition = best ? best->of : NULL;
    return not_in(best, plain);
}
