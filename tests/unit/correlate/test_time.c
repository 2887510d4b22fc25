/* SPDX-License-Identifier: Apache-2.0 */
/* Times to and from text. Expected numbers are from the calendar, not from the code. */
#include "correlate/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_rfc3339(void **state)
{
    static const struct {
        const char *text;
        gint64 us;
    } cases[] = {
        {"1970-01-01T00:00:01Z", 1000000},
        {"2000-02-29T12:00:00Z", 951825600000000},
        {"2026-03-01T00:00:00Z", 1772323200000000},
        {"2026-03-01T02:00:00+02:00", 1772323200000000},
        {"2026-02-28T18:30:00-05:30", 1772323200000000},
        {"2026-03-01T00:00:00.1234567Z", 1772323200123456},
        {"2026-03-01T00:00:00.5Z", 1772323200500000},
        {"1969-12-31T23:59:59Z", -1000000},
        {"1601-01-01T00:00:00Z", -11644473600000000},
        {"0001-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00Z", 0},
        {"2026-03-01T00:00:00", 0},
        {"2026-03-01 00:00:00Z", 0},
        {"2026-02-29T00:00:00Z", 0},
        {"1900-02-29T00:00:00Z", 0},
        {"2026-13-01T00:00:00Z", 0},
        {"2026-04-31T00:00:00Z", 0},
        {"2026-03-01T24:00:00Z", 0},
        {"2026-03-01T00:60:00Z", 0},
        {"2026-03-01T00:00:00.Z", 0},
        {"2026-03-01T00:00:00.12345678Z", 0},
        {"2026-03-01T00:00:00Zx", 0},
        {"2026-03-01T00:00:00+0200", 0},
        {"2026-3-01T00:00:00Z", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        if (cor_time_parse(cases[i].text) != cases[i].us)
            fail_msg("'%s' gave %" G_GINT64_FORMAT, cases[i].text, cor_time_parse(cases[i].text));
    assert_int_equal(cor_time_parse(NULL), 0);
}

static void test_text(void **state)
{
    static const struct {
        gint64 us;
        const char *text;
    } cases[] = {
        {0, ""},
        {1772323200000000, "2026-03-01T00:00:00Z"},
        {1772323200123456, "2026-03-01T00:00:00.123456Z"},
        {1772323200500000, "2026-03-01T00:00:00.5Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {951825600000000, "2000-02-29T12:00:00Z"},
        {253402300799000000, "9999-12-31T23:59:59Z"},
        {253402300800000000, ""},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = cor_time_text(cases[i].us);
        assert_string_equal(text, cases[i].text);
    }
}

/* Every day of four centuries: the calendar of GLib agrees with ours both ways. */
static void test_calendar_against_glib(void **state)
{
    (void)state;
    g_autoptr(GDateTime) day = g_date_time_new_utc(1800, 1, 1, 11, 59, 58);
    for (int i = 0; i < 146097; i++) {
        g_autofree char *theirs = g_date_time_format(day, "%Y-%m-%dT%H:%M:%SZ");
        gint64 us = g_date_time_to_unix(day) * COR_SECOND_US;
        g_autofree char *ours = cor_time_text(us);
        assert_string_equal(ours, theirs);
        assert_true(cor_time_parse(theirs) == us);
        GDateTime *next = g_date_time_add_days(day, 1);
        g_date_time_unref(day);
        day = next;
    }
}

static void test_generalized(void **state)
{
    static const struct {
        const char *text;
        gint64 us;
    } cases[] = {
        {"20260301000000.0Z", 1772323200000000},
        {"20260301000000Z", 1772323200000000},
        {"16010101000000.0Z", 0},
        {"20260301000000", 0},
        {"20260301000000.1Z", 0},
        {"20260229000000.0Z", 0},
        {"2026030100000Z", 0},
        {"20260301000000.0Z0", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        if (cor_time_parse_generalized(cases[i].text, strlen(cases[i].text)) != cases[i].us)
            fail_msg("'%s'", cases[i].text);
    /* the length counts, not a terminator */
    assert_int_equal(cor_time_parse_generalized("20260301000000.0Z", 16), 0);
}

static void test_filetime(void **state)
{
    (void)state;
    assert_int_equal(cor_time_from_filetime(0), 0);
    assert_int_equal(cor_time_from_filetime(G_MAXINT64), 0);
    assert_int_equal(cor_time_from_filetime(-5), 0);
    assert_true(cor_time_from_filetime(116444736000000000) == 0);
    assert_true(cor_time_from_filetime(134168208000000000) == 1772347200000000);
    assert_true(cor_time_from_filetime(10) == -11644473599999999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc3339),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_calendar_against_glib),
        cmocka_unit_test(test_generalized),
        cmocka_unit_test(test_filetime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
