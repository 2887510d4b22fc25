/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions over times. Texts are read as the examples of both references write them, patterns are
 * .NET's custom date and time format strings; every name is English and every time UTC, whatever
 * the host's locale and zone.
 */
#include "correlate/rules/expression_private.h"

#include "correlate/time.h"

#include <string.h>

#define CONNECT "connect/reference-connect-sync-functions-reference"
#define CLOUD   "app-provisioning/functions-for-customizing-application-data"

/* 100 ns since 1601-01-01 to us since 1970 (FILETIME, MS-DTYP 2.3.3) */
#define FILETIME_EPOCH_S G_GINT64_CONSTANT(11644473600)
#define YEAR_MAX         9999

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                   "Friday", "Saturday", "Sunday"};

static struct cor_value wrong(struct cor_evaluation *e, const struct cor_value *value,
                              const char *needed)
{
    return cor_value_error(cor_arena_of(e), "%s is needed, not a %s value", needed,
                           cor_value_type_name(value->type));
}

static struct cor_value time_value(gint64 time_us)
{
    return (struct cor_value){.type = COR_VALUE_TIME, .number = time_us};
}

/* --- reading ---------------------------------------------------------------------------------- */

struct parts {
    int year, month, day, hour, minute, second, offset_s;
    gint64 fraction_us;
    int half; /* 0 none, 1 AM, 2 PM */
};

static gboolean take_number(const char **at, guint least, guint most, int *ret)
{
    guint n = 0;
    *ret = 0;
    for (; n < most && g_ascii_isdigit(**at); n++, (*at)++)
        *ret = *ret * 10 + g_ascii_digit_value(**at);
    return n >= least;
}

static gboolean take(const char **at, char c)
{
    if (**at != c)
        return FALSE;
    (*at)++;
    return TRUE;
}

static void take_blanks(const char **at)
{
    while (g_ascii_isspace(**at))
        (*at)++;
}

/* Digits of a second; what lies below a microsecond is dropped. */
static gboolean take_fraction(const char **at, guint least, guint most, gint64 *ret)
{
    guint n = 0;
    gint64 unit = G_USEC_PER_SEC / 10;
    *ret = 0;
    for (; n < most && g_ascii_isdigit(**at); n++, (*at)++, unit /= 10)
        *ret += unit * g_ascii_digit_value(**at);
    return n >= least;
}

static gboolean take_half(const char **at, int *ret)
{
    gboolean half =
        g_ascii_strncasecmp(*at, "AM", 2) == 0 || g_ascii_strncasecmp(*at, "PM", 2) == 0;
    if (half) {
        *ret = g_ascii_toupper(**at) == 'A' ? 1 : 2;
        *at += 2;
    }
    return half;
}

/* Z, or hours with a sign and perhaps minutes. */
static gboolean take_offset(const char **at, int *ret_s)
{
    int hours, minutes = 0, sign = **at == '-' ? -1 : 1;
    if (take(at, 'Z'))
        return TRUE;
    if (!take(at, '+') && !take(at, '-'))
        return FALSE;
    if (!take_number(at, 1, 2, &hours) || (take(at, ':') && !take_number(at, 2, 2, &minutes)))
        return FALSE;
    *ret_s = sign * (hours * 3600 + minutes * 60);
    return hours <= 14 && minutes < 60;
}

static gboolean parts_to_us(struct parts *parts, gint64 *ret)
{
    if (parts->half && (parts->hour < 1 || parts->hour > 12))
        return FALSE;
    if (parts->half)
        parts->hour = parts->hour % 12 + (parts->half == 2 ? 12 : 0);
    if (parts->year < 1 || parts->year > YEAR_MAX)
        return FALSE;
    g_autoptr(GDateTime) date = g_date_time_new_utc(parts->year, parts->month, parts->day,
                                                    parts->hour, parts->minute, parts->second);
    if (!date)
        return FALSE;
    *ret = (g_date_time_to_unix(date) - parts->offset_s) * G_USEC_PER_SEC + parts->fraction_us;
    return TRUE;
}

/* 2013-01-10 or 1/10/2013 */
static gboolean take_date(const char **at, struct parts *parts)
{
    const char *start = *at;
    int first, second, third;
    if (!take_number(at, 1, 4, &first))
        return FALSE;
    gboolean iso = *at - start == 4;
    char between = iso ? '-' : '/';
    if (!take(at, between) || !take_number(at, 1, 2, &second) || !take(at, between) ||
        !take_number(at, iso ? 1 : 4, iso ? 2 : 4, &third))
        return FALSE;
    parts->year = iso ? first : third;
    parts->month = iso ? second : first;
    parts->day = iso ? third : second;
    return TRUE;
}

/* 16:00, 4:00:30.5 PM */
static gboolean take_clock(const char **at, struct parts *parts)
{
    if (!take_number(at, 1, 2, &parts->hour) || !take(at, ':') ||
        !take_number(at, 2, 2, &parts->minute))
        return FALSE;
    if (take(at, ':')) {
        if (!take_number(at, 2, 2, &parts->second))
            return FALSE;
        if (take(at, '.') && !take_fraction(at, 1, 9, &parts->fraction_us))
            return FALSE;
    }
    take_blanks(at);
    take_half(at, &parts->half);
    return TRUE;
}

static gboolean read_time(const char *text, gint64 *ret)
{
    const char *at = text;
    struct parts parts = {0};
    take_blanks(&at);
    if (!take_date(&at, &parts))
        return FALSE;
    if (*at == 'T' && !g_ascii_isdigit(at[1]))
        return FALSE;
    at += *at == 'T';
    take_blanks(&at);
    if (g_ascii_isdigit(*at) && !take_clock(&at, &parts))
        return FALSE;
    take_blanks(&at);
    if (*at && !take_offset(&at, &parts.offset_s))
        return FALSE;
    take_blanks(&at);
    return *at == '\0' && parts_to_us(&parts, ret);
}

gboolean cor_to_time(const struct cor_value *value, gint64 *ret)
{
    if (value->type == COR_VALUE_MULTI && value->len == 1)
        value = &value->items[0];
    if (value->type == COR_VALUE_TIME)
        *ret = value->number;
    if (value->type != COR_VALUE_STRING)
        return value->type == COR_VALUE_TIME;
    *ret = cor_time_parse_generalized(value->text, value->len);
    return *ret != 0 || read_time(value->text, ret);
}

/* --- patterns --------------------------------------------------------------------------------- */

static GDateTime *date_of(gint64 time_us)
{
    g_autoptr(GDateTime) epoch = g_date_time_new_from_unix_utc(0);
    return g_date_time_add(epoch, time_us);
}

/* A part of a pattern: a run of one letter, or a character that stands for itself. */
struct token {
    char letter; /* 0: literal */
    guint count;
    const char *text; /* literal */
    gsize len;
};

static gboolean next_token(const char **at, struct token *ret)
{
    const char *p = *at;
    *ret = (struct token){.count = 1, .text = p, .len = 1};
    if (!*p)
        return FALSE;
    if (strchr("yMdHhmsfFtzK", *p)) {
        ret->letter = *p;
        while (p[ret->count] == *p)
            ret->count++;
        *at += ret->count;
        return TRUE;
    }
    if (*p == '\'' || *p == '"') {
        const char *close = strchr(p + 1, *p);
        ret->text = p + 1;
        ret->len = close ? (gsize)(close - p - 1) : strlen(p + 1);
        *at = ret->text + ret->len + (close ? 1 : 0);
        return TRUE;
    }
    if ((*p == '\\' && p[1]) || (*p == '%' && p[1])) { /* % makes one letter a pattern */
        *at += 1;
        if (*p == '%')
            return next_token(at, ret);
        ret->text = *at;
    }
    *at += ret->len;
    return TRUE;
}

static void append_number(GString *out, const struct token *token, int number)
{
    g_string_append_printf(out, token->count == 1 ? "%d" : "%02d", number);
}

static void append_name(GString *out, const struct token *token, const char *name)
{
    g_string_append_len(out, name, token->count == 3 ? 3 : -1);
}

static void append_year(GString *out, const struct token *token, int year)
{
    if (token->count <= 2)
        append_number(out, token, year % 100);
    else
        g_string_append_printf(out, "%0*d", (int)MIN(token->count, 8), year);
}

static void append_fraction(GString *out, const struct token *token, gint64 us)
{
    char digits[16];
    g_snprintf(digits, sizeof digits, "%06d0", (int)us);
    digits[MIN(token->count, 7)] = '\0';
    for (gsize n = strlen(digits); token->letter == 'F' && n > 0 && digits[n - 1] == '0'; n--)
        digits[n - 1] = '\0';
    g_string_append(out, digits);
}

static void append_token(GString *out, const struct token *token, GDateTime *date)
{
    static const char *const offsets[] = {"+0", "+00", "+00:00"};
    int hour = g_date_time_get_hour(date);
    switch (token->letter) {
    case 'y':
        append_year(out, token, g_date_time_get_year(date));
        break;
    case 'M':
        if (token->count > 2)
            append_name(out, token, months[g_date_time_get_month(date) - 1]);
        else
            append_number(out, token, g_date_time_get_month(date));
        break;
    case 'd':
        if (token->count > 2)
            append_name(out, token, days[g_date_time_get_day_of_week(date) - 1]);
        else
            append_number(out, token, g_date_time_get_day_of_month(date));
        break;
    case 'H':
        append_number(out, token, hour);
        break;
    case 'h':
        append_number(out, token, (hour + 11) % 12 + 1);
        break;
    case 'm':
        append_number(out, token, g_date_time_get_minute(date));
        break;
    case 's':
        append_number(out, token, g_date_time_get_second(date));
        break;
    case 't':
        g_string_append_len(out, hour < 12 ? "AM" : "PM", token->count == 1 ? 1 : 2);
        break;
    case 'z':
        g_string_append(out, offsets[MIN(token->count, 3) - 1]);
        break;
    case 'K':
        g_string_append_c(out, 'Z');
        break;
    case 'f':
    case 'F':
        append_fraction(out, token, g_date_time_get_microsecond(date));
        break;
    default:
        g_string_append_len(out, token->text, (gssize)token->len);
        break;
    }
}

static struct cor_value format_time(struct cor_evaluation *e, gint64 time_us, const char *pattern)
{
    struct token token;
    g_autoptr(GDateTime) date = date_of(time_us);
    g_autoptr(GString) out = g_string_new(NULL);
    if (!date)
        return cor_value_error(cor_arena_of(e), "the time is out of range");
    if (pattern[0] && !pattern[1])
        return cor_value_error(cor_arena_of(e), "patterns of one letter depend on a culture");
    while (next_token(&pattern, &token))
        append_token(out, &token, date);
    return cor_text_copy(e, out->str, out->len);
}

char *cor_time_cloud(gint64 time_us)
{
    const char *pattern = "M/d/yyyy h:mm:ss tt";
    struct token token;
    g_autoptr(GDateTime) date = date_of(time_us);
    GString *out = g_string_new(NULL);
    while (date && next_token(&pattern, &token))
        append_token(out, &token, date);
    return g_string_free(out, FALSE);
}

static gboolean take_name(const char **at, const struct token *token, const char *const *names,
                          guint n, int *ret)
{
    for (guint i = 0; i < n; i++) {
        gsize len = token->count == 3 ? 3 : strlen(names[i]);
        if (g_ascii_strncasecmp(*at, names[i], len) != 0)
            continue;
        *at += len;
        *ret = (int)i + 1;
        return TRUE;
    }
    return FALSE;
}

static gboolean take_year(const char **at, const struct token *token, int *ret)
{
    guint digits = token->count <= 2 ? 2 : MIN(token->count, 4);
    if (!take_number(at, digits, digits, ret))
        return FALSE;
    if (digits == 2)
        *ret += *ret < 30 ? 2000 : 1900; /* .NET: Calendar.TwoDigitYearMax 2029 */
    return TRUE;
}

static gboolean take_token(const char **at, const struct token *token, struct parts *parts)
{
    guint least = token->count == 1 ? 1 : 2;
    int weekday;
    switch (token->letter) {
    case 'y':
        return take_year(at, token, &parts->year);
    case 'M':
        return token->count > 2 ? take_name(at, token, months, G_N_ELEMENTS(months), &parts->month)
                                : take_number(at, least, 2, &parts->month);
    case 'd':
        return token->count > 2 ? take_name(at, token, days, G_N_ELEMENTS(days), &weekday)
                                : take_number(at, least, 2, &parts->day);
    case 'H':
    case 'h':
        return take_number(at, least, 2, &parts->hour);
    case 'm':
        return take_number(at, least, 2, &parts->minute);
    case 's':
        return take_number(at, least, 2, &parts->second);
    case 't':
        return take_half(at, &parts->half);
    case 'z':
    case 'K':
        return take_offset(at, &parts->offset_s) || (token->letter == 'K' && !**at);
    case 'f':
    case 'F':
        return take_fraction(at, token->letter == 'f' ? token->count : 0, token->count,
                             &parts->fraction_us);
    default:
        if (strncmp(*at, token->text, token->len) != 0)
            return FALSE;
        *at += token->len;
        return TRUE;
    }
}

static gboolean read_pattern(const char *text, const char *pattern, gint64 *ret)
{
    struct parts parts = {.month = 1, .day = 1};
    struct token token;
    take_blanks(&text);
    while (next_token(&pattern, &token))
        if (!take_token(&text, &token, &parts))
            return FALSE;
    take_blanks(&text);
    return *text == '\0' && parts_to_us(&parts, ret);
}

/* --- functions -------------------------------------------------------------------------------- */

static struct cor_value f_date_from_num(struct cor_evaluation *e, const struct cor_value *args,
                                        guint n)
{
    gint64 filetime;
    (void)n;
    if (!cor_to_int(e, &args[0], &filetime) || filetime < 0)
        return wrong(e, &args[0], "a FILETIME");
    return time_value(filetime / 10 - FILETIME_EPOCH_S * G_USEC_PER_SEC);
}

static struct cor_value f_num_from_date(struct cor_evaluation *e, const struct cor_value *args,
                                        guint n)
{
    gint64 time_us;
    (void)n;
    if (!cor_to_time(&args[0], &time_us))
        return wrong(e, &args[0], "a time");
    gint64 since_1601_us = time_us + FILETIME_EPOCH_S * G_USEC_PER_SEC;
    return since_1601_us < 0 || since_1601_us > G_MAXINT64 / 10
               ? cor_value_error(cor_arena_of(e), "the time is out of range")
               : cor_value_int(since_1601_us * 10);
}

static struct cor_value f_cdate(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    gint64 time_us;
    (void)n;
    return cor_to_time(&args[0], &time_us) ? time_value(time_us) : wrong(e, &args[0], "a time");
}

static struct cor_value f_is_date(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    gint64 time_us;
    (void)e, (void)n;
    return cor_value_bool(cor_to_time(&args[0], &time_us));
}

static struct cor_value f_now(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)args, (void)n;
    return time_value(e->env->now_us);
}

static const struct unit {
    const char *name;
    int months;
    gint64 us;
} units[] = {
    {"yyyy", 12, 0},           {"q", 3, 0},           {"m", 1, 0},
    {"d", 0, COR_DAY_US},      {"y", 0, COR_DAY_US},  {"w", 0, COR_DAY_US},
    {"ww", 0, 7 * COR_DAY_US}, {"h", 0, COR_HOUR_US}, {"n", 0, COR_MINUTE_US},
    {"s", 0, G_USEC_PER_SEC},
};

static const struct unit *unit_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (g_ascii_strcasecmp(name, units[i].name) == 0)
            return &units[i];
    return NULL;
}

static struct cor_value f_date_add(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value name;
    gint64 count, time_us, span = 0;
    (void)n;
    if (!cor_to_text(e, &args[0], &name))
        return name;
    if (!cor_to_int(e, &args[1], &count) || count > G_MAXINT / 12 || count < -G_MAXINT / 12)
        return wrong(e, &args[1], "a number");
    if (!cor_to_time(&args[2], &time_us))
        return wrong(e, &args[2], "a time");
    const struct unit *unit = unit_of(name.text);
    gboolean far = unit && __builtin_mul_overflow(count, unit->us, &span);
    g_autoptr(GDateTime) from = unit && !far ? date_of(time_us) : NULL;
    g_autoptr(GDateTime) until = from && unit->months
                                     ? g_date_time_add_months(from, (int)count * unit->months)
                                 : from ? g_date_time_add(from, span)
                                        : NULL;
    if (!until)
        return cor_value_error(cor_arena_of(e), "the time cannot be moved by that");
    return time_value(g_date_time_to_unix(until) * G_USEC_PER_SEC +
                      g_date_time_get_microsecond(until));
}

/* Sundays before a time, as Visual Basic counts weeks. */
static gint64 weeks_before(gint64 time_us)
{
    gint64 day = time_us / COR_DAY_US - (time_us % COR_DAY_US < 0); /* 1970-01-01: a Thursday */
    gint64 shifted = day + 4;
    return shifted / 7 - (shifted % 7 < 0);
}

/* Years, months and weeks by the calendar, what is shorter by what has passed: so the examples,
 * and so Visual Basic's DateDiff. */
static struct cor_value f_date_diff(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value name;
    gint64 a_us, b_us;
    (void)n;
    if (!cor_to_text(e, &args[0], &name))
        return name;
    const struct unit *unit = unit_of(name.text);
    if (!unit || unit->months == 3 || (unit->us == COR_DAY_US && *unit->name != 'd'))
        return cor_value_error(cor_arena_of(e), "'%s' is no interval", name.text);
    if (!cor_to_time(&args[1], &a_us) || !cor_to_time(&args[2], &b_us))
        return cor_value_error(cor_arena_of(e), "two times are needed");
    if (strcmp(unit->name, "ww") == 0)
        return cor_value_int(weeks_before(b_us) - weeks_before(a_us));
    if (!unit->months)
        return cor_value_int((b_us - a_us) / unit->us);
    g_autoptr(GDateTime) a = date_of(a_us), b = date_of(b_us);
    if (!a || !b)
        return cor_value_error(cor_arena_of(e), "the time is out of range");
    int years = g_date_time_get_year(b) - g_date_time_get_year(a);
    int by_month = years * 12 + g_date_time_get_month(b) - g_date_time_get_month(a);
    return cor_value_int(unit->months == 12 ? years : by_month);
}

static struct cor_value f_format(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value pattern;
    gint64 time_us;
    (void)n;
    if (!cor_to_time(&args[0], &time_us))
        return wrong(e, &args[0], "a time");
    return cor_to_text(e, &args[1], &pattern) ? format_time(e, time_us, pattern.text) : pattern;
}

/* FormatDateTime(source, dateTimeStyles, inputFormat, outputFormat). A service that runs in UTC
 * makes no difference between the styles. */
static struct cor_value f_reformat(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value source, styles, from, to;
    gint64 time_us;
    (void)n;
    if (!cor_to_text(e, &args[0], &source))
        return source;
    if (!cor_to_text(e, &args[1], &styles))
        return styles;
    if (!cor_to_text(e, &args[2], &from))
        return from;
    if (!cor_to_text(e, &args[3], &to))
        return to;
    if (!read_pattern(source.text, from.text, &time_us))
        return cor_value_error(cor_arena_of(e), "the time does not have the form %s", from.text);
    return format_time(e, time_us, to.text);
}

#define ONE (COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL)
#define F(name, least, most, flags, call)                                                          \
    {                                                                                              \
        {name, COR_DIALECT_CONNECT, least, most, CONNECT}, flags, call, NULL                       \
    }
#define CLOUD_ONLY(name, n, flags, call)                                                           \
    {                                                                                              \
        {name, COR_DIALECT_CLOUD_SYNC, n, n, CLOUD}, flags, call, NULL                             \
    }

static const struct cor_function functions[] = {
    F("CDate", 1, 1, ONE, f_cdate),
    F("DateAdd", 3, 3, 0, f_date_add),
    F("DateFromNum", 1, 1, ONE, f_date_from_num),
    F("NumFromDate", 1, 1, ONE, f_num_from_date),
    F("FormatDateTime", 2, 2, ONE, f_format),
    F("IsDate", 1, 1, 0, f_is_date),
    F("Now", 0, 0, 0, f_now),
    CLOUD_ONLY("DateDiff", 3, 0, f_date_diff),
    CLOUD_ONLY("FormatDateTime", 4, ONE, f_reformat),
};
const struct cor_function_group cor_functions_date = {functions, G_N_ELEMENTS(functions)};
