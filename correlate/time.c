/* SPDX-License-Identifier: Apache-2.0 */
/* Times between the forms the directories use and microseconds since 1970. No clock is read. */
#include "correlate/time.h"

#include <string.h>

#define FILETIME_1970 G_GINT64_CONSTANT(116444736000000000)

char *cor_time_text(gint64 time_us)
{
    if (time_us == 0)
        return g_strdup("");
    gint64 seconds = time_us / COR_SECOND_US, fraction = time_us % COR_SECOND_US;
    if (fraction < 0) {
        seconds--;
        fraction += COR_SECOND_US;
    }
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    if (!date)
        return g_strdup("");
    g_autofree char *text = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S");
    if (fraction == 0)
        return g_strconcat(text, "Z", NULL);
    char *out = g_strdup_printf("%s.%06d", text, (int)fraction);
    gsize len = strlen(out);
    while (out[len - 1] == '0')
        out[--len] = 0;
    char *full = g_strconcat(out, "Z", NULL);
    g_free(out);
    return full;
}

static gboolean digits(const char **p, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*p)++) {
        if (!g_ascii_isdigit(**p))
            return FALSE;
        value = value * 10 + (**p - '0');
    }
    *ret = value;
    return TRUE;
}

static gboolean expect(const char **p, char c)
{
    if (**p != c)
        return FALSE;
    (*p)++;
    return TRUE;
}

static gint64 utc(int year, int month, int day, int hour, int minute, int second)
{
    /* a leap second is the last second of its minute: GDateTime knows no 60 */
    g_autoptr(GDateTime) date =
        g_date_time_new_utc(year, month, day, hour, minute, MIN(second, 59));
    return date && second <= 60 ? g_date_time_to_unix(date) * COR_SECOND_US : 0;
}

/* ".1234567": microseconds; more digits than six are cut. */
static gint64 fraction_us(const char **p)
{
    gint64 value = 0, scale = COR_SECOND_US;
    if (!expect(p, '.'))
        return 0;
    for (; g_ascii_isdigit(**p); (*p)++)
        if (scale > 1) {
            scale /= 10;
            value += (**p - '0') * scale;
        }
    return value;
}

/* "Z" or "+hh:mm"; FALSE on anything else */
static gboolean zone_us(const char **p, gint64 *ret)
{
    int hours, minutes;
    char sign = **p;
    *ret = 0;
    if (expect(p, 'Z') || expect(p, 'z'))
        return TRUE;
    if (sign != '+' && sign != '-')
        return FALSE;
    (*p)++;
    if (!digits(p, 2, &hours) || !expect(p, ':') || !digits(p, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return FALSE;
    *ret = (hours * 60 + minutes) * COR_MINUTE_US * (sign == '-' ? -1 : 1);
    return TRUE;
}

gint64 cor_time_parse(const char *text)
{
    int year, month, day, hour, minute, second;
    const char *p = text;
    gint64 zone;
    if (!p || !digits(&p, 4, &year) || !expect(&p, '-') || !digits(&p, 2, &month) ||
        !expect(&p, '-') || !digits(&p, 2, &day) || (!expect(&p, 'T') && !expect(&p, 't')) ||
        !digits(&p, 2, &hour) || !expect(&p, ':') || !digits(&p, 2, &minute) || !expect(&p, ':') ||
        !digits(&p, 2, &second))
        return 0;
    gint64 fraction = fraction_us(&p);
    if (!zone_us(&p, &zone) || *p)
        return 0;
    gint64 base = utc(year, month, day, hour, minute, second);
    return base ? base + fraction - zone : 0;
}

gint64 cor_time_parse_generalized(const char *text, gsize len)
{
    char copy[32];
    int year, month, day, hour, minute, second;
    if (len >= sizeof copy)
        return 0;
    memcpy(copy, text, len);
    copy[len] = 0;
    const char *p = copy;
    if (!digits(&p, 4, &year) || !digits(&p, 2, &month) || !digits(&p, 2, &day) ||
        !digits(&p, 2, &hour) || !digits(&p, 2, &minute) || !digits(&p, 2, &second))
        return 0;
    gint64 fraction = fraction_us(&p);
    if (!expect(&p, 'Z') || p != copy + len)
        return 0;
    gint64 base = utc(year, month, day, hour, minute, second);
    return base ? base + fraction : 0;
}

gint64 cor_time_from_filetime(gint64 filetime)
{
    if (filetime == 0 || filetime == G_MAXINT64)
        return 0;
    return (filetime - FILETIME_1970) / 10;
}
