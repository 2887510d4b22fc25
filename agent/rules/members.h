/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_RULES_MEMBERS_H
#define ANCHORWATCH_AGENT_RULES_MEMBERS_H

/*
 * What the readers of JSON share: objects read by tables of members, as reading.h does it for XML.
 * Every member is either taken, named by a table as of no bearing, or kept in set->extra and listed
 * in set->unknown. null, and the service's annotations (a name with '@'), count as absent. Private
 * to agent/rules.
 *
 * Errors are COR_E_INPUT, "file: member path: expected …, found …".
 */

#include "agent/rules/reading.h"

/* One document being read; the path grows and shrinks with the value at hand. */
struct rules_document {
    struct rules_reading in;
    GString *path; /* "synchronizationRules[0].objectMappings[2]"; empty at the root */
};

typedef gboolean (*rules_member_func)(struct rules_document *in, const struct cor_json *value,
                                      void *target, GError **error);
struct rules_member {
    const char *name;       /* compared without case: other exporters may spell it otherwise */
    rules_member_func take; /* NULL: of no bearing on what the engine computes; passed over */
    gsize offset;           /* of the member of the target that take fills */
    gboolean required;
};
struct rules_members {
    const struct rules_member *members;
    gsize n;
};
#define RULES_MEMBERS(array) (&(const struct rules_members){array, G_N_ELEMENTS(array)})

gboolean rules_members_read(struct rules_document *in, const struct cor_json *object,
                            const struct rules_members *table, void *target, GError **error);
/* Each element of an array, in order; take fills target as it is. */
gboolean rules_members_each(struct rules_document *in, const struct cor_json *array,
                            rules_member_func take, void *target, GError **error);
/* The same, the order and number of the elements being the caller's business: index is the place in
 * the file that messages name. */
gboolean rules_members_one(struct rules_document *in, const struct cor_json *element, guint index,
                           rules_member_func take, void *target, GError **error);

/* Ready-made takes: a char *, a gboolean (also as text), a gint64 (also as text), a GPtrArray * of
 * char * from an array of strings or one string. */
gboolean rules_member_text(struct rules_document *in, const struct cor_json *value, void *target,
                           GError **error);
gboolean rules_member_bool(struct rules_document *in, const struct cor_json *value, void *target,
                           GError **error);
gboolean rules_member_int(struct rules_document *in, const struct cor_json *value, void *target,
                          GError **error);
gboolean rules_member_texts(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error);
/* A member of an enumeration, by name in any case or by number; *ret is its place in names. */
gboolean rules_member_choice(struct rules_document *in, const struct cor_json *value,
                             const char *const *names, guint n, guint *ret, GError **error);

/* Say what was expected of the value at hand; answers FALSE. */
gboolean rules_member_expected(const struct rules_document *in, const struct cor_json *found,
                               const char *expected, GError **error);
/* "file: path: text", at the value at hand. */
void rules_member_finding(struct rules_document *in, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Keep the value under the path at hand and list it. */
void rules_member_keep(struct rules_document *in, const struct cor_json *value);

/* The readers of one document each, into an empty set of the right source. */
gboolean rules_read_cloud_schema(struct rules_document *in, const struct cor_json *root,
                                 GError **error);
/* Parts of the former: the scope of an object mapping; the groups (DN) whose members alone are in
 * scope, ANDed to what the rule has. */
gboolean rules_read_cloud_scope(struct rules_document *in, const struct cor_json *value,
                                struct cor_rule *rule, GError **error);
void rules_cloud_scope_groups(struct cor_rule *rule, const GPtrArray *groups);
gboolean rules_read_policy(struct rules_document *in, const struct cor_json *root, GError **error);

#endif
