/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time to and from text. Metadata of a large forest holds tens of millions of times, so
 * both directions are plain arithmetic on the proleptic Gregorian calendar: no time zone database,
 * no locale, no allocation beyond the answer. Invariant: a text that is not exactly of the form
 * asked for gives 0, never a guess. The forms both directories use for "never" give 0 too.
 */
#include "correlate/time.h"

#include <string.h>

#define UNIX_EPOCH_IN_FILETIME 116444736000000000LL
#define YEAR_ONE_US            (-62135596800LL * COR_SECOND_US) /* 0001-01-01: Graph's "never" */
#define YEAR_1601_US           (-11644473600LL * COR_SECOND_US) /* 1601-01-01: AD's "never" */

struct civil {
    int year, month, day, hour, minute, second;
};

/* Days since 1970-01-01; years counted from March so that the leap day comes last. */
static gint64 days_from_civil(gint64 year, int month, int day)
{
    year -= month <= 2;
    gint64 era = (year >= 0 ? year : year - 399) / 400;
    gint64 year_of_era = year - era * 400;
    gint64 day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static struct civil civil_from_days(gint64 days)
{
    days += 719468;
    gint64 era = (days >= 0 ? days : days - 146096) / 146097;
    gint64 day_of_era = days - era * 146097;
    gint64 year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    gint64 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (int)((5 * day_of_year + 2) / 153);
    int month = shifted + (shifted < 10 ? 3 : -9);
    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1),
    };
}

static gboolean civil_to_us(const struct civil *civil, gint64 *ret)
{
    static const int length[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    gboolean leap = civil->year % 4 == 0 && (civil->year % 100 != 0 || civil->year % 400 == 0);
    if (civil->month < 1 || civil->month > 12 || civil->day < 1 ||
        civil->day > length[civil->month - 1] || (civil->month == 2 && civil->day == 29 && !leap) ||
        civil->hour > 23 || civil->minute > 59 || civil->second > 59)
        return FALSE;
    gint64 days = days_from_civil(civil->year, civil->month, civil->day);
    *ret = (days * 86400 + civil->hour * 3600 + civil->minute * 60 + civil->second) * COR_SECOND_US;
    return TRUE;
}

static char *put_digits(char *at, int width, gint64 value)
{
    for (int i = width - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + width;
}

/* Exactly width digits at *at, which moves past them. */
static gboolean take_digits(const char **at, const char *end, int width, int *ret)
{
    if (end - *at < width)
        return FALSE;
    int value = 0;
    for (int i = 0; i < width; i++) {
        char c = (*at)[i];
        if (!g_ascii_isdigit(c))
            return FALSE;
        value = value * 10 + (c - '0');
    }
    *at += width;
    *ret = value;
    return TRUE;
}

static gboolean take_char(const char **at, const char *end, char wanted)
{
    if (*at >= end || **at != wanted)
        return FALSE;
    ++*at;
    return TRUE;
}

char *cor_time_text(gint64 time_us)
{
    if (!time_us)
        return g_strdup("");
    gint64 fraction = ((time_us % COR_SECOND_US) + COR_SECOND_US) % COR_SECOND_US;
    gint64 seconds = (time_us - fraction) / COR_SECOND_US;
    gint64 of_day = ((seconds % 86400) + 86400) % 86400;
    struct civil civil = civil_from_days((seconds - of_day) / 86400);
    if (civil.year < 1 || civil.year > 9999)
        return g_strdup("");
    char text[sizeof "YYYY-MM-DDTHH:MM:SS.ffffffZ"];
    char *at = put_digits(text, 4, civil.year);
    *at++ = '-';
    at = put_digits(at, 2, civil.month);
    *at++ = '-';
    at = put_digits(at, 2, civil.day);
    *at++ = 'T';
    at = put_digits(at, 2, of_day / 3600);
    *at++ = ':';
    at = put_digits(at, 2, of_day / 60 % 60);
    *at++ = ':';
    at = put_digits(at, 2, of_day % 60);
    if (fraction) {
        *at++ = '.';
        at = put_digits(at, 6, fraction);
        while (at[-1] == '0')
            at--;
    }
    *at++ = 'Z';
    return g_strndup(text, (gsize)(at - text));
}

/* 1 to 7 digits after the point; what is finer than a microsecond is cut off. */
static gboolean take_fraction(const char **at, const char *end, gint64 *ret_us)
{
    gint64 scale = 100000;
    int count = 0;
    *ret_us = 0;
    for (; *at < end && g_ascii_isdigit(**at); ++*at, count++, scale /= 10)
        *ret_us += (**at - '0') * scale;
    return count >= 1 && count <= 7;
}

static gboolean take_offset(const char **at, const char *end, gint64 *ret_us)
{
    *ret_us = 0;
    if (take_char(at, end, 'Z'))
        return TRUE;
    int sign = take_char(at, end, '+') ? 1 : take_char(at, end, '-') ? -1 : 0;
    int hours = 0, minutes = 0;
    if (!sign || !take_digits(at, end, 2, &hours) || !take_char(at, end, ':') ||
        !take_digits(at, end, 2, &minutes) || hours > 23 || minutes > 59)
        return FALSE;
    *ret_us = sign * (hours * COR_HOUR_US + minutes * COR_MINUTE_US);
    return TRUE;
}

gint64 cor_time_parse(const char *text)
{
    if (!text)
        return 0;
    const char *at = text, *end = text + strlen(text);
    struct civil civil = {0};
    gint64 time_us = 0, fraction = 0, offset = 0;
    if (!take_digits(&at, end, 4, &civil.year) || !take_char(&at, end, '-') ||
        !take_digits(&at, end, 2, &civil.month) || !take_char(&at, end, '-') ||
        !take_digits(&at, end, 2, &civil.day) || !take_char(&at, end, 'T') ||
        !take_digits(&at, end, 2, &civil.hour) || !take_char(&at, end, ':') ||
        !take_digits(&at, end, 2, &civil.minute) || !take_char(&at, end, ':') ||
        !take_digits(&at, end, 2, &civil.second) || !civil_to_us(&civil, &time_us))
        return 0;
    if (take_char(&at, end, '.') && !take_fraction(&at, end, &fraction))
        return 0;
    if (!take_offset(&at, end, &offset) || at != end || time_us == YEAR_ONE_US)
        return 0;
    return time_us + fraction - offset;
}

gint64 cor_time_parse_generalized(const char *text, gsize len)
{
    const char *at = text, *end = text + len;
    struct civil civil = {0};
    gint64 time_us = 0;
    if (!take_digits(&at, end, 4, &civil.year) || !take_digits(&at, end, 2, &civil.month) ||
        !take_digits(&at, end, 2, &civil.day) || !take_digits(&at, end, 2, &civil.hour) ||
        !take_digits(&at, end, 2, &civil.minute) || !take_digits(&at, end, 2, &civil.second) ||
        !civil_to_us(&civil, &time_us))
        return 0;
    if (take_char(&at, end, '.') && !take_char(&at, end, '0'))
        return 0;
    if (!take_char(&at, end, 'Z') || at != end || time_us == YEAR_1601_US)
        return 0;
    return time_us;
}

gint64 cor_time_from_filetime(gint64 filetime)
{
    if (filetime <= 0 || filetime == G_MAXINT64)
        return 0;
    return (filetime - UNIX_EPOCH_IN_FILETIME) / 10;
}
