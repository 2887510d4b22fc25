/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_RULES_DEFAULTS_PRIVATE_H
#define ANCHORWATCH_AGENT_RULES_DEFAULTS_PRIVATE_H

/* Tables of the standard rules. Private to agent/rules/defaults*.c. */

#include "agent/rules/defaults.h"

/* Mappings of one kind; names are separated by a space. */
struct rules_default_part {
    enum {
        RULES_DEFAULT_END,
        RULES_DEFAULT_DIRECT,     /* "name" or "target<source" */
        RULES_DEFAULT_TRIM,       /* white space at both ends is dropped */
        RULES_DEFAULT_CUT,        /* trimmed and cut to 448 characters */
        RULES_DEFAULT_FIRST,      /* the first value, trimmed and cut to 448 characters */
        RULES_DEFAULT_EXPRESSION, /* one name and its text */
        RULES_DEFAULT_CONSTANT,   /* one name and its text */
    } kind;
    const char *names;
    const char *text;
};
struct rules_default_row {
    const char *tag, *revision; /* "InfromADUserJoin", "003" */
    enum cor_rule_direction direction;
    enum cor_rule_link link;
    const char *source_type, *target_type;
    gboolean password_sync;
    const char *scope; /* "a ISNULL;b EQUAL x|c ISNULL": '|' between groups, ';' between clauses */
    const char *join;  /* "csAttribute=mvAttribute", the same separators */
    const struct rules_default_part *const *parts; /* ends with NULL; each ends with _END */
};
extern const struct rules_default_row rules_default_inbound[];
extern const guint rules_default_inbound_len;
extern const struct rules_default_row rules_default_outbound[];
extern const guint rules_default_outbound_len;

#define RULES_DEFAULT_EXTENSIONS                                                                   \
    "extensionAttribute1 extensionAttribute2 extensionAttribute3 extensionAttribute4 "             \
    "extensionAttribute5 extensionAttribute6 extensionAttribute7 extensionAttribute8 "             \
    "extensionAttribute9 extensionAttribute10 extensionAttribute11 extensionAttribute12 "          \
    "extensionAttribute13 extensionAttribute14 extensionAttribute15"

#endif
