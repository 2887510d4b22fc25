/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_RULES_READING_H
#define ANCHORWATCH_AGENT_RULES_READING_H

/*
 * What the readers of exported rules share: XML read by tables of elements, and what becomes of
 * what no table knows. Private to agent/rules.
 *
 * Errors are COR_E_INPUT, "file:line: expected …, found …", or COR_E_LIMIT for a ceiling.
 */

#include "agent/rules/file.h"
#include "correlate/rules/model.h"

#include <libxml/tree.h>

/* One file being read into a set. */
struct rules_reading {
    struct cor_rule_set *set;
    GPtrArray *findings; /* char *: "file:line: what an administrator should know" */
    const char *file;    /* as messages name it: relative to the folder */
};

/* Parse one document. Document types are refused, so that no entity is ever expanded and nothing is
 * fetched. Caller frees with xmlFreeDoc(). */
xmlDoc *rules_xml_parse(const char *name, const char *text, gsize len, GError **error);
#define RULES_XML_AUTO __attribute__((cleanup(rules_xml_cleanup))) xmlDoc
static inline void rules_xml_cleanup(xmlDoc **doc)
{
    xmlFreeDoc(*doc);
}

/* How an element, or an attribute when the name begins with '@', is read. */
struct rules_element {
    const char *name; /* without prefix */
    /* text: what the element or attribute holds, without the white space around it. NULL: known,
     * and of no bearing on what the engine computes; passed over. */
    gboolean (*take)(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                     GError **error);
    gsize offset; /* of the member of the target that take fills, where it uses that */
    enum { RULES_REQUIRED = 1, RULES_REPEATS = 2 } flags;
    /* Where take is NULL: the only value that may be passed over; another, or an element with
     * elements in it, is kept as unknown. */
    const char *usual;
};
struct rules_table {
    const struct rules_element *elements;
    gsize n;
};
#define RULES_TABLE(array) (&(const struct rules_table){array, G_N_ELEMENTS(array)})

/* Read the children and attributes of a node by a table. What the table does not name is kept in
 * set->extra and listed in set->unknown. */
gboolean rules_read(struct rules_reading *in, xmlNode *node, const struct rules_table *table,
                    void *target, GError **error);

/* Ready-made takes. They fill the member at the entry's offset, which is handed to them as target:
 * a char *, a gboolean ("true" or "false" in any case, 1 or 0), a GPtrArray * of char * that is
 * appended to unless the text is empty. */
gboolean rules_take_text(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                         GError **error);
gboolean rules_take_bool(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                         GError **error);
gboolean rules_take_item(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                         GError **error);

/* COR_E_INPUT with file and line; answers FALSE. */
gboolean rules_expected(const struct rules_reading *in, const xmlNode *node, const char *expected,
                        const char *found, GError **error);
void rules_finding(struct rules_reading *in, const xmlNode *node, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* Keep something in set->extra under this file and list it. text: verbatim. */
void rules_keep(struct rules_reading *in, const char *path, const char *text);

/* The readers of one file each. */
gboolean rules_read_rule(struct rules_reading *in, xmlNode *root, GError **error);
gboolean rules_read_connector(struct rules_reading *in, xmlNode *root, GError **error);
gboolean rules_read_metaverse(struct rules_reading *in, xmlNode *root, GError **error);
/* A DSML schema: attribute -> type, as struct cor_connector.syntaxes. */
gboolean rules_read_schema(struct rules_reading *in, xmlNode *node, GHashTable *types,
                           GError **error);

#endif
