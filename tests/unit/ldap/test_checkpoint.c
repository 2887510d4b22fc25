/* SPDX-License-Identifier: Apache-2.0 */
/* What a checkpoint keeps, and what it takes for the same directory. */
#include "correlate/time.h"
#include "ldap/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ad_checkpoint *sample(void)
{
    struct ad_checkpoint *checkpoint = ad_checkpoint_new();
    const struct berval cookie = {5, (char *)"a\0b\xff"
                                             "c"};
    checkpoint->host = g_strdup("dc1.lab.example.test");
    checkpoint->service = g_strdup("CN=NTDS Settings,CN=DC1");
    checkpoint->invocation = g_strdup("00000000-0000-0000-0000-000000000001");
    checkpoint->naming_context = g_strdup("DC=lab,DC=example,DC=test");
    checkpoint->schema = g_strdup("0123456789abcdef");
    checkpoint->recycle_bin = TRUE;
    checkpoint->usn = G_MAXINT64;
    checkpoint->read_us = 20 * COR_HOUR_US;
    checkpoint->full_us = 10 * COR_HOUR_US;
    checkpoint->cursor.flags = AD_DIRSYNC_INCREMENTAL_VALUES;
    ber_dupbv(&checkpoint->cursor.cookie, (struct berval *)&cookie);
    g_hash_table_add(checkpoint->kinds, g_strdup("member"));
    g_hash_table_add(checkpoint->kinds, g_strdup("manager"));
    g_hash_table_add(checkpoint->holders, g_strdup("00000000-0000-0000-0000-000000000002"));
    return checkpoint;
}

static struct ad_entry *entry(guint number, gint64 usn)
{
    struct ad_entry *made = ad_entry_new();
    g_snprintf(made->key, sizeof made->key, "00000000-0000-0000-0000-%012u", number);
    made->usn_changed = usn;
    return made;
}

static void watch(struct ad_checkpoint *checkpoint, guint number, gint64 usn)
{
    AD_ENTRY_AUTO *one = entry(number, usn);
    ad_checkpoint_watch(checkpoint, one);
}

static void test_round_trip(void **state)
{
    (void)state;
    AD_CHECKPOINT_AUTO *checkpoint = sample();
    watch(checkpoint, 3, 77);
    COR_JSON_AUTO *doc = ad_checkpoint_json(checkpoint);
    AD_CHECKPOINT_AUTO *parsed = ad_checkpoint_parse(doc);
    assert_non_null(parsed);
    COR_JSON_AUTO *again = ad_checkpoint_json(parsed);
    assert_true(cor_json_equal(doc, again));
    assert_int_equal(parsed->cursor.cookie.bv_len, 5);
    assert_memory_equal(parsed->cursor.cookie.bv_val, checkpoint->cursor.cookie.bv_val, 5);
    cor_json_remove(doc, "cookie");
    AD_CHECKPOINT_AUTO *without = ad_checkpoint_parse(doc);
    assert_non_null(without);
    assert_int_equal(without->cursor.cookie.bv_len, 0);
}

static void test_newest_are_watched(void **state)
{
    (void)state;
    AD_CHECKPOINT_AUTO *checkpoint = sample();
    for (guint i = 1; i <= 20; i++)
        watch(checkpoint, i, 100 + (i * 7) % 20);
    watch(checkpoint, 3, 500); /* changed again */
    watch(checkpoint, 99, 0);  /* its USN cannot be read */
    assert_int_equal(checkpoint->sentinels->len, AD_SENTINELS_MAX);
    for (guint i = 0; i < AD_SENTINELS_MAX; i++) {
        gint64 usn = g_array_index(checkpoint->sentinels, struct ad_sentinel, i).usn;
        assert_int_equal(usn, i == 0 ? 500 : 120 - i);
    }
}

/* replPropertyMetaData with one stamp (MS-DRSR 5.166): description, version 3, second 1000. */
static const guint8 blob[64] = {
    1,  0, 0, 0, 0, 0, 0, 0, 1,    0,    0,    0,    0, 0, 0, 0, /* header */
    13, 0, 0, 0, 3, 0, 0, 0, 0x80, 0x88, 0xe5, 0xb6, 2, 0, 0, 0,
    0,  0, 0, 0, 0, 0, 0, 0, 0,    0,    0,    0,    0, 0, 0, 0, /* dsa */
    9,  0, 0, 0, 0, 0, 0, 0, 200,  0,    0,    0,    0, 0, 0, 0, /* USNs */
};

static void test_sentinels(void **state)
{
    const struct ad_stamp stamp = ad_stamp_at(blob, 0);
    static const struct {
        guint32 attrtyp, version;
        gint64 usn;      /* remembered */
        gint64 time_off; /* remembered later than in the blob */
        gint64 now;      /* uSNChanged */
        gboolean holds;
    } cases[] = {
        {13, 3, 200, 0, 200, TRUE},  /* as it was */
        {13, 3, 200, 0, 300, TRUE},  /* something else changed since */
        {13, 2, 150, 0, 200, TRUE},  /* the same attribute changed again */
        {13, 3, 200, 0, 199, FALSE}, /* older */
        {13, 4, 200, 0, 300, FALSE}, /* that write never was */
        {13, 3, 200, 5, 300, FALSE}, /* another write of the same version */
        {13, 3, 150, 0, 300, FALSE}, /* at another USN */
        {14, 1, 100, 0, 300, FALSE}, /* the attribute was never written */
        {0, 0, 100, 0, 300, TRUE},   /* a link was last: only the USN tells */
    };
    (void)state;
    assert_int_equal(stamp.local_usn, 200);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct ad_sentinel sentinel = {.usn = cases[i].usn,
                                             .attrtyp = cases[i].attrtyp,
                                             .version = cases[i].version,
                                             .time_us = stamp.time_us + cases[i].time_off};
        if (ad_sentinel_holds(&sentinel, cases[i].now, blob, sizeof blob) != cases[i].holds)
            fail_msg("case %zu", i);
    }
    const struct ad_sentinel unreadable = {.usn = 100, .attrtyp = 13, .version = 3};
    assert_true(ad_sentinel_holds(&unreadable, 100, NULL, 0));
    assert_false(ad_sentinel_holds(&unreadable, 99, NULL, 0));
}

/* What the marks of an entry come from. */
static void test_marks(void **state)
{
    (void)state;
    struct ad_marks marks = ad_metadata_marks(blob, sizeof blob);
    assert_int_equal(marks.newest.attrtyp, 13);
    assert_int_equal(marks.newest.local_usn, 200);
    assert_int_equal(marks.named, 0);
    assert_int_equal(marks.buried, 0);
    marks = ad_metadata_marks(blob, sizeof blob - 1);
    assert_int_equal(marks.newest.local_usn, 0);
}

static void expect_unfit(const struct ad_checkpoint *last, const struct ad_checkpoint *present,
                         const char *word)
{
    g_autofree char *reason = ad_checkpoint_unfit(last, present, 24 * COR_HOUR_US);
    if (!reason != !word || (word && !strstr(reason, word)))
        fail_msg("'%s' instead of '%s'", reason ? reason : "fit", word ? word : "fit");
}

static void test_unfit(void **state)
{
    (void)state;
    AD_CHECKPOINT_AUTO *last = sample();
    AD_CHECKPOINT_AUTO *present = sample();
    expect_unfit(last, present, NULL);
    g_free(present->host);
    present->host = g_ascii_strup(last->host, -1);
    expect_unfit(last, present, NULL);
    present->read_us = last->full_us + 24 * COR_HOUR_US - 1;
    expect_unfit(last, present, NULL);
    present->read_us++;
    expect_unfit(last, present, "one is due");
    present->read_us = last->full_us - 1;
    expect_unfit(last, present, "set back");
    present->usn--;
    expect_unfit(last, present, "ran backwards");
    present->recycle_bin = FALSE;
    expect_unfit(last, present, "Recycle Bin");
    present->schema[0] = 'x';
    expect_unfit(last, present, "schema");
    present->invocation[0] = '1';
    expect_unfit(last, present, "invocation ID");
    present->host[0] = 'x';
    expect_unfit(last, present, "another name");
    present->service[3] = 'x';
    expect_unfit(last, present, "another domain controller");
    present->naming_context[3] = 'x';
    expect_unfit(last, present, "another domain");
}

static void test_too_many_holders(void **state)
{
    (void)state;
    AD_CHECKPOINT_AUTO *last = sample();
    AD_CHECKPOINT_AUTO *present = sample();
    g_hash_table_remove_all(last->holders);
    for (guint i = 0; i < AD_HOLDERS_MAX; i++)
        g_hash_table_add(last->holders, g_strdup_printf("%u", i));
    expect_unfit(last, present, NULL);
    g_hash_table_add(last->holders, g_strdup("one more"));
    expect_unfit(last, present, "more than 20000 objects show the DN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_newest_are_watched),
        cmocka_unit_test(test_sentinels),  cmocka_unit_test(test_marks),
        cmocka_unit_test(test_unfit),      cmocka_unit_test(test_too_many_holders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
