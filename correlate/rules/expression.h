/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_EXPRESSION_H
#define ANCHORWATCH_CORRELATE_RULES_EXPRESSION_H

/*
 * The expression languages of sync rules: Entra Connect (declarative provisioning expressions:
 * VBA-like, operators from left to right without precedence) and Entra Cloud Sync. Parsing gives an
 * immutable program; evaluation is a pure function of the program and its environment.
 * Sources: connect/concept-azure-ad-connect-sync-declarative-provisioning-expressions,
 * connect/reference-connect-sync-functions-reference,
 * app-provisioning/functions-for-customizing-application-data.
 */

#include "correlate/rules/value.h"

enum cor_dialect { COR_DIALECT_CONNECT, COR_DIALECT_CLOUD_SYNC };

#define COR_EXPRESSION_MAX_BYTES (64 * 1024)        /* of text */
#define COR_EXPRESSION_MAX_DEPTH 64                 /* of nesting */
#define COR_EXPRESSION_MAX_STEPS 100000             /* evaluated nodes of one evaluation */
#define COR_EXPRESSION_MAX_VALUE (16 * 1024 * 1024) /* bytes that one evaluation may make */

struct cor_expression;
/* Errors: COR_E_INPUT with "column N: what was expected" (N in characters, from 1), COR_E_LIMIT.
 * An unknown function is an error that names it. Caller frees. */
struct cor_expression *cor_expression_parse(const char *text, gsize len, enum cor_dialect dialect,
                                            GError **error);
void cor_expression_free(struct cor_expression *expression);

/* What it mentions, each once, in order of appearance; borrowed. */
const GPtrArray *cor_expression_attributes(const struct cor_expression *expression); /* char * */
const GPtrArray *cor_expression_parameters(const struct cor_expression *expression); /* char * */
const GPtrArray *cor_expression_functions(const struct cor_expression *expression);  /* char * */
/* Calls of a function in the text, for counts. */
guint cor_expression_calls(const struct cor_expression *expression, const char *function);

/* Give every attribute the number by which the environment knows it. Without binding the number is
 * the index in cor_expression_attributes. */
typedef guint (*cor_expression_slot_func)(const char *attribute, void *data);
void cor_expression_bind(struct cor_expression *expression, cor_expression_slot_func slot,
                         void *data);

/* One step of a trace, in the order in which values became known. */
struct cor_expression_step {
    guint column, length; /* of the part of the text, in characters, from 1 */
    struct cor_value value;
};

struct cor_expression_env {
    /* Value of an attribute by slot; NULL value when the object has none. Not NULL. */
    struct cor_value (*attribute)(const struct cor_expression_env *env, guint slot);
    /* %Name% without the signs; FALSE when not known, which is an error of the evaluation. */
    gboolean (*parameter)(const struct cor_expression_env *env, const char *name,
                          struct cor_value *ret);
    /* ImportedValue("x"): what the target already holds. May be NULL: NULL value. */
    struct cor_value (*imported)(const struct cor_expression_env *env, const char *attribute);
    void *data;              /* of the three functions */
    struct cor_arena *arena; /* results live here */
    gint64 now_us;           /* Now() */
    guint64 seed;            /* RandomNum, Guid, RandomString: same seed, same result */
    GArray *trace;           /* struct cor_expression_step, or NULL */
};
/* Never fails otherwise than by a value of type ERROR. */
struct cor_value cor_expression_evaluate(const struct cor_expression *expression,
                                         const struct cor_expression_env *env);

/* The table of functions, for documentation and counts. */
struct cor_function_info {
    const char *name;
    enum cor_dialect dialect;
    guint min_args, max_args; /* G_MAXUINT: any number */
    const char *source;       /* the page, or "shipped, not documented" */
};
const struct cor_function_info *cor_function_table(gsize *ret_n);

#endif
