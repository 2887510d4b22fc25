/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/daemon/events.h"
#include "agent/daemon/schedule.h"
#include "agent/suggest.h"
#include "correlate/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW (1000 * COR_DAY_US)

static void test_first_capture_is_now(void **state)
{
    (void)state;
    assert_true(schedule_next(NOW, 0, COR_HOUR_US, 0) == NOW);
}

static void test_next_capture_keeps_the_interval(void **state)
{
    (void)state;
    gint64 last = NOW - 10 * COR_MINUTE_US;
    assert_true(schedule_next(NOW, last, COR_HOUR_US, 0) == last + COR_HOUR_US);
    assert_true(schedule_next(NOW, NOW - 3 * COR_HOUR_US, COR_HOUR_US, 0) == NOW);
}

static void test_failures_are_retried_sooner_and_sooner_less(void **state)
{
    (void)state;
    assert_true(schedule_next(NOW, NOW, COR_HOUR_US, 1) == NOW + COR_MINUTE_US);
    assert_true(schedule_next(NOW, NOW, COR_HOUR_US, 2) == NOW + 2 * COR_MINUTE_US);
    assert_true(schedule_next(NOW, NOW, COR_HOUR_US, 6) == NOW + 32 * COR_MINUTE_US);
    assert_true(schedule_next(NOW, NOW, COR_HOUR_US, 7) == NOW + COR_HOUR_US);
    assert_true(schedule_next(NOW, NOW, COR_HOUR_US, G_MAXUINT) == NOW + COR_HOUR_US);
}

static void test_clock_that_jumped_back_does_not_stall(void **state)
{
    (void)state;
    assert_true(schedule_next(NOW, NOW + 400 * COR_DAY_US, COR_HOUR_US, 0) == NOW + COR_HOUR_US);
}

static void test_suggestions(void **state)
{
    (void)state;
    static const char *const words[] = {"keytab", "principal", "server", "domain", NULL};
    assert_string_equal(suggest_nearest("keytb", words), "keytab");
    assert_string_equal(suggest_nearest("sevrer", words), "server");
    assert_string_equal(suggest_nearest("pricipal", words), "principal");
    assert_null(suggest_nearest("banana", words));
    assert_null(suggest_nearest("", words));
}

static void test_event_text_stays_on_one_line(void **state)
{
    (void)state;
    g_autofree char *quoted = event_quote("a \"b\"\nc\xff");
    assert_null(strchr(quoted, '\n'));
    assert_true(g_str_has_prefix(quoted, "\"a \\\"b\\\"\\nc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_capture_is_now),
        cmocka_unit_test(test_next_capture_keeps_the_interval),
        cmocka_unit_test(test_failures_are_retried_sooner_and_sooner_less),
        cmocka_unit_test(test_clock_that_jumped_back_does_not_stall),
        cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_event_text_stays_on_one_line),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
