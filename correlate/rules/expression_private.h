/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_EXPRESSION_PRIVATE_H
#define ANCHORWATCH_CORRELATE_RULES_EXPRESSION_PRIVATE_H

/* Between the parser, the evaluator and the functions; private to correlate/rules. */

#include "correlate/rules/expression.h"

enum cor_node_kind {
    COR_NODE_CONSTANT,
    COR_NODE_ATTRIBUTE,
    COR_NODE_PARAMETER,
    COR_NODE_VARIABLE, /* $name of With, Select and Where; slot is its place */
    COR_NODE_CALL,
    COR_NODE_CHAIN, /* operands with operators between them, worked off from left to right */
};
enum cor_operator {
    COR_OP_LESS,
    COR_OP_LESS_EQUAL,
    COR_OP_NOT_EQUAL,
    COR_OP_EQUAL,
    COR_OP_GREATER,
    COR_OP_GREATER_EQUAL,
    COR_OP_PLUS,
    COR_OP_MINUS,
    COR_OP_TIMES,
    COR_OP_CONCATENATE,
    COR_OP_AND,
    COR_OP_OR,
};

struct cor_node {
    enum cor_node_kind kind;
    guint column, length; /* in characters, from 1 */
    struct cor_value constant;
    guint slot;       /* ATTRIBUTE, VARIABLE */
    const char *name; /* ATTRIBUTE, PARAMETER: owned by the expression */
    const struct cor_function *function;
    guint n;
    struct cor_node **operands;   /* CALL: arguments; CHAIN: operands */
    enum cor_operator *operators; /* CHAIN: n - 1 */
};

/* Variables that are known at one place of an expression: each takes a level of nesting. */
#define COR_VARIABLES_MAX COR_EXPRESSION_MAX_DEPTH

struct cor_evaluation {
    const struct cor_expression_env *env;
    enum cor_dialect dialect;
    guint steps;
    struct cor_value variables[COR_VARIABLES_MAX];
};
struct cor_value cor_node_evaluate(struct cor_evaluation *e, const struct cor_node *node);

/* --- functions -------------------------------------------------------------------------- */

typedef struct cor_value (*cor_function_call)(struct cor_evaluation *e,
                                              const struct cor_value *args, guint n);
/* Arguments as they stand, for functions that evaluate them by themselves. */
typedef struct cor_value (*cor_function_lazy)(struct cor_evaluation *e,
                                              const struct cor_node *node);
enum cor_function_flag {
    COR_FUNCTION_PER_VALUE = 1, /* of a multi-valued first argument: applied to each value */
    COR_FUNCTION_NULL = 2,      /* a first argument that is not there gives no value */
    COR_FUNCTION_VARIABLE = 4,  /* the first argument is a $variable, known in the last one */
};
struct cor_function {
    struct cor_function_info info;
    guint flags;
    cor_function_call call;
    cor_function_lazy lazy;
};
struct cor_function_group {
    const struct cor_function *functions;
    gsize n;
};
extern const struct cor_function_group cor_functions_logic, cor_functions_text, cor_functions_list,
    cor_functions_convert, cor_functions_date, cor_functions_replace, cor_functions_cloud,
    cor_functions_certificate;
/* NULL: not known in that dialect. */
const struct cor_function *cor_function_find(const char *name, enum cor_dialect dialect);

/* --- coercions, for functions ----------------------------------------------------------- */

struct cor_arena *cor_arena_of(const struct cor_evaluation *e);
struct cor_value cor_null(void);
/* Text of a value; NULL value: "". FALSE (ret is the error): binary or multi-valued. */
gboolean cor_to_text(struct cor_evaluation *e, const struct cor_value *value,
                     struct cor_value *ret);
gboolean cor_to_int(struct cor_evaluation *e, const struct cor_value *value, gint64 *ret);
gboolean cor_to_bool(const struct cor_value *value); /* not there: false */
/* A time, or text that CDate takes. */
gboolean cor_to_time(const struct cor_value *value, gint64 *ret);
/* .NET's M/d/yyyy h:mm:ss tt, in which Cloud Sync writes a time. Caller frees. */
char *cor_time_cloud(gint64 time_us);
/* Copies into the arena. */
struct cor_value cor_text_copy(struct cor_evaluation *e, const char *text, gsize len);
struct cor_value cor_bytes_copy(struct cor_evaluation *e, const guint8 *data, gsize len);
/* A value as a list: MULTI as it is, nothing as none, anything else as one. */
struct cor_value cor_as_list(struct cor_evaluation *e, const struct cor_value *value);

#endif
