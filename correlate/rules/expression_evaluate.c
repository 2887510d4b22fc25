/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation: a walk over the tree, bounded in steps and in bytes. An error ends it: whatever
 * contains an error is that error, but for the branches that IIF does not take. How operators of
 * Connect bind is the parser's decision.
 * but for && and ||: see evaluate_chain.
 */
#include "correlate/rules/expression_private.h"

#include "correlate/time.h"

#include <string.h>

/* --- coercions -------------------------------------------------------------------------------- */

struct cor_arena *cor_arena_of(const struct cor_evaluation *e)
{
    return e->env->arena;
}

struct cor_value cor_null(void)
{
    return (struct cor_value){.type = COR_VALUE_NULL};
}

static struct cor_value too_large(struct cor_evaluation *e)
{
    return cor_value_error(e->env->arena, "the values grow beyond %d bytes",
                           COR_EXPRESSION_MAX_VALUE);
}

struct cor_value cor_text_copy(struct cor_evaluation *e, const char *text, gsize len)
{
    char *kept = cor_arena_alloc(e->env->arena, len + 1);
    if (!kept)
        return too_large(e);
    memcpy(kept, text, len);
    kept[len] = '\0';
    return cor_value_string_len(kept, len);
}

struct cor_value cor_bytes_copy(struct cor_evaluation *e, const guint8 *data, gsize len)
{
    struct cor_value value = cor_text_copy(e, (const char *)data, len);
    if (value.type != COR_VALUE_STRING)
        return value;
    return (struct cor_value){
        .type = COR_VALUE_BYTES, .len = len, .bytes = (const guint8 *)value.text};
}

gboolean cor_to_text(struct cor_evaluation *e, const struct cor_value *value, struct cor_value *ret)
{
    char number[32];
    switch (value->type) {
    case COR_VALUE_STRING:
        *ret = *value;
        return TRUE;
    case COR_VALUE_DN:
        *ret = cor_value_string_len(value->text, value->len);
        return TRUE;
    case COR_VALUE_INT:
        g_snprintf(number, sizeof number, "%" G_GINT64_FORMAT, value->number);
        *ret = cor_text_copy(e, number, strlen(number));
        return ret->type == COR_VALUE_STRING;
    case COR_VALUE_BOOL:
        *ret = cor_value_string(value->number ? "True" : "False");
        return TRUE;
    case COR_VALUE_TIME: {
        g_autofree char *time = e->dialect == COR_DIALECT_CONNECT ? cor_time_text(value->number)
                                                                  : cor_time_cloud(value->number);
        *ret = cor_text_copy(e, time, strlen(time));
        return ret->type == COR_VALUE_STRING;
    }
    case COR_VALUE_NULL:
    case COR_VALUE_AUTHORITATIVE_NULL:
    case COR_VALUE_IGNORE:
        *ret = cor_value_string("");
        return TRUE;
    case COR_VALUE_MULTI:
        if (value->len == 1)
            return cor_to_text(e, &value->items[0], ret);
        break;
    case COR_VALUE_BYTES:
    case COR_VALUE_ERROR:
        break;
    }
    *ret = value->type == COR_VALUE_ERROR
               ? *value
               : cor_value_error(e->env->arena, "a %s value where text is needed",
                                 cor_value_type_name(value->type));
    return FALSE;
}

gboolean cor_to_int(struct cor_evaluation *e, const struct cor_value *value, gint64 *ret)
{
    (void)e;
    char *end = NULL;
    *ret = 0;
    switch (value->type) {
    case COR_VALUE_INT:
    case COR_VALUE_BOOL:
    case COR_VALUE_TIME:
        *ret = value->number;
        return TRUE;
    case COR_VALUE_STRING:
        *ret = g_ascii_strtoll(value->text, &end, 10);
        return end != value->text && *end == '\0';
    case COR_VALUE_MULTI:
        return value->len == 1 && cor_to_int(e, &value->items[0], ret);
    case COR_VALUE_BYTES: /* little-endian */
        for (gsize i = value->len; i > 0 && value->len <= 8; i--)
            *ret = (gint64)((guint64)*ret << 8 | value->bytes[i - 1]);
        return value->len > 0 && value->len <= 8;
    case COR_VALUE_NULL:
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean cor_to_bool(const struct cor_value *value)
{
    switch (value->type) {
    case COR_VALUE_BOOL:
    case COR_VALUE_INT:
        return value->number != 0;
    case COR_VALUE_STRING:
        return g_ascii_strcasecmp(value->text, "true") == 0 || strcmp(value->text, "1") == 0;
    case COR_VALUE_MULTI:
        return value->len == 1 && cor_to_bool(&value->items[0]);
    default:
        return FALSE;
    }
}

struct cor_value cor_as_list(struct cor_evaluation *e, const struct cor_value *value)
{
    struct cor_value list = {.type = COR_VALUE_MULTI};
    if (value->type == COR_VALUE_MULTI || value->type == COR_VALUE_ERROR)
        return *value;
    if (cor_value_is_null(value))
        return list;
    struct cor_value *item = cor_arena_alloc(e->env->arena, sizeof *item);
    if (!item)
        return too_large(e);
    *item = *value;
    list.len = 1;
    list.items = item;
    return list;
}

/* --- operators -------------------------------------------------------------------------------- */

static int order(const struct cor_value *a, const struct cor_value *b, struct cor_evaluation *e,
                 gboolean *ret_comparable)
{
    gint64 left, right;
    struct cor_value x, y;
    *ret_comparable = TRUE;
    if ((a->type == COR_VALUE_INT || b->type == COR_VALUE_INT || a->type == COR_VALUE_TIME) &&
        cor_to_int(e, a, &left) && cor_to_int(e, b, &right))
        return (left > right) - (left < right);
    if (cor_to_text(e, a, &x) && cor_to_text(e, b, &y))
        return strcmp(x.text, y.text);
    *ret_comparable = FALSE;
    return 0;
}

static gboolean equal(struct cor_evaluation *e, const struct cor_value *a,
                      const struct cor_value *b)
{
    struct cor_value x, y;
    gint64 left, right;
    if (cor_value_same(a, b, FALSE))
        return TRUE;
    if (cor_value_is_null(a) || cor_value_is_null(b) || a->type == b->type ||
        a->type == COR_VALUE_BYTES || b->type == COR_VALUE_BYTES)
        return FALSE;
    if (a->type == COR_VALUE_BOOL || b->type == COR_VALUE_BOOL)
        return cor_to_bool(a) == cor_to_bool(b);
    if (cor_to_int(e, a, &left) && cor_to_int(e, b, &right))
        return left == right;
    return cor_to_text(e, a, &x) && cor_to_text(e, b, &y) && strcmp(x.text, y.text) == 0;
}

static struct cor_value compare(struct cor_evaluation *e, enum cor_operator op,
                                const struct cor_value *a, const struct cor_value *b)
{
    gboolean comparable;
    if (op == COR_OP_EQUAL || op == COR_OP_NOT_EQUAL)
        return cor_value_bool(equal(e, a, b) == (op == COR_OP_EQUAL));
    if (cor_value_is_null(a) || cor_value_is_null(b))
        return cor_value_bool(FALSE);
    int sign = order(a, b, e, &comparable);
    if (!comparable)
        return cor_value_error(e->env->arena, "a %s and a %s value have no order",
                               cor_value_type_name(a->type), cor_value_type_name(b->type));
    switch (op) {
    case COR_OP_LESS:
        return cor_value_bool(sign < 0);
    case COR_OP_LESS_EQUAL:
        return cor_value_bool(sign <= 0);
    case COR_OP_GREATER:
        return cor_value_bool(sign > 0);
    default:
        return cor_value_bool(sign >= 0);
    }
}

static struct cor_value join_bytes(struct cor_evaluation *e, const struct cor_value *a,
                                   const struct cor_value *b)
{
    guint8 *bytes = cor_arena_alloc(e->env->arena, a->len + b->len + 1);
    if (!bytes)
        return too_large(e);
    memcpy(bytes, a->bytes, a->len);
    memcpy(bytes + a->len, b->bytes, b->len);
    return (struct cor_value){.type = COR_VALUE_BYTES, .len = a->len + b->len, .bytes = bytes};
}

static struct cor_value concatenate(struct cor_evaluation *e, const struct cor_value *a,
                                    const struct cor_value *b)
{
    struct cor_value x, y;
    if (a->type == COR_VALUE_BYTES && b->type == COR_VALUE_BYTES)
        return join_bytes(e, a, b);
    if (!cor_to_text(e, a, &x))
        return x;
    if (!cor_to_text(e, b, &y))
        return y;
    char *text = cor_arena_alloc(e->env->arena, x.len + y.len + 1);
    if (!text)
        return too_large(e);
    memcpy(text, x.text, x.len);
    memcpy(text + x.len, y.text, y.len);
    text[x.len + y.len] = '\0';
    return cor_value_string_len(text, x.len + y.len);
}

static struct cor_value arithmetic(struct cor_evaluation *e, enum cor_operator op,
                                   const struct cor_value *a, const struct cor_value *b)
{
    gint64 left, right, result = 0;
    gboolean numbers = cor_to_int(e, a, &left) && cor_to_int(e, b, &right);
    if (!numbers && op == COR_OP_PLUS)
        return concatenate(e, a, b); /* as VBA: + joins text */
    if (!numbers)
        return cor_value_error(e->env->arena, "a number is needed on both sides of %s",
                               op == COR_OP_MINUS ? "-" : "*");
    gboolean overflow = op == COR_OP_PLUS    ? __builtin_add_overflow(left, right, &result)
                        : op == COR_OP_MINUS ? __builtin_sub_overflow(left, right, &result)
                                             : __builtin_mul_overflow(left, right, &result);
    return overflow ? cor_value_error(e->env->arena, "the number is too large")
                    : cor_value_int(result);
}

static struct cor_value apply_to_one(struct cor_evaluation *e, enum cor_operator op,
                                     const struct cor_value *a, const struct cor_value *b)
{
    switch (op) {
    case COR_OP_AND:
        return cor_value_bool(cor_to_bool(a) && cor_to_bool(b));
    case COR_OP_OR:
        return cor_value_bool(cor_to_bool(a) || cor_to_bool(b));
    case COR_OP_CONCATENATE:
        return concatenate(e, a, b);
    case COR_OP_PLUS:
    case COR_OP_MINUS:
    case COR_OP_TIMES:
        return arithmetic(e, op, a, b);
    default:
        return compare(e, op, a, b);
    }
}

/* Several values beside a single one: each by itself ("Multi-valued attributes"). */
static struct cor_value apply_to_each(struct cor_evaluation *e, enum cor_operator op,
                                      const struct cor_value *a, const struct cor_value *b)
{
    const struct cor_value *many = a->type == COR_VALUE_MULTI ? a : b;
    struct cor_value *items = cor_arena_alloc(e->env->arena, many->len * sizeof *items);
    if (!items)
        return too_large(e);
    for (gsize i = 0; i < many->len; i++) {
        if (++e->steps > COR_EXPRESSION_MAX_STEPS)
            return cor_value_error(e->env->arena, "more than %d steps", COR_EXPRESSION_MAX_STEPS);
        items[i] = apply_to_one(e, op, many == a ? &a->items[i] : a, many == b ? &b->items[i] : b);
        if (items[i].type == COR_VALUE_ERROR)
            return items[i];
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = many->len, .items = items};
}

static gboolean is_several(const struct cor_value *value)
{
    return value->type == COR_VALUE_MULTI && value->len > 1;
}

static gboolean is_logical(enum cor_operator op)
{
    return op == COR_OP_AND || op == COR_OP_OR;
}

static struct cor_value apply(struct cor_evaluation *e, enum cor_operator op,
                              const struct cor_value *a, const struct cor_value *b)
{
    if (a->type == COR_VALUE_ERROR)
        return *a;
    if (b->type == COR_VALUE_ERROR)
        return *b;
    gboolean nothing = cor_value_is_null(a) || cor_value_is_null(b);
    gboolean compares = op <= COR_OP_GREATER_EQUAL;
    if (!is_logical(op) && is_several(a) != is_several(b) && !(nothing && compares))
        return apply_to_each(e, op, a, b);
    return apply_to_one(e, op, a, b);
}

/* The right side of && and || is not asked when the left one decides. */
static gboolean decided(enum cor_operator op, const struct cor_value *left)
{
    if (left->type == COR_VALUE_ERROR)
        return TRUE;
    return (op == COR_OP_AND && !cor_to_bool(left)) || (op == COR_OP_OR && cor_to_bool(left));
}

/* From operand *at up to the next && or ||. */
static struct cor_value evaluate_term(struct cor_evaluation *e, const struct cor_node *node,
                                      guint *at)
{
    struct cor_value value = cor_node_evaluate(e, node->operands[(*at)++]);
    for (; *at < node->n && !is_logical(node->operators[*at - 1]); (*at)++) {
        if (value.type == COR_VALUE_ERROR)
            continue;
        struct cor_value right = cor_node_evaluate(e, node->operands[*at]);
        value = apply(e, node->operators[*at - 1], &value, &right);
    }
    return value;
}

/* && and || bind after all others. The page says that every operator binds equally, but then the
 * shipped [a] || [b] = "x" || ... would not filter what the page on the default configuration says
 * that it filters, and would filter every group. */
static struct cor_value evaluate_chain(struct cor_evaluation *e, const struct cor_node *node)
{
    guint at = 0;
    struct cor_value value = evaluate_term(e, node, &at);
    while (at < node->n) {
        enum cor_operator op = node->operators[at - 1];
        if (decided(op, &value)) {
            value = value.type == COR_VALUE_ERROR ? value : cor_value_bool(op == COR_OP_OR);
            while (++at < node->n && !is_logical(node->operators[at - 1]))
                ;
            continue;
        }
        struct cor_value right = evaluate_term(e, node, &at);
        value = apply(e, op, &value, &right);
    }
    return value;
}

/* --- calls ------------------------------------------------------------------------------------ */

static struct cor_value call_per_value(struct cor_evaluation *e,
                                       const struct cor_function *function, struct cor_value *args,
                                       guint n)
{
    const struct cor_value many = args[0];
    gsize used = 0;
    struct cor_value *items = cor_arena_alloc(e->env->arena, MAX(many.len, 1) * sizeof *items);
    if (!items)
        return too_large(e);
    for (gsize i = 0; i < many.len; i++) {
        if (++e->steps > COR_EXPRESSION_MAX_STEPS)
            return cor_value_error(e->env->arena, "more than %d steps", COR_EXPRESSION_MAX_STEPS);
        args[0] = many.items[i];
        struct cor_value one = function->call(e, args, n);
        if (one.type == COR_VALUE_ERROR)
            return one;
        if (!cor_value_is_null(&one) && one.type != COR_VALUE_MULTI)
            items[used++] = one;
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = used, .items = items};
}

static struct cor_value evaluate_call(struct cor_evaluation *e, const struct cor_node *node)
{
    const struct cor_function *function = node->function;
    struct cor_value few[8], *args = few; /* not cleared: this is where the time goes */
    if (function->lazy)
        return function->lazy(e, node);
    if (node->n > G_N_ELEMENTS(few))
        args = cor_arena_alloc(e->env->arena, node->n * sizeof *args);
    if (!args)
        return too_large(e);
    for (guint i = 0; i < node->n; i++) {
        args[i] = cor_node_evaluate(e, node->operands[i]);
        if (args[i].type == COR_VALUE_ERROR)
            return args[i];
    }
    if ((function->flags & COR_FUNCTION_NULL) && node->n && cor_value_is_null(&args[0]))
        return args[0].type == COR_VALUE_MULTI ? cor_null() : args[0];
    if ((function->flags & COR_FUNCTION_PER_VALUE) && node->n && args[0].type == COR_VALUE_MULTI)
        return call_per_value(e, function, args, node->n);
    return function->call(e, args, node->n);
}

static struct cor_value evaluate_parameter(struct cor_evaluation *e, const struct cor_node *node)
{
    struct cor_value value = {.type = COR_VALUE_NULL};
    if (e->env->parameter && e->env->parameter(e->env, node->name, &value))
        return value;
    return cor_value_error(e->env->arena, "the parameter %%%s%% is not known", node->name);
}

struct cor_value cor_node_evaluate(struct cor_evaluation *e, const struct cor_node *node)
{
    struct cor_value value;
    if (++e->steps > COR_EXPRESSION_MAX_STEPS)
        return cor_value_error(e->env->arena, "more than %d steps", COR_EXPRESSION_MAX_STEPS);
    switch (node->kind) {
    case COR_NODE_CONSTANT:
        return node->constant;
    case COR_NODE_ATTRIBUTE:
        value = e->env->attribute(e->env, node->slot);
        break;
    case COR_NODE_VARIABLE:
        value = e->variables[node->slot];
        break;
    case COR_NODE_PARAMETER:
        value = evaluate_parameter(e, node);
        break;
    case COR_NODE_CALL:
        value = evaluate_call(e, node);
        break;
    case COR_NODE_CHAIN:
    default:
        value = evaluate_chain(e, node);
        break;
    }
    if (e->env->trace) {
        const struct cor_expression_step step = {node->column, node->length, value};
        g_array_append_val(e->env->trace, step);
    }
    return value;
}
