/* SPDX-License-Identifier: Apache-2.0 */
/* Anchor health: one hand-written situation for every row of the table, and what is no finding. */
#include "correlate/anchor.h"
#include "correlate/error.h"
#include "halves.h"

/* GUIDs and their anchors are those of the reference table of encodings */
#define K1 "00112233-4455-6677-8899-aabbccddeeff"
#define A1 "MyIRAFVEd2aImaq7zN3u/w=="
#define W1 "ABEiM0RVZneImaq7zN3u/w==" /* K1 in the wrong order */
#define K2 "897485c7-81a7-42eb-97c6-37ed73077b1f"
#define A2 "x4V0iaeB60KXxjftcwd7Hw=="
#define K3 "25c2879e-20ed-4e66-83f0-9e20460aedf8"
#define A3 "nofCJe0gZk6D8J4gRgrt+A=="
#define A4 "AAECAwQFBgcICQoLDA0ODw==" /* nobody's objectGUID */

#define ACCOUNT(name) "'sAMAccountName':'" name "','userAccountControl':512"
#define UPN(name)     "'userPrincipalName':'" name "@example.test'"
#define SMTP(name)    "'proxyAddresses':['SMTP:" name "@example.test']"
#define FILLED(guid)  "'mS-DS-ConsistencyGuid':'" guid "'"
#define ID(anchor)    "'onPremisesImmutableId':'" anchor "'"
#define SYNCED(id)    "'onPremisesSyncEnabled':true," ID(id)
#define SID(n)        "'onPremisesSecurityIdentifier':'S-1-5-21-" n "'"
#define OBJECT_SID(n) "'objectSid':'S-1-5-21-" n "'"
#define BEHAVIOR(b)   "'onPremisesSyncBehavior':{'isCloudManaged':" b "}"
#define MAX_RECORDS   6

enum { LIVE = COR_LIVE, GONE = COR_DELETED };

struct item {
    enum cor_directory directory;
    int life;
    const char *type, *key, *attributes;
};

struct situation {
    const char *name;
    struct item items[MAX_RECORDS];
    const char *features; /* of onPremisesSynchronization, NULL: not readable */
    enum cor_anchor_attribute hint;
    const char *expected; /* "kind key peer" lines, worst first, then key */
};

#define AD_USER(key, json)                                                                         \
    {                                                                                              \
        COR_AD, LIVE, "user", key, "{" json "}"                                                    \
    }
#define AD_GONE(key, json)                                                                         \
    {                                                                                              \
        COR_AD, GONE, "user", key, "{" json "}"                                                    \
    }
#define CLOUD_USER(key, json)                                                                      \
    {                                                                                              \
        COR_ENTRA, LIVE, "user", key, "{" json "}"                                                 \
    }
#define CLOUD_GONE(key, json)                                                                      \
    {                                                                                              \
        COR_ENTRA, GONE, "user", key, "{" json "}"                                                 \
    }
#define ROLE(principal)                                                                            \
    {                                                                                              \
        COR_ENTRA, LIVE, "roleAssignment", "r1", "{'principalId':'" principal "'}"                 \
    }
#define PAIR2       AD_USER(K2, ACCOUNT("b") "," FILLED(A2)), CLOUD_USER("c2", SYNCED(A2))
#define CONSISTENCY COR_ANCHORED_CONSISTENCY

static const struct situation situations[] = {
    {"a healthy pair", {PAIR2}, NULL, 0, ""},
    {"its own objectGUID, nothing filled",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", SYNCED(A1))},
     NULL,
     0,
     ""},
    {"an anchor that was migrated is no finding by itself",
     {AD_USER(K1, ACCOUNT("a") "," FILLED(A4)), CLOUD_USER("c1", SYNCED(A4))},
     NULL,
     0,
     ""},
    {"changed, told by the objectGUID",
     {PAIR2, AD_USER(K1, ACCOUNT("a") "," FILLED(A4)), CLOUD_USER("c1", SYNCED(A1))},
     NULL,
     0,
     "anchor-changed " K1 " c1\n"},
    {"changed, told by the SID",
     {PAIR2, AD_USER(K1, ACCOUNT("a") "," FILLED(A4) "," OBJECT_SID("7")),
      CLOUD_USER("c1", SYNCED(A3) "," SID("7"))},
     NULL,
     0,
     "anchor-changed " K1 " c1\n"},
    {"the same, but the tenant anchors by objectGUID",
     {AD_USER(K1, ACCOUNT("a") "," FILLED(A4)), CLOUD_USER("c1", SYNCED(A1))},
     NULL,
     COR_ANCHORED_GUID,
     "guid-unused " K1 " c1\n"},
    {"copied to two accounts",
     {AD_USER(K1, ACCOUNT("a") "," FILLED(A4)), AD_USER(K3, ACCOUNT("c") "," FILLED(A4)),
      CLOUD_USER("c1", SYNCED(A4))},
     NULL,
     0,
     "guid-copied " K1 " " K3 "\nguid-copied " K3 " " K1 "\n"},
    {"equal to another account's objectGUID",
     {AD_USER(K1, ACCOUNT("a")), AD_USER(K3, ACCOUNT("c") "," FILLED(A1)),
      CLOUD_USER("c1", SYNCED(A1))},
     NULL,
     CONSISTENCY,
     "guid-of-other " K3 " " K1 "\n"},
    {"two live cloud users with one immutable ID",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", SYNCED(A1)), CLOUD_USER("c9", ID(A1))},
     NULL,
     0,
     "cloud-duplicate c1 c9\n"},
    {"a live and a deleted one",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", SYNCED(A1)), CLOUD_GONE("c9", ID(A1))},
     NULL,
     0,
     "twin-both c1 c9\n"},
    {"encoded in the written order",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", ID(W1))},
     NULL,
     0,
     "anchor-swapped " K1 " c1\n"},
    {"differs in case",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", ID("mYIRAFVEd2aImaq7zN3u/w=="))},
     NULL,
     0,
     "anchor-case " K1 " c1\n"},
    {"forbidden character",
     {CLOUD_USER("c1", SYNCED("clerk_1"))},
     NULL,
     0,
     "anchor-illegal c1 -\norphan c1 -\n"},
    {"custom text",
     {CLOUD_USER("c1", SYNCED("E12345"))},
     NULL,
     0,
     "orphan c1 -\nanchor-custom c1 -\n"},
    {"mapped to another AD object, by its own word",
     {AD_USER(K1, ACCOUNT("a") "," FILLED(A3)),
      CLOUD_USER("c1", SYNCED(A3) ",'onPremisesObjectIdentifier':'" K3 "'")},
     NULL,
     0,
     "hard-match-identifier " K1 " c1\n"},
    {"mapped to another AD object, inferred from the deleted one",
     {AD_USER(K1, ACCOUNT("a") "," FILLED(A3)), AD_GONE(K3, ACCOUNT("c")),
      CLOUD_USER("c1", SYNCED(A3))},
     NULL,
     0,
     "hard-match-identifier " K1 " c1\n"},
    {"the same where the tenant lets sync move identifiers",
     {AD_USER(K1, ACCOUNT("a") "," FILLED(A3)), AD_GONE(K3, ACCOUNT("c")),
      CLOUD_USER("c1", SYNCED(A3))},
     "'allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled':true",
     0,
     ""},
    {"a soft-deleted user with a role",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_GONE("c1", "'onPremisesSyncEnabled':false," ID(A1)),
      ROLE("c1")},
     NULL,
     0,
     "hard-match-privileged " K1 " c1\n"},
    {"hard match blocked",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", ID(A1))},
     "'blockCloudObjectTakeoverThroughHardMatchEnabled':true",
     0,
     "hard-match-blocked " K1 " c1\n"},
    {"a block spares what sync owned before it was deleted",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_GONE("c1", "'onPremisesSyncEnabled':false," ID(A1))},
     "'blockCloudObjectTakeoverThroughHardMatchEnabled':true",
     0,
     "twin-deleted " K1 " c1\n"},
    {"soft match blocked",
     {AD_USER(K1, ACCOUNT("a") "," SMTP("a")), CLOUD_USER("c1", SMTP("a"))},
     "'blockSoftMatchEnabled':true",
     0,
     "soft-match-blocked " K1 " c1\n"},
    {"soft match of a user with a role",
     {AD_USER(K1, ACCOUNT("a") "," UPN("a")), CLOUD_USER("c1", UPN("a")), ROLE("c1")},
     NULL,
     0,
     "match-privileged " K1 " c1\n"},
    {"the address belongs to a group",
     {AD_USER(K1, ACCOUNT("a") "," SMTP("a")), {COR_ENTRA, LIVE, "group", "g1", "{" SMTP("a") "}"}},
     NULL,
     0,
     "match-type " K1 " g1\n"},
    {"the name belongs to a converted user without anchor",
     {AD_USER(K1, ACCOUNT("a") "," UPN("a")), CLOUD_USER("c1", UPN("a") "," BEHAVIOR("true"))},
     NULL,
     0,
     "match-converted " K1 " c1\n"},
    {"a re-created account",
     {AD_USER(K1, ACCOUNT("a") "," UPN("a")), AD_GONE(K3, ACCOUNT("x")),
      CLOUD_USER("c1", SYNCED(A3) "," UPN("a"))},
     NULL,
     0,
     "recreated " K1 " c1\nad-deleted c1 " K3 "\n"},
    {"the name of a user that has its own account",
     {PAIR2, AD_USER(K1, ACCOUNT("a") "," UPN("a")), AD_USER(K3, ACCOUNT("c")),
      CLOUD_USER("c1", SYNCED(A3) "," UPN("a"))},
     NULL,
     COR_ANCHORED_GUID,
     "match-has-anchor " K1 " c1\n"},
    {"the name is taken and names do not match",
     {AD_USER(K1, ACCOUNT("a") "," UPN("a")), CLOUD_USER("c1", UPN("a"))},
     "'softMatchOnUpnEnabled':false",
     0,
     "upn-taken " K1 " c1\n"},
    {"hard match of a cloud-only user",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", ID(A1))},
     NULL,
     0,
     "hard-match " K1 " c1\n"},
    {"soft match by name",
     {AD_USER(K1, ACCOUNT("a") "," UPN("A")), CLOUD_USER("c1", UPN("a"))},
     NULL,
     0,
     "soft-match-upn " K1 " c1\n"},
    {"soft match by address; an alias is none",
     {AD_USER(K1, ACCOUNT("a") "," SMTP("A")), CLOUD_USER("c1", SMTP("a")),
      CLOUD_USER("c2", "'proxyAddresses':['smtp:a@example.test']")},
     NULL,
     0,
     "soft-match-smtp " K1 " c1\n"},
    {"formerly synchronized, and back in scope",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", "'onPremisesSyncEnabled':false," ID(A1))},
     NULL,
     0,
     "unlinked-twin " K1 " c1\n"},
    {"on its way back",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", ID(A1) "," SID("7") "," BEHAVIOR("false"))},
     NULL,
     0,
     "rollback " K1 " c1\n"},
    {"deleted in AD",
     {AD_GONE(K1, ACCOUNT("a")), CLOUD_USER("c1", SYNCED(A1))},
     NULL,
     0,
     "ad-deleted c1 " K1 "\n"},
    {"out of scope",
     {AD_USER(K1, ACCOUNT("a") ",'adminDescription':'User_x'"), CLOUD_USER("c1", SYNCED(A1))},
     NULL,
     0,
     "out-of-scope c1 " K1 "\n"},
    {"a group that fits by name only",
     {{COR_AD, LIVE, "group", K1,
       "{'sAMAccountName':'g','groupType':-2147483646," OBJECT_SID("1") "}"},
      {COR_ENTRA, LIVE, "group", "g1",
       "{'onPremisesSyncEnabled':true,'onPremisesSamAccountName':'G'," SID("2") "}"}},
     NULL,
     0,
     "sid-mismatch " K1 " g1\n"},
    {"not 16 octets",
     {AD_USER(K1, ACCOUNT("a") "," FILLED("AAEC")), CLOUD_USER("c1", SYNCED("AAEC"))},
     NULL,
     0,
     "guid-odd-size " K1 " c1\nanchor-custom c1 " K1 "\n"},
    {"an immutable ID nobody has", {CLOUD_USER("c1", ID(A1))}, NULL, 0, "anchor-unclaimed c1 -\n"},
    {"formerly synchronized",
     {CLOUD_USER("c1", "'onPremisesSyncEnabled':false," ID(A1))},
     NULL,
     0,
     "unlinked c1 -\n"},
    {"converted",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", ID(A1) "," BEHAVIOR("true"))},
     NULL,
     0,
     "converted " K1 " c1\n"},
    {"authority not readable",
     {AD_USER(K1, ACCOUNT("a")), CLOUD_USER("c1", ID(A1) "," SID("7"))},
     NULL,
     0,
     "authority-unknown " K1 " c1\n"},
    {"new", {AD_USER(K1, ACCOUNT("a"))}, NULL, 0, "new-object " K1 " -\n"},
    {"a contact by its address",
     {{COR_AD, LIVE, "contact", K1, "{'displayName':'x','mail':'x@example.test'," SMTP("x") "}"},
      {COR_ENTRA, LIVE, "contact", "o1", "{'onPremisesSyncEnabled':true," SMTP("X") "}"}},
     NULL,
     0,
     ""},
    {"a device by its id",
     {{COR_AD, LIVE, "computer", K1, "{'userCertificate':['AA==']}"},
      {COR_ENTRA, LIVE, "device", "d1", "{'onPremisesSyncEnabled':true,'deviceId':'" K1 "'}"}},
     NULL,
     0,
     ""},
    {"a new device where soft match is blocked",
     {{COR_AD, LIVE, "computer", K1, "{'userCertificate':['AA==']}"}},
     "'blockSoftMatchEnabled':true",
     0,
     "soft-match-blocked " K1 " -\n"},
};

/* --- running ---------------------------------------------------------------------------------- */

struct bench {
    struct halves *now, *before;
    struct cor_tenant tenant;
    struct cor_flow_context flow;
    struct cor_anchor_input input;
    struct cor_anchor_report report;
};

static void bench_open(struct bench *bench, const char *features)
{
    struct cor_tenant_hints hints = {COR_ENGINE_CONNECT, 0,           COR_UNKNOWN,
                                     COR_UNKNOWN,        COR_UNKNOWN, COR_UNKNOWN};
    g_autofree char *json = g_strdup_printf("{'features':{%s}}", features ? features : "");
    COR_RECORD_AUTO *config = halves_record(COR_ENTRA, COR_TYPE_SYNC_CONFIG, "t", json);
    *bench = (struct bench){.now = halves_new()};
    cor_tenant_init(&bench->tenant, NULL, features ? config : NULL, &hints);
    bench->flow = (struct cor_flow_context){
        .domain_fqdn = "example.test", .tenant = &bench->tenant, .rules_name = "default rules"};
    bench->input = (struct cor_anchor_input){.view = &bench->now->view,
                                             .flow = &bench->flow,
                                             .tenant = &bench->tenant,
                                             .ad_complete = TRUE,
                                             .entra_complete = TRUE};
}

static void bench_close(struct bench *bench)
{
    cor_anchor_report_clear(&bench->report);
    halves_free(bench->now);
    if (bench->before)
        halves_free(bench->before);
    cor_tenant_clear(&bench->tenant);
}

static char *judge(struct bench *bench)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    cor_anchor_report_clear(&bench->report);
    assert_true(cor_anchor_judge(&bench->input, &bench->report, &error));
    for (guint i = 0; i < bench->report.findings->len; i++) {
        const struct cor_anchor_finding *one = bench->report.findings->pdata[i];
        g_string_append_printf(found, "%s %s %s\n", one->row->id, one->key ? one->key : "-",
                               one->peer ? one->peer : "-");
    }
    return g_string_free(g_steal_pointer(&found), FALSE);
}

static void fill(struct bench *bench, const struct situation *one)
{
    for (gsize i = 0; i < MAX_RECORDS && one->items[i].type; i++) {
        const struct item *item = &one->items[i];
        halves_add(bench->now, item->directory, item->type, item->key, item->attributes)->life =
            (enum cor_life)item->life;
    }
    bench->input.hint = one->hint;
}

static void test_situations(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(situations); i++) {
        struct bench bench;
        bench_open(&bench, situations[i].features);
        fill(&bench, &situations[i]);
        g_autofree char *found = judge(&bench);
        if (strcmp(found, situations[i].expected) != 0)
            fail_msg("%s:\nwanted\n%sgot\n%s", situations[i].name, situations[i].expected, found);
        bench_close(&bench);
    }
}

/* n users; at the earlier point all are tied, now every third has what `now` says */
static void many(struct bench *bench, int n, const char *now, gboolean gone)
{
    bench->before = halves_new();
    bench->input.older = &bench->before->view;
    for (int i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf("00000000-0000-0000-0000-%012d", i);
        g_autofree char *cloud = g_strdup_printf("c%d", i);
        g_autofree char *anchor = cor_anchor_from_guid(key);
        g_autofree char *entra = g_strdup_printf("{" SYNCED("%s") "}", anchor);
        g_autofree char *good = g_strdup_printf("{" ACCOUNT("u%d") "," FILLED("%s") "}", i, anchor);
        g_autofree char *bad = g_strdup_printf("{" ACCOUNT("u%d") "%s}", i, now);
        halves_add(bench->before, COR_AD, "user", key, good);
        halves_add(bench->before, COR_ENTRA, "user", cloud, entra);
        halves_add(bench->now, COR_ENTRA, "user", cloud, entra);
        if (i % 3 != 0 || !gone)
            halves_add(bench->now, COR_AD, "user", key, i % 3 ? good : bad);
    }
}

static guint count(const struct bench *bench, const char *id)
{
    guint n = 0;
    for (guint i = 0; i < bench->report.findings->len; i++)
        n += strcmp(((const struct cor_anchor_finding *)bench->report.findings->pdata[i])->row->id,
                    id) == 0;
    return n;
}

static void test_many_changed(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, NULL);
    many(&bench, 30, "," FILLED(A4), FALSE);
    g_autofree char *found = judge(&bench);
    assert_true(g_str_has_prefix(found, "mass-anchor-change - -\n"));
    assert_int_equal(bench.report.attribute, COR_ANCHORED_CONSISTENCY);
    /* ten accounts with one copied value: each is told as a copy and as changed */
    assert_int_equal(count(&bench, "anchor-changed"), 10);
    assert_int_equal(count(&bench, "guid-copied"), 10);
    bench_close(&bench);
}

static void test_many_gone(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, NULL);
    many(&bench, 30, "", TRUE);
    g_autofree char *found = judge(&bench);
    assert_true(g_str_has_prefix(found, "mass-deletion-unguarded - -\nad-gone "));
    assert_int_equal(count(&bench, "ad-gone"), 10);
    /* the guard stops above its limit, not at it */
    bench.tenant.deletion_threshold = 10;
    g_autofree char *at = judge(&bench);
    assert_true(g_str_has_prefix(at, "mass-deletion-unguarded "));
    bench.tenant.deletion_threshold = 9;
    g_autofree char *above = judge(&bench);
    assert_true(g_str_has_prefix(above, "mass-deletion - -"));
    assert_int_equal(cor_anchor_outcome(&bench.report, &bench.tenant, cor_anchor_row("ad-gone")),
                     COR_OUTCOME_HELD);
    /* of an incomplete half nothing is concluded to be gone */
    bench.input.ad_complete = FALSE;
    g_autofree char *partial = judge(&bench);
    assert_string_equal(partial, "");
    bench_close(&bench);
}

static gboolean reached(const char *id)
{
    g_autofree char *start = g_strdup_printf("%s ", id);
    g_autofree char *line = g_strdup_printf("\n%s ", id);
    if (g_str_has_prefix(id, "mass-") || strcmp(id, "ad-gone") == 0)
        return TRUE; /* the tests of many objects */
    for (gsize i = 0; i < G_N_ELEMENTS(situations); i++)
        if (g_str_has_prefix(situations[i].expected, start) || strstr(situations[i].expected, line))
            return TRUE;
    return FALSE;
}

static void test_every_row_is_reached(void **state)
{
    gsize n = 0;
    const struct cor_anchor_row *rows = cor_anchor_rows(&n);
    (void)state;
    for (gsize i = 0; i < n; i++) {
        if (!reached(rows[i].id))
            fail_msg("no situation reaches %s", rows[i].id);
        assert_true(i == 0 || rows[i - 1].severity >= rows[i].severity);
        assert_ptr_equal(cor_anchor_row(rows[i].id), &rows[i]);
    }
}

static void test_the_page_is_the_table(void **state)
{
    gsize n = 0, lines = 0;
    g_autofree char *page = NULL;
    const struct cor_anchor_row *rows = cor_anchor_rows(&n);
    (void)state;
    assert_true(g_file_get_contents(AW_SOURCE_DIR "/docs/anchors.md", &page, NULL, NULL));
    for (const char *p = page; (p = strstr(p, "\n| `")); p++)
        lines++;
    assert_int_equal(lines, n);
    for (gsize i = 0; i < n; i++) {
        g_autofree char *line = g_strdup_printf(
            "\n| `%s` | %s | %s | %s | %s | %s | %s: %s |\n", rows[i].id,
            cor_anchor_severity_name(rows[i].severity), cor_anchor_outcome_name(rows[i].connect),
            cor_anchor_outcome_name(rows[i].cloudsync), rows[i].condition, rows[i].consequence,
            cor_confidence_name(rows[i].confidence), rows[i].source);
        if (!strstr(page, line))
            fail_msg("docs/anchors.md lacks:%s", line);
    }
}

static void test_forms(void **state)
{
    static const struct {
        const char *anchor;
        enum cor_anchor_form form;
        guint weight;
    } cases[] = {
        {A1, COR_ANCHOR_GUID, 21 + 9},
        {"E12345", COR_ANCHOR_STRING, 6},
        {"clerk-1.x", COR_ANCHOR_STRING, 13},
        {"clerk_1", COR_ANCHOR_ILLEGAL, 9},
        {"a@b", COR_ANCHOR_ILLEGAL, 5},
        {"AAEC", COR_ANCHOR_STRING, 4},
        {"AAE=", COR_ANCHOR_BINARY, 6},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", COR_ANCHOR_STRING, 59},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", COR_ANCHOR_ILLEGAL, 60},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-", COR_ANCHOR_STRING, 59},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-", COR_ANCHOR_ILLEGAL, 60},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_int_equal(cor_anchor_weight(cases[i].anchor), cases[i].weight);
        assert_int_equal(cor_anchor_form(cases[i].anchor), cases[i].form);
    }
    g_autofree char *swapped = cor_anchor_swapped(A1);
    g_autofree char *back = cor_anchor_swapped(W1);
    assert_string_equal(swapped, W1);
    assert_string_equal(back, A1);
    assert_null(cor_anchor_swapped("E12345"));
}

static void test_repair_commands(void **state)
{
    (void)state;
    COR_RECORD_AUTO *ad =
        halves_record(COR_AD, "user", K1, "{'distinguishedName':'CN=a,DC=example,DC=test'}");
    COR_RECORD_AUTO *entra = halves_record(COR_ENTRA, "user", "c1", "{" SYNCED(A3) "}");
    const struct cor_anchor_row *row = cor_anchor_row("anchor-changed");
    g_autoptr(GPtrArray) steps = cor_anchor_steps(row, ad, entra);
    const struct cor_step *first = steps->pdata[0];
    assert_string_equal(first->command, "dn: CN=a,DC=example,DC=test\nchangetype: modify\n"
                                        "replace: mS-DS-ConsistencyGuid\n"
                                        "mS-DS-ConsistencyGuid:: " A3 "\n-");
    g_autoptr(GPtrArray) bare = cor_anchor_steps(row, ad, NULL);
    assert_null(((const struct cor_step *)bare->pdata[0])->command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_situations),      cmocka_unit_test(test_many_changed),
        cmocka_unit_test(test_many_gone),       cmocka_unit_test(test_every_row_is_reached),
        cmocka_unit_test(test_forms),           cmocka_unit_test(test_the_page_is_the_table),
        cmocka_unit_test(test_repair_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
