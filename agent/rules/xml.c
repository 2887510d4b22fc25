/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML by tables. Invariant: every element and attribute of a document is either taken, named by a
 * table as of no bearing, or kept in set->extra and listed; nothing vanishes.
 */
#include "agent/rules/reading.h"
#include "correlate/error.h"

#include <libxml/parser.h>
#include <string.h>

#define FOUND_MAX 60 /* characters of a found value in a message */

/* --- messages -------------------------------------------------------------------------------- */

gboolean rules_expected(const struct rules_reading *in, const xmlNode *node, const char *expected,
                        const char *found, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(found, -1);
    g_autofree char *cut = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), FOUND_MAX));
    g_set_error(error, AGENT_ERROR, COR_E_INPUT, "%s:%ld: expected %s, found %s", in->file,
                xmlGetLineNo(node), expected, cut);
    return FALSE;
}

void rules_finding(struct rules_reading *in, const xmlNode *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (node)
        g_ptr_array_add(in->findings,
                        g_strdup_printf("%s:%ld: %s", in->file, xmlGetLineNo(node), text));
    else
        g_ptr_array_add(in->findings, g_strdup_printf("%s: %s", in->file, text));
}

void rules_keep(struct rules_reading *in, const char *path, const char *text)
{
    g_ptr_array_add(in->set->unknown, g_strdup_printf("%s: %s", in->file, path));
    struct cor_json *file = cor_json_steal(in->set->extra, in->file);
    if (!file)
        file = cor_json_new_object();
    struct cor_json *list = cor_json_steal(file, path);
    if (!list)
        list = cor_json_new_array();
    cor_json_append(list, cor_json_new_string(text));
    cor_json_add(file, path, list);
    cor_json_add(in->set->extra, in->file, file);
}

/* --- parsing --------------------------------------------------------------------------------- */

/* Entities and external subsets live in a document type; without one there are none. */
static void refuse_doctype(void *data, const xmlChar *name, const xmlChar *external,
                           const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    xmlParserCtxt *context = data;
    context->_private = context;
    xmlStopParser(context);
}

static void fail_parse(const char *name, xmlParserCtxt *context, GError **error)
{
    const xmlError *native = xmlCtxtGetLastError(context);
    int line = native ? native->line : 1;
    if (context->_private) {
        g_set_error(error, AGENT_ERROR, COR_E_INPUT,
                    "%s:%d: expected an element, found a document type", name,
                    context->input ? context->input->line : line);
        return;
    }
    g_autofree char *said = g_utf8_make_valid(native ? native->message : "nothing", -1);
    g_set_error(error, AGENT_ERROR, COR_E_INPUT, "%s:%d: expected well-formed XML, found: %s", name,
                line, g_strchomp(said));
}

static const xmlNode *too_deep(const xmlNode *node, guint depth)
{
    if (depth > RULES_DEPTH_MAX)
        return node;
    for (const xmlNode *n = xmlFirstElementChild((xmlNode *)node); n;
         n = xmlNextElementSibling((xmlNode *)n)) {
        const xmlNode *found = too_deep(n, depth + 1);
        if (found)
            return found;
    }
    return NULL;
}

xmlDoc *rules_xml_parse(const char *name, const char *text, gsize len, GError **error)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    if (!context)
        g_error("out of memory");
    context->sax->internalSubset = refuse_doctype;
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
                  XML_PARSE_BIG_LINES | XML_PARSE_IGNORE_ENC;
    xmlDoc *doc = xmlCtxtReadMemory(context, text, (int)len, NULL, "UTF-8", options);
    if (!doc || context->_private || !context->wellFormed) {
        fail_parse(name, context, error);
        g_clear_pointer(&doc, xmlFreeDoc);
    }
    xmlFreeParserCtxt(context);
    const xmlNode *deep = doc ? too_deep(xmlDocGetRootElement(doc), 1) : NULL;
    if (deep) {
        g_set_error(error, AGENT_ERROR, COR_E_LIMIT,
                    "%s:%ld: expected elements at most %d deep, found more", name,
                    xmlGetLineNo(deep), RULES_DEPTH_MAX);
        g_clear_pointer(&doc, xmlFreeDoc);
    }
    return doc;
}

/* --- tables ---------------------------------------------------------------------------------- */

static char *node_text(const xmlNode *node)
{
    GString *out = g_string_new(NULL);
    for (const xmlNode *n = node->children; n; n = n->next)
        if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)
            g_string_append(out, (const char *)n->content);
    g_strstrip(out->str);
    return g_string_free(out, FALSE);
}

static char *node_path(const xmlNode *node, const char *suffix)
{
    GString *out = g_string_new(suffix);
    for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
        g_string_prepend(out, (const char *)node->name);
        g_string_prepend_c(out, '/');
    }
    return g_string_free(out, FALSE);
}

static void keep_element(struct rules_reading *in, xmlNode *node)
{
    xmlBuffer *buffer = xmlBufferCreate();
    xmlNodeDump(buffer, node->doc, node, 0, 0);
    g_autofree char *path = node_path(node, NULL);
    rules_keep(in, path, (const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
}

static const struct rules_element *find(const struct rules_table *table, const char *name,
                                        guint64 *ret_bit)
{
    for (gsize i = 0; i < table->n; i++)
        if (strcmp(table->elements[i].name, name) == 0) {
            *ret_bit = (guint64)1 << i;
            return &table->elements[i];
        }
    return NULL;
}

static gboolean take(struct rules_reading *in, xmlNode *node, const struct rules_element *element,
                     const char *text, void *target, GError **error)
{
    return element->take(in, node, text, (char *)target + element->offset, error);
}

static gboolean read_child(struct rules_reading *in, xmlNode *child,
                           const struct rules_table *table, guint64 *seen, void *target,
                           GError **error)
{
    guint64 bit = 0;
    const struct rules_element *element = find(table, (const char *)child->name, &bit);
    if (!element) {
        keep_element(in, child);
        return TRUE;
    }
    if ((*seen & bit) && !(element->flags & RULES_REPEATS)) {
        g_autofree char *expected = g_strdup_printf("one element %s", element->name);
        return rules_expected(in, child, expected, "a second", error);
    }
    *seen |= bit;
    g_autofree char *text = node_text(child);
    if (element->take)
        return take(in, child, element, text, target, error);
    if (element->usual &&
        (xmlFirstElementChild(child) || g_ascii_strcasecmp(element->usual, text) != 0))
        keep_element(in, child);
    return TRUE;
}

static gboolean read_attribute(struct rules_reading *in, xmlNode *node, xmlAttr *attribute,
                               const struct rules_table *table, void *target, GError **error)
{
    guint64 bit = 0;
    g_autofree char *name = g_strdup_printf("@%s", attribute->name);
    const struct rules_element *element = find(table, name, &bit);
    xmlChar *content = xmlNodeGetContent((xmlNode *)attribute);
    gboolean ok = TRUE;
    if (!element) {
        g_autofree char *suffix = g_strconcat("/", name, NULL);
        g_autofree char *path = node_path(node, suffix);
        rules_keep(in, path, (const char *)content);
    } else if (element->take) {
        ok = take(in, node, element, (const char *)content, target, error);
    }
    xmlFree(content);
    return ok;
}

static gboolean check_required(struct rules_reading *in, const xmlNode *node,
                               const struct rules_table *table, guint64 seen, GError **error)
{
    for (gsize i = 0; i < table->n; i++) {
        const struct rules_element *element = &table->elements[i];
        if (!(element->flags & RULES_REQUIRED) || (seen & ((guint64)1 << i)))
            continue;
        g_autofree char *expected =
            g_strdup_printf("element %s in %s", element->name, (const char *)node->name);
        return rules_expected(in, node, expected, "none", error);
    }
    return TRUE;
}

gboolean rules_read(struct rules_reading *in, xmlNode *node, const struct rules_table *table,
                    void *target, GError **error)
{
    guint64 seen = 0;
    for (xmlAttr *a = node->properties; a; a = a->next)
        if (!read_attribute(in, node, a, table, target, error))
            return FALSE;
    for (xmlNode *n = xmlFirstElementChild(node); n; n = xmlNextElementSibling(n))
        if (!read_child(in, n, table, &seen, target, error))
            return FALSE;
    return check_required(in, node, table, seen, error);
}

/* --- ready-made takes ------------------------------------------------------------------------ */

gboolean rules_take_text(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                         GError **error)
{
    (void)in, (void)node, (void)error;
    char **member = target;
    g_free(*member);
    *member = g_strdup(text);
    return TRUE;
}

gboolean rules_take_bool(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                         GError **error)
{
    static const char *const yes[] = {"true", "1"}, *const no[] = {"false", "0", ""};
    gboolean *member = target;
    for (guint i = 0; i < G_N_ELEMENTS(yes); i++)
        if (g_ascii_strcasecmp(text, yes[i]) == 0) {
            *member = TRUE;
            return TRUE;
        }
    for (guint i = 0; i < G_N_ELEMENTS(no); i++)
        if (g_ascii_strcasecmp(text, no[i]) == 0) {
            *member = FALSE;
            return TRUE;
        }
    g_autofree char *expected = g_strdup_printf("true or false in %s", (const char *)node->name);
    return rules_expected(in, node, expected, text, error);
}

gboolean rules_take_item(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                         GError **error)
{
    (void)in, (void)node, (void)error;
    GPtrArray **member = target;
    if (*text)
        g_ptr_array_add(*member, g_strdup(text));
    return TRUE;
}
