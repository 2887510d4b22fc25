/* SPDX-License-Identifier: Apache-2.0 */
/* How far another domain controller is, from bytes. */
#include "ldap/vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* As a Samba domain controller with one partner tells it. */
static const guint8 sample[48] =
    "\x02\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x68\x81\x9b\xa2\x9f\xbf\xd0\x46\x84\x5e\xa0\x44\x9d\x73"
    "\xfa\x2c\xe2\x23\0\0\0\0\0\0\0\x80\x3e\xd5\xde\xb1\x9d\x01";

static void guid_of(const char *text, guint8 guid[AD_GUID_BYTES])
{
    assert_true(ad_guid_parse(text, strlen(text), guid));
}

static void test_sample(void **state)
{
    guint8 known[AD_GUID_BYTES], other[AD_GUID_BYTES];
    gint64 usn;
    (void)state;
    guid_of("a29b8168-bf9f-46d0-845e-a0449d73fa2c", known);
    guid_of("a29b8168-bf9f-46d0-845e-a0449d73fa2d", other);
    assert_true(ad_vector_usn(sample, sizeof sample, known, &usn));
    assert_int_equal(usn, 9186);
    assert_true(ad_vector_usn(sample, sizeof sample, other, &usn));
    assert_int_equal(usn, 0);
}

/* 24 bytes an entry in version 1; an entry that comes twice counts as the one that is further. */
static void test_forms(void **state)
{
    guint8 old[16 + 2 * 24] = {1, [8] = 2}, known[AD_GUID_BYTES];
    gint64 usn;
    (void)state;
    guid_of("a29b8168-bf9f-46d0-845e-a0449d73fa2c", known);
    memcpy(old + 16, sample + 16, 24);
    memcpy(old + 40, sample + 16, 24);
    old[40 + 16] = 0xe3;
    assert_true(ad_vector_usn(old, sizeof old, known, &usn));
    assert_int_equal(usn, 9187);
    memset(old + 40 + 16, 0xff, 8);
    assert_true(ad_vector_usn(old, sizeof old, known, &usn));
    assert_int_equal(usn, G_MAXINT64);
    old[8] = 0;
    assert_true(ad_vector_usn(old, 16, known, &usn));
    assert_int_equal(usn, 0);
}

/* Neither more nor less than the count says, and only forms that are known. */
static void test_refused(void **state)
{
    guint8 bytes[sizeof sample + 1] = {0}, known[AD_GUID_BYTES] = {0};
    gint64 usn;
    (void)state;
    memcpy(bytes, sample, sizeof sample);
    for (gsize len = 0; len < sizeof sample; len++)
        assert_false(ad_vector_usn(bytes, len, known, &usn));
    assert_false(ad_vector_usn(bytes, sizeof bytes, known, &usn));
    static const guint8 versions[] = {0, 1, 3, 255};
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        bytes[0] = versions[i];
        assert_false(ad_vector_usn(bytes, sizeof sample, known, &usn));
    }
    bytes[0] = 2;
    memset(bytes + 8, 0xff, 4);
    assert_false(ad_vector_usn(bytes, sizeof sample, known, &usn));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
