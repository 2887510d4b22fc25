/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that decide: conditions, tests, bits, and those that steer a flow. */
#include "correlate/rules/expression_private.h"

#include <string.h>

#define CONNECT "connect/reference-connect-sync-functions-reference"
#define CLOUD   "app-provisioning/functions-for-customizing-application-data"
#define SHIPPED "shipped, not documented"

/* Of several truths each decides about its value: IIF(InStr([a],"x")=1,NULL,[a]) */
static struct cor_value choose_each(struct cor_evaluation *e, const struct cor_value *conditions,
                                    const struct cor_value *branches)
{
    gsize used = 0;
    struct cor_value *items = cor_arena_alloc(cor_arena_of(e), conditions->len * sizeof *items);
    if (!items)
        return cor_value_error(cor_arena_of(e), "the values grow beyond their limit");
    for (gsize i = 0; i < conditions->len; i++) {
        const struct cor_value *one = &branches[cor_to_bool(&conditions->items[i]) ? 0 : 1];
        if (one->type == COR_VALUE_ERROR)
            return *one;
        if (one->type == COR_VALUE_MULTI && one->len != conditions->len)
            return cor_value_error(cor_arena_of(e), "%zu conditions for %zu values",
                                   conditions->len, one->len);
        one = one->type == COR_VALUE_MULTI ? &one->items[i] : one;
        if (!cor_value_is_null(one))
            items[used++] = *one;
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = used, .items = items};
}

static struct cor_value f_iif(struct cor_evaluation *e, const struct cor_node *node)
{
    struct cor_value condition = cor_node_evaluate(e, node->operands[0]);
    if (condition.type == COR_VALUE_ERROR)
        return condition;
    if (condition.type != COR_VALUE_MULTI || condition.len < 2)
        return cor_node_evaluate(e, node->operands[cor_to_bool(&condition) ? 1 : 2]);
    const struct cor_value branches[] = {cor_node_evaluate(e, node->operands[1]),
                                         cor_node_evaluate(e, node->operands[2])};
    return choose_each(e, &condition, branches);
}

/* Connect: Switch(condition, value, ...). Every condition is evaluated; of the values only the one
 * that is taken, for the page ends a Switch with True, Error("..."). */
static struct cor_value f_switch(struct cor_evaluation *e, const struct cor_node *node)
{
    guint taken = 0;
    if (node->n % 2)
        return cor_value_error(cor_arena_of(e), "Switch needs pairs of a condition and a value");
    for (guint i = 0; i < node->n; i += 2) {
        struct cor_value condition = cor_node_evaluate(e, node->operands[i]);
        if (condition.type == COR_VALUE_ERROR)
            return condition;
        if (!taken && cor_to_bool(&condition))
            taken = i + 1;
    }
    return taken ? cor_node_evaluate(e, node->operands[taken]) : cor_null();
}

/* With($variable, value, expression) */
static struct cor_value f_with(struct cor_evaluation *e, const struct cor_node *node)
{
    struct cor_value value = cor_node_evaluate(e, node->operands[1]);
    if (value.type == COR_VALUE_ERROR)
        return value;
    e->variables[node->operands[0]->slot] = value;
    return cor_node_evaluate(e, node->operands[2]);
}

static struct cor_value f_is_null(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e, (void)n;
    return cor_value_bool(cor_value_is_null(&args[0]));
}

static gboolean empty_text(const struct cor_value *value)
{
    return value->type == COR_VALUE_STRING && value->len == 0;
}

/* There, and an empty text. */
static struct cor_value f_is_empty(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e, (void)n;
    return cor_value_bool(empty_text(&args[0]));
}

static struct cor_value f_is_null_or_empty(struct cor_evaluation *e, const struct cor_value *args,
                                           guint n)
{
    (void)e, (void)n;
    return cor_value_bool(cor_value_is_null(&args[0]) || empty_text(&args[0]));
}

static struct cor_value f_is_present(struct cor_evaluation *e, const struct cor_value *args,
                                     guint n)
{
    (void)e, (void)n;
    return cor_value_bool(!cor_value_is_null(&args[0]) && !empty_text(&args[0]));
}

static const struct cor_value *single(const struct cor_value *value)
{
    return value->type == COR_VALUE_MULTI && value->len == 1 ? &value->items[0] : value;
}

static struct cor_value f_is_string(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e, (void)n;
    return cor_value_bool(single(&args[0])->type == COR_VALUE_STRING);
}

static struct cor_value f_is_numeric(struct cor_evaluation *e, const struct cor_value *args,
                                     guint n)
{
    (void)n;
    gint64 number;
    return cor_value_bool(!cor_value_is_null(&args[0]) && cor_to_int(e, &args[0], &number));
}

static struct cor_value f_is_guid(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e, (void)n;
    const struct cor_value *value = single(&args[0]);
    if (value->type != COR_VALUE_STRING)
        return cor_value_bool(FALSE);
    gboolean braces = value->len == 38 && value->text[0] == '{' && value->text[37] == '}';
    g_autofree char *bare = g_strndup(value->text + (braces ? 1 : 0), braces ? 36 : value->len);
    return cor_value_bool(g_uuid_string_is_valid(bare));
}

/* --- numbers ---------------------------------------------------------------------------------- */

static struct cor_value needs_number(struct cor_evaluation *e, const struct cor_value *value)
{
    return cor_value_error(cor_arena_of(e), "a %s value where a number is needed",
                           cor_value_type_name(value->type));
}

static struct cor_value bits(struct cor_evaluation *e, const struct cor_value *args,
                             gboolean conjunction)
{
    gint64 a, b;
    if (!cor_to_int(e, &args[0], &a))
        return needs_number(e, &args[0]);
    if (!cor_to_int(e, &args[1], &b))
        return needs_number(e, &args[1]);
    return cor_value_int(conjunction ? a & b : a | b);
}

static struct cor_value f_bit_and(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return bits(e, args, TRUE);
}

static struct cor_value f_bit_or(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)n;
    return bits(e, args, FALSE);
}

/* IsBitSet(value, flag): the flag is the bit's value, for the page says that 4 is set in &HF. */
static struct cor_value f_is_bit_set(struct cor_evaluation *e, const struct cor_value *args,
                                     guint n)
{
    (void)n;
    struct cor_value both = bits(e, args, TRUE);
    return both.type == COR_VALUE_INT ? cor_value_bool(both.number != 0) : both;
}

static struct cor_value f_cbool(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e, (void)n;
    return cor_value_bool(cor_to_bool(&args[0]));
}

static struct cor_value f_cnum(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    gint64 number;
    (void)n;
    return cor_to_int(e, &args[0], &number) ? cor_value_int(number) : needs_number(e, &args[0]);
}

static guint64 mixed(guint64 x)
{
    x += 0x9e3779b97f4a7c15u; /* splitmix64: spreads neighbouring seeds */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static struct cor_value f_random(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    gint64 low, high;
    (void)n;
    if (!cor_to_int(e, &args[0], &low) || !cor_to_int(e, &args[1], &high) || high < low ||
        (guint64)high - (guint64)low == G_MAXUINT64)
        return cor_value_error(cor_arena_of(e), "two numbers are needed, the lower first");
    guint64 span = (guint64)high - (guint64)low + 1;
    return cor_value_int((gint64)((guint64)low + mixed(e->env->seed + e->steps) % span));
}

static struct cor_value f_guid(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    char text[40];
    (void)args, (void)n;
    guint64 a = mixed(e->env->seed + e->steps), b = mixed(a);
    g_snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012" G_GINT64_MODIFIER "x",
               (guint)(a >> 32), (guint)(a >> 16) & 0xffffu, (guint)a & 0xfffu,
               0x8000u | ((guint)(b >> 48) & 0x3fffu), b & G_GUINT64_CONSTANT(0xffffffffffff));
    return cor_text_copy(e, text, strlen(text));
}

/* --- steering --------------------------------------------------------------------------------- */

static struct cor_value f_error(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text;
    (void)n;
    return cor_to_text(e, &args[0], &text) ? cor_value_error(cor_arena_of(e), "%s", text.text)
                                           : text;
}

static struct cor_value f_imported(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value name;
    (void)n;
    if (!cor_to_text(e, &args[0], &name))
        return name;
    return e->env->imported ? e->env->imported(e->env, name.text) : cor_null();
}

#define C(name, least, most, page, flags, call)                                                    \
    {                                                                                              \
        {name, COR_DIALECT_CONNECT, least, most, page}, flags, call, NULL                          \
    }
#define L(name, least, most, page, lazy)                                                           \
    {                                                                                              \
        {name, COR_DIALECT_CONNECT, least, most, page}, 0, NULL, lazy                              \
    }

static const struct cor_function functions[] = {
    L("IIF", 3, 3, CONNECT, f_iif),
    L("Switch", 2, G_MAXUINT, CONNECT, f_switch),
    {{"With", COR_DIALECT_CONNECT, 3, 3, CONNECT}, COR_FUNCTION_VARIABLE, NULL, f_with},
    C("IsNull", 1, 1, CONNECT, 0, f_is_null),
    C("IsEmpty", 1, 1, CONNECT, 0, f_is_empty),
    C("IsNullOrEmpty", 1, 1, CONNECT, 0, f_is_null_or_empty),
    C("IsPresent", 1, 1, CONNECT, 0, f_is_present),
    C("IsString", 1, 1, CONNECT, 0, f_is_string),
    C("IsNumeric", 1, 1, CONNECT, 0, f_is_numeric),
    C("IsGuid", 1, 1, CONNECT, 0, f_is_guid),
    C("IsBitSet", 2, 2, CONNECT, 0, f_is_bit_set),
    C("BitAnd", 2, 2, CONNECT, 0, f_bit_and),
    C("BitOr", 2, 2, CONNECT, 0, f_bit_or),
    C("CBool", 1, 1, CONNECT, 0, f_cbool),
    C("CNum", 1, 1, CONNECT, COR_FUNCTION_NULL, f_cnum),
    C("RandomNum", 2, 2, CONNECT, 0, f_random),
    C("Guid", 0, 0, CONNECT, 0, f_guid),
    C("Error", 1, 1, CONNECT, 0, f_error),
    C("ImportedValue", 1, 1, SHIPPED, 0, f_imported),
};
const struct cor_function_group cor_functions_logic = {functions, G_N_ELEMENTS(functions)};
