/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From text to a tree. Both dialects share names, literals and calls; Connect has operators, Cloud
 * Sync those that compare; it may leave out arguments. The page says that all operators bind
 * equally, from left to right. Taken to the letter, "a || [b] = c" would compare the disjunction,
 * and the shipped filters for users would not do what the page on the default configuration says of
 * them. So && and || go from left to right among themselves, and whatever stands between two of
 * them is worked off first, likewise from left to right. Invariant: nothing that the tree points to
 * lies in the text that was given.
 */
#include "correlate/rules/expression_private.h"

#include "correlate/error.h"

#include <errno.h>
#include <string.h>

struct cor_expression {
    struct cor_node *root;
    GPtrArray *attributes, *parameters, *functions; /* char *, each once */
    GPtrArray *nodes;                               /* owns every node */
    GHashTable *calls;                              /* function name -> count */
    struct cor_arena *constants;
    enum cor_dialect dialect;
};

struct parser {
    const char *at;
    const char *start;
    struct cor_expression *into;
    const char *mark; /* a place whose column is known */
    guint mark_column;
    guint depth;
    GPtrArray *variables; /* char *: those in scope, the innermost last */
    GError *error;
};

static struct cor_node *parse_chain(struct parser *p);

/* --- positions and errors --------------------------------------------------------------------- */

/* Counted from the last place asked for: a long text is not walked again for each node. */
static guint column(struct parser *p, const char *where)
{
    if (where < p->mark) {
        p->mark = p->start;
        p->mark_column = 1;
    }
    p->mark_column += (guint)g_utf8_pointer_to_offset(p->mark, where);
    p->mark = where;
    return p->mark_column;
}

static void *fail(struct parser *p, const char *where, const char *expected)
{
    if (p->error)
        return NULL;
    g_autofree char *found = *where ? g_utf8_substring(where, 0, MIN(g_utf8_strlen(where, 40), 12))
                                    : g_strdup("the end");
    g_set_error(&p->error, COR_ERROR, COR_E_INPUT, "column %u: expected %s, found %s",
                column(p, where), expected, found);
    return NULL;
}

static struct cor_node *new_node(struct parser *p, enum cor_node_kind kind, const char *from)
{
    struct cor_node *node = g_new0(struct cor_node, 1);
    node->kind = kind;
    node->column = column(p, from);
    g_ptr_array_add(p->into->nodes, node);
    return node;
}

static struct cor_node *close_node(struct parser *p, struct cor_node *node, const char *from)
{
    node->length = (guint)g_utf8_pointer_to_offset(from, p->at);
    return node;
}

static void skip_space(struct parser *p)
{
    while (*p->at && g_ascii_isspace(*p->at))
        p->at++;
}

/* --- literals --------------------------------------------------------------------------------- */

static char escaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

static struct cor_node *parse_string(struct parser *p)
{
    const char *from = p->at++;
    g_autoptr(GString) text = g_string_new(NULL);
    while (*p->at && *p->at != '"') {
        if (*p->at == '\\' && p->at[1])
            g_string_append_c(text, escaped(*++p->at));
        else
            g_string_append_c(text, *p->at);
        p->at++;
    }
    if (*p->at != '"')
        return fail(p, p->at, "the closing quotation mark");
    p->at++;
    struct cor_node *node = new_node(p, COR_NODE_CONSTANT, from);
    char *kept = cor_arena_alloc(p->into->constants, text->len + 1);
    memcpy(kept, text->str, text->len + 1);
    node->constant = cor_value_string_len(kept, text->len);
    return close_node(p, node, from);
}

static struct cor_node *parse_number(struct parser *p)
{
    const char *from = p->at;
    char *end = NULL;
    gint64 number;
    gboolean hex = g_ascii_strncasecmp(from, "&H", 2) == 0;
    if (hex && !g_ascii_isxdigit(from[2]))
        return fail(p, from, "a number");
    errno = 0;
    number = hex ? (gint64)g_ascii_strtoull(from + 2, &end, 16) : g_ascii_strtoll(from, &end, 10);
    if (errno == ERANGE)
        return fail(p, from, "a number of at most 64 bits");
    p->at = end;
    if (*p->at == '&' && hex && p->at[1] != '&') /* VBA's mark of a long: &H21C07000& */
        p->at++;
    if (*p->at == '.' && g_ascii_isdigit(p->at[1]))
        return fail(p, from, "a whole number");
    struct cor_node *node = new_node(p, COR_NODE_CONSTANT, from);
    node->constant = cor_value_int(number);
    return close_node(p, node, from);
}

/* --- names ------------------------------------------------------------------------------------ */

static guint remember(GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (strcmp(names->pdata[i], name) == 0)
            return i;
    g_ptr_array_add(names, g_strdup(name));
    return names->len - 1;
}

/* [attribute] or %Parameter% */
static struct cor_node *parse_delimited(struct parser *p, enum cor_node_kind kind, char close,
                                        GPtrArray *names)
{
    const char *from = p->at++;
    const char *end = strchr(p->at, close);
    if (!end || strspn(p->at, " \t\r\n") == (gsize)(end - p->at))
        return fail(p, p->at,
                    close == ']' ? "the name of an attribute and ]"
                                 : "the name of a parameter and %");
    g_autofree char *name = g_strndup(p->at, (gsize)(end - p->at));
    p->at = end + 1;
    struct cor_node *node = new_node(p, kind, from);
    node->slot = remember(names, g_strstrip(name));
    node->name = names->pdata[node->slot];
    return close_node(p, node, from);
}

static const struct {
    const char *name;
    enum cor_value_type type;
    gint64 number;
} words[] = {
    {"NULL", COR_VALUE_NULL, 0},
    {"AuthoritativeNull", COR_VALUE_AUTHORITATIVE_NULL, 0},
    {"IgnoreThisFlow", COR_VALUE_IGNORE, 0},
    {"True", COR_VALUE_BOOL, 1},
    {"False", COR_VALUE_BOOL, 0},
    {"vbBinaryCompare", COR_VALUE_INT, 0},
    {"vbTextCompare", COR_VALUE_INT, 1},
};

/* Constants of enumerations stand for their name. */
static const struct {
    const char *name, *text;
} texts[] = {
    {"CRLF", "\r\n"},
    {"vbCrLf", "\r\n"},
    {"CaseSensitive", "CaseSensitive"},
    {"CaseInsensitive", "CaseInsensitive"},
    {"Unicode", "Unicode"},
    {"ASCII", "ASCII"},
    {"UTF8", "UTF8"},
};

static struct cor_node *constant_word(struct parser *p, const char *name, const char *from)
{
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(name, words[i].name) != 0)
            continue;
        struct cor_node *node = new_node(p, COR_NODE_CONSTANT, from);
        node->constant = (struct cor_value){.type = words[i].type, .number = words[i].number};
        return close_node(p, node, from);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (g_ascii_strcasecmp(name, texts[i].name) != 0)
            continue;
        struct cor_node *node = new_node(p, COR_NODE_CONSTANT, from);
        node->constant = cor_value_string(texts[i].text);
        return close_node(p, node, from);
    }
    return NULL;
}

/* $name; scope: where it must be known. Its slot is its place among the variables in scope. */
static struct cor_node *parse_variable(struct parser *p, gboolean declares)
{
    const char *from = p->at;
    gsize len = *from == '$' ? 1 : 0;
    while (len && (g_ascii_isalnum(from[len]) || from[len] == '_'))
        len++;
    if (len < 2)
        return fail(p, from, "a $variable");
    g_autofree char *name = g_strndup(from, len);
    guint slot = p->variables->len;
    if (!declares)
        while (slot > 0 && strcmp(p->variables->pdata[slot - 1], name) != 0)
            slot--;
    if (!declares && slot == 0)
        return fail(p, from, "a variable of With, Select or Where");
    p->at += len;
    struct cor_node *node = new_node(p, COR_NODE_VARIABLE, from);
    node->slot = declares ? slot : slot - 1;
    if (declares)
        g_ptr_array_add(p->variables, g_steal_pointer(&name));
    return close_node(p, node, from);
}

/* Cloud Sync leaves out what is not given: Replace([a], "x", , , "y", , ) */
static struct cor_node *omitted(struct parser *p)
{
    struct cor_node *node = new_node(p, COR_NODE_CONSTANT, p->at);
    node->constant = (struct cor_value){.type = COR_VALUE_NULL};
    return node;
}

/* The variable of With, Select and Where is known in their last argument only. */
static struct cor_node *parse_argument(struct parser *p, const struct cor_function *function,
                                       guint index, char **hidden)
{
    skip_space(p);
    if (p->into->dialect == COR_DIALECT_CLOUD_SYNC && (*p->at == ',' || *p->at == ')'))
        return omitted(p);
    if (!(function->flags & COR_FUNCTION_VARIABLE))
        return parse_chain(p);
    if (index == 0) {
        struct cor_node *variable = parse_variable(p, TRUE);
        if (variable)
            *hidden = g_ptr_array_steal_index(p->variables, p->variables->len - 1);
        return variable;
    }
    if (index == 2 && *hidden)
        g_ptr_array_add(p->variables, g_steal_pointer(hidden));
    return parse_chain(p);
}

static struct cor_node *wrong_count(struct parser *p, const struct cor_function *function,
                                    const char *from)
{
    const struct cor_function_info *info = &function->info;
    g_autofree char *count = info->max_args == G_MAXUINT
                                 ? g_strdup_printf("at least %u", info->min_args)
                             : info->max_args > info->min_args
                                 ? g_strdup_printf("%u to %u", info->min_args, info->max_args)
                                 : g_strdup_printf("%u", info->min_args);
    g_autofree char *expected =
        g_strdup_printf("%s argument%s for %s", count, info->max_args == 1 ? "" : "s", info->name);
    return fail(p, from, expected);
}

static gboolean collect_arguments(struct parser *p, const struct cor_function *function,
                                  GPtrArray *arguments)
{
    guint known = p->variables->len;
    g_autofree char *hidden = NULL;
    p->at++;
    skip_space(p);
    for (gboolean more = *p->at != ')'; more;) {
        struct cor_node *argument = parse_argument(p, function, arguments->len, &hidden);
        if (!argument)
            return FALSE;
        g_ptr_array_add(arguments, argument);
        skip_space(p);
        more = *p->at == ',';
        if (!more && *p->at != ')')
            return fail(p, p->at, ", or )") != NULL;
        p->at += more;
    }
    p->at++;
    g_ptr_array_set_size(p->variables, (gint)known);
    return TRUE;
}

static struct cor_node *parse_arguments(struct parser *p, const struct cor_function *function,
                                        const char *from)
{
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    if (!collect_arguments(p, function, arguments))
        return NULL;
    if (arguments->len < function->info.min_args || arguments->len > function->info.max_args)
        return wrong_count(p, function, from);
    struct cor_node *node = new_node(p, COR_NODE_CALL, from);
    node->function = function;
    node->n = arguments->len;
    node->operands = (struct cor_node **)g_ptr_array_free(g_steal_pointer(&arguments), FALSE);
    return close_node(p, node, from);
}

static struct cor_node *parse_name(struct parser *p)
{
    const char *from = p->at;
    while (g_ascii_isalnum(*p->at) || *p->at == '_' || *p->at == '.')
        p->at++;
    g_autofree char *name = g_strndup(from, (gsize)(p->at - from));
    skip_space(p);
    if (*p->at != '(') {
        struct cor_node *word = constant_word(p, name, from);
        return word ? word : fail(p, from, "a function, an [attribute] or a constant");
    }
    const struct cor_function *function = cor_function_find(name, p->into->dialect);
    if (!function) {
        if (!p->error)
            g_set_error(&p->error, COR_ERROR, COR_E_INPUT,
                        "column %u: expected a function, found '%s', which is none",
                        column(p, from), name);
        return NULL;
    }
    remember(p->into->functions, function->info.name);
    gpointer count = g_hash_table_lookup(p->into->calls, function->info.name);
    g_hash_table_insert(p->into->calls, (gpointer)function->info.name,
                        GUINT_TO_POINTER(GPOINTER_TO_UINT(count) + 1));
    return parse_arguments(p, function, from);
}

/* --- operators -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum cor_operator op;
    gboolean compares; /* Cloud Sync has it too: IIF, "comparison operators" */
} operators[] = {
    /* the longer first */
    {"<=", COR_OP_LESS_EQUAL, TRUE},    {"<>", COR_OP_NOT_EQUAL, TRUE},
    {">=", COR_OP_GREATER_EQUAL, TRUE}, {"&&", COR_OP_AND, FALSE},
    {"||", COR_OP_OR, FALSE},           {"<", COR_OP_LESS, TRUE},
    {"=", COR_OP_EQUAL, TRUE},          {">", COR_OP_GREATER, TRUE},
    {"+", COR_OP_PLUS, FALSE},          {"-", COR_OP_MINUS, FALSE},
    {"*", COR_OP_TIMES, FALSE},         {"&", COR_OP_CONCATENATE, FALSE},
};

static gboolean take_operator(struct parser *p, enum cor_operator *ret)
{
    skip_space(p);
    for (gsize i = 0; i < G_N_ELEMENTS(operators); i++)
        if (g_str_has_prefix(p->at, operators[i].text)) {
            if (p->into->dialect != COR_DIALECT_CONNECT && !operators[i].compares)
                return FALSE;
            p->at += strlen(operators[i].text);
            *ret = operators[i].op;
            return TRUE;
        }
    return FALSE;
}

static struct cor_node *parse_primary(struct parser *p)
{
    skip_space(p);
    char c = *p->at;
    if (c == '"')
        return parse_string(p);
    if (c == '[')
        return parse_delimited(p, COR_NODE_ATTRIBUTE, ']', p->into->attributes);
    if (c == '%')
        return parse_delimited(p, COR_NODE_PARAMETER, '%', p->into->parameters);
    if (c == '$')
        return parse_variable(p, FALSE);
    if (g_ascii_isdigit(c) || ((c == '-' || c == '+') && g_ascii_isdigit(p->at[1])) ||
        g_ascii_strncasecmp(p->at, "&H", 2) == 0)
        return parse_number(p);
    if (c == '(') {
        p->at++;
        struct cor_node *inner = parse_chain(p);
        skip_space(p);
        if (!inner || *p->at != ')')
            return fail(p, p->at, ")");
        p->at++;
        return inner;
    }
    if (g_ascii_isalpha(c) || c == '_')
        return parse_name(p);
    return fail(p, p->at, "a function, an [attribute], a constant or (");
}

static struct cor_node *make_chain(struct parser *p, GPtrArray *operands, GArray *ops,
                                   const char *from)
{
    struct cor_node *node = new_node(p, COR_NODE_CHAIN, from);
    node->n = operands->len;
    node->operands = g_memdup2(operands->pdata, operands->len * sizeof *operands->pdata);
    node->operators = g_memdup2(ops->data, ops->len * sizeof(enum cor_operator));
    return close_node(p, node, from);
}

static gboolean is_logical(enum cor_operator op)
{
    return op == COR_OP_AND || op == COR_OP_OR;
}

/* Operands with the operators of one kind between them. */
static struct cor_node *parse_level(struct parser *p, gboolean logical)
{
    g_autoptr(GPtrArray) operands = g_ptr_array_new();
    g_autoptr(GArray) ops = g_array_new(FALSE, FALSE, sizeof(enum cor_operator));
    enum cor_operator op;
    skip_space(p);
    const char *from = p->at;
    for (;;) {
        struct cor_node *operand = logical ? parse_level(p, FALSE) : parse_primary(p);
        if (!operand)
            return NULL;
        g_ptr_array_add(operands, operand);
        const char *before = p->at;
        skip_space(p);
        if (!take_operator(p, &op))
            break;
        if (is_logical(op) != logical) {
            p->at = before; /* of the level above */
            break;
        }
        g_array_append_val(ops, op);
    }
    return operands->len == 1 ? operands->pdata[0] : make_chain(p, operands, ops, from);
}

static struct cor_node *parse_chain(struct parser *p)
{
    if (p->depth >= COR_EXPRESSION_MAX_DEPTH) {
        if (!p->error)
            g_set_error(&p->error, COR_ERROR, COR_E_LIMIT,
                        "column %u: nested deeper than %d levels", column(p, p->at),
                        COR_EXPRESSION_MAX_DEPTH);
        return NULL;
    }
    p->depth++;
    struct cor_node *node = parse_level(p, TRUE);
    p->depth--;
    return node;
}

/* --- life ------------------------------------------------------------------------------------- */

static void free_node(gpointer data)
{
    struct cor_node *node = data;
    g_free(node->operands);
    g_free(node->operators);
    g_free(node);
}

static struct cor_expression *expression_new(enum cor_dialect dialect)
{
    struct cor_expression *expression = g_new0(struct cor_expression, 1);
    expression->attributes = g_ptr_array_new_with_free_func(g_free);
    expression->parameters = g_ptr_array_new_with_free_func(g_free);
    expression->functions = g_ptr_array_new_with_free_func(g_free);
    expression->nodes = g_ptr_array_new_with_free_func(free_node);
    expression->calls = g_hash_table_new(g_str_hash, g_str_equal);
    expression->constants = cor_arena_new(G_MAXSIZE);
    expression->dialect = dialect;
    return expression;
}

void cor_expression_free(struct cor_expression *expression)
{
    if (!expression)
        return;
    g_ptr_array_unref(expression->attributes);
    g_ptr_array_unref(expression->parameters);
    g_ptr_array_unref(expression->functions);
    g_ptr_array_unref(expression->nodes);
    g_hash_table_unref(expression->calls);
    cor_arena_free(expression->constants);
    g_free(expression);
}

static gboolean text_ok(const char *text, gsize len, GError **error)
{
    if (len > COR_EXPRESSION_MAX_BYTES) {
        g_set_error(error, COR_ERROR, COR_E_LIMIT, "longer than %d bytes",
                    COR_EXPRESSION_MAX_BYTES);
        return FALSE;
    }
    if (g_utf8_validate_len(text, len, NULL))
        return TRUE;
    g_set_error_literal(error, COR_ERROR, COR_E_INPUT, "column 1: expected UTF-8 text");
    return FALSE;
}

struct cor_expression *cor_expression_parse(const char *text, gsize len, enum cor_dialect dialect,
                                            GError **error)
{
    if (!text_ok(text, len, error))
        return NULL;
    g_autofree char *copy = g_strndup(text, len);
    struct cor_expression *expression = expression_new(dialect);
    g_autoptr(GPtrArray) variables = g_ptr_array_new_with_free_func(g_free);
    struct parser p = {.at = copy,
                       .start = copy,
                       .mark = copy,
                       .mark_column = 1,
                       .variables = variables,
                       .into = expression};
    expression->root = parse_chain(&p);
    skip_space(&p);
    if (expression->root && *p.at)
        expression->root =
            fail(&p, p.at, dialect == COR_DIALECT_CONNECT ? "an operator or the end" : "the end");
    if (expression->root)
        return expression;
    g_propagate_error(error, p.error);
    cor_expression_free(expression);
    return NULL;
}

const GPtrArray *cor_expression_attributes(const struct cor_expression *expression)
{
    return expression->attributes;
}

const GPtrArray *cor_expression_parameters(const struct cor_expression *expression)
{
    return expression->parameters;
}

const GPtrArray *cor_expression_functions(const struct cor_expression *expression)
{
    return expression->functions;
}

guint cor_expression_calls(const struct cor_expression *expression, const char *function)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(expression->calls, function));
}

void cor_expression_bind(struct cor_expression *expression, cor_expression_slot_func slot,
                         void *data)
{
    for (guint i = 0; i < expression->nodes->len; i++) {
        struct cor_node *node = expression->nodes->pdata[i];
        if (node->kind == COR_NODE_ATTRIBUTE)
            node->slot = slot(node->name, data);
    }
}

struct cor_value cor_expression_evaluate(const struct cor_expression *expression,
                                         const struct cor_expression_env *env)
{
    struct cor_evaluation e; /* variables are set before they are read: the parser sees to it */
    e.env = env;
    e.dialect = expression->dialect;
    e.steps = 0;
    struct cor_value value = cor_node_evaluate(&e, expression->root), text;
    if (value.type != COR_VALUE_TIME || e.dialect == COR_DIALECT_CONNECT)
        return value;
    cor_to_text(&e, &value, &text); /* Cloud Sync has no type for a time */
    return text;
}
