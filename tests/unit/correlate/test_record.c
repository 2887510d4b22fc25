/* SPDX-License-Identifier: Apache-2.0 */
/* The neutral object, self-check lines, and above all the proof of completeness. */
#include "correlate/check.h"
#include "correlate/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_record(void **state)
{
    (void)state;
    COR_RECORD_AUTO *record = cor_record_new(COR_AD, COR_TYPE_USER, "k1");
    struct cor_json *list = cor_json_new_array();
    cor_json_append(list, cor_json_new_string("first"));
    cor_json_append(list, cor_json_new_string("second"));
    cor_json_add(record->attributes, "otherTelephone", list);
    cor_json_add_string(record->attributes, "cn", "A");
    cor_json_add_int(record->attributes, "userAccountControl", 512);
    gint64 value = 0;
    assert_string_equal(cor_record_first(record, "otherTelephone"), "first");
    assert_string_equal(cor_record_first(record, "cn"), "A");
    assert_null(cor_record_text(record, "otherTelephone"));
    assert_null(cor_record_first(record, "userAccountControl"));
    assert_true(cor_record_int(record, "userAccountControl", &value) && value == 512);
    assert_false(cor_record_int(record, "cn", &value));
    assert_null(cor_record_get(NULL, "cn"));
    assert_int_equal(record->life, COR_LIVE);
    assert_string_equal(cor_life_name(COR_RECYCLED), "recycled");
    assert_string_equal(cor_directory_name(COR_ENTRA), "entra");
    cor_record_free(NULL);
}

static void test_proof_ldap(void **state)
{
    static const struct {
        int code;
        gsize cookie;
        guint ranges, referrals;
        gboolean proven;
        const char *problem;
    } cases[] = {
        {0, 0, 0, 0, TRUE, NULL},
        {4, 0, 0, 0, FALSE, "objects: not proven complete: LDAP result code 4"},
        {0, 1, 0, 0, FALSE, "objects: not proven complete: the server had more pages"},
        {0, 0, 2, 0, FALSE, "objects: not proven complete: 2 value ranges"},
        {0, 0, 0, 1, FALSE, "objects: not proven complete: 1 references"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_proof *proof = cor_proof_new(COR_AD);
        cor_proof_require(proof, "objects");
        assert_false(cor_proof_complete(proof));
        assert_int_equal(cor_proof_ldap(proof, "objects", cases[i].code, cases[i].cookie,
                                        cases[i].ranges, cases[i].referrals),
                         cases[i].proven);
        assert_int_equal(cor_proof_complete(proof), cases[i].proven);
        g_autoptr(GPtrArray) lines = cor_proof_problems(proof);
        assert_int_equal(lines->len, cases[i].proven ? 0 : 1);
        if (lines->len)
            assert_true(g_str_has_prefix(lines->pdata[0], cases[i].problem));
        cor_proof_free(proof);
    }
}

static void test_proof_graph(void **state)
{
    (void)state;
    struct cor_proof *proof = cor_proof_new(COR_ENTRA);
    assert_false(cor_proof_complete(proof)); /* nothing proven is not complete */
    cor_proof_require(proof, "users");
    cor_proof_require(proof, "groups");
    cor_proof_require(proof, "users");
    assert_false(cor_proof_graph(proof, "users", 200, TRUE));
    assert_false(cor_proof_graph(proof, "users", 206, FALSE));
    assert_true(cor_proof_graph(proof, "users", 200, FALSE));
    g_autofree char *half = cor_proof_text(proof);
    assert_string_equal(half, "1 of 2 segments proven");
    assert_false(cor_proof_complete(proof));
    assert_false(cor_proof_ldap(proof, "groups", 0, 0, 0, 0)); /* the wrong protocol */
    assert_true(cor_proof_graph(proof, "groups", 200, FALSE));
    assert_true(cor_proof_complete(proof));
    cor_proof_remark(proof, "optional read refused");
    assert_true(cor_proof_complete(proof));
    cor_proof_problem(proof, "groups", "an item without id");
    assert_false(cor_proof_complete(proof));
    cor_proof_graph(proof, "groups", 200, FALSE);
    assert_false(cor_proof_complete(proof)); /* a problem is for good */
    g_autoptr(GPtrArray) lines = cor_proof_problems(proof);
    assert_int_equal(lines->len, 2);
    assert_string_equal(lines->pdata[0], "groups: an item without id");
    assert_string_equal(lines->pdata[1], "remark: optional read refused");
    assert_false(cor_proof_graph(proof, "users", 200, TRUE)); /* newer evidence replaces older */
    g_autofree char *text = cor_proof_text(proof);
    assert_string_equal(text, "1 of 2 segments proven, 1 problems");
    cor_proof_free(proof);
    assert_false(cor_proof_complete(NULL));
}

static void test_check(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) checks = g_ptr_array_new_with_free_func((GDestroyNotify)cor_check_free);
    cor_check_add(checks, "bind", FALSE, TRUE, g_strdup("refused"), g_strdup("renew the keytab"));
    const struct cor_check *check = checks->pdata[0];
    assert_string_equal(check->name, "bind");
    assert_false(check->ok);
    assert_true(check->required);
    assert_string_equal(check->remedy, "renew the keytab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_proof_ldap),
        cmocka_unit_test(test_proof_graph),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
