/* SPDX-License-Identifier: Apache-2.0 */
/* Security logs in every form that is read: what is taken, what is passed over, what is refused. */
#include "agent/evidence/who.h"
#include "correlate/error.h"
#include "correlate/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define GUID "00112233-4455-6677-8899-aabbccddeeff"

struct seen {
    GString *lines;
    guint count;
};

static gboolean keep(const struct cor_event *event, void *data, GError **error)
{
    struct seen *seen = data;
    (void)error;
    g_autofree char *doc = cor_json_to_text(event->doc);
    g_autofree char *time = cor_time_text(event->time_us);
    g_string_append_printf(seen->lines, "%s %s %s\n", event->id, time, doc);
    seen->count++;
    return TRUE;
}

static char *guid_of(const char *dn, void *data)
{
    (void)data;
    return g_str_has_prefix(dn, "CN=Alice,") ? g_strdup(GUID) : NULL;
}

static char *read_text(const char *text, struct who_totals *totals, GError **error)
{
    struct seen seen = {g_string_new(NULL), 0};
    const struct who_sink sink = {keep, guid_of, &seen};
    *totals = (struct who_totals){0};
    gboolean ok = who_read("log", text, strlen(text), &sink, totals, error);
    assert_int_equal(seen.count, totals->taken);
    char *lines = g_string_free(seen.lines, FALSE);
    if (ok)
        return lines;
    g_free(lines);
    return NULL;
}

static const char *const event_xml =
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<EventID>5136</EventID><TimeCreated SystemTime='2026-03-01T11:00:00.1234567Z'/>"
    "<EventRecordID>42</EventRecordID><Computer>dc1.lab.example.test</Computer></System><EventData>"
    "<Data Name='OpCorrelationID'>{c1}</Data><Data Name='SubjectUserSid'>S-1-5-21-1-500</Data>"
    "<Data Name='SubjectUserName'>helga</Data><Data Name='SubjectDomainName'>LAB</Data>"
    "<Data Name='ObjectDN'>CN=Staff,DC=lab</Data>"
    "<Data Name='ObjectGUID'>{00112233-4455-6677-8899-AABBCCDDEEFF}</Data>"
    "<Data Name='ObjectClass'>group</Data><Data Name='AttributeLDAPDisplayName'>member</Data>"
    "<Data Name='AttributeValue'>CN=Bob,DC=lab</Data>"
    "<Data Name='OperationType'>%%14674</Data></EventData></Event>";

#define DOCUMENT                                                                                   \
    "{\"activity\":\"modify\",\"actor\":{\"id\":\"S-1-5-21-1-500\",\"kind\":\"user\",\"name\":"    \
    "\"LAB\\\\helga\"},\"category\":\"ad\",\"correlation\":\"{c1}\",\"details\":{\"dc\":"          \
    "\"dc1.lab.example.test\",\"log\":\"windows-security\"},\"result\":\"success\",\"targets\":[{" \
    "\"id\":\"" GUID "\",\"modified\":[{\"new\":\"CN=Bob,DC=lab\",\"property\":\"member\"}],"      \
    "\"name\":\"CN=Staff,DC=lab\",\"type\":\"group\"}]}\n"

static void test_windows_xml_with_and_without_root(void **state)
{
    (void)state;
    g_autofree char *bare = g_strconcat("<?xml version='1.0'?>", event_xml, NULL);
    g_autofree char *rooted = g_strconcat("<Events>", event_xml, "</Events>", NULL);
    const char *const forms[] = {event_xml, bare, rooted};
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        struct who_totals totals;
        GError *error = NULL;
        g_autofree char *lines = read_text(forms[i], &totals, &error);
        assert_null(error);
        assert_true(g_str_has_prefix(lines, "dc1.lab.example.test/42 2026-03-01T11:00:00"));
        assert_non_null(strstr(lines, DOCUMENT));
    }
}

static void test_windows_json_shapes_say_the_same(void **state)
{
    static const char fields[] =
        "\"OpCorrelationID\":\"{c1}\",\"SubjectUserSid\":\"S-1-5-21-1-500\",\"SubjectUserName\":"
        "\"helga\",\"SubjectDomainName\":\"LAB\",\"ObjectDN\":\"CN=Staff,DC=lab\",\"ObjectGUID\":"
        "\"{00112233-4455-6677-8899-AABBCCDDEEFF}\",\"ObjectClass\":\"group\","
        "\"AttributeLDAPDisplayName\":\"member\",\"AttributeValue\":\"CN=Bob,DC=lab\","
        "\"OperationType\":\"%%14674\"";
    static const char *const shapes[] = {
        "{\"@timestamp\":\"2026-03-01T11:00:00Z\",\"winlog\":{\"event_id\":\"5136\",\"record_id\":"
        "42,\"computer_name\":\"dc1.lab.example.test\",\"event_data\":{%s}}}\n",
        "{\"Event\":{\"System\":{\"EventID\":5136,\"EventRecordID\":42,\"Computer\":"
        "\"dc1.lab.example.test\",\"TimeCreated\":{\"#attributes\":{\"SystemTime\":"
        "\"2026-03-01T11:00:00Z\"}}},\"EventData\":{%s}}}\n",
        "{\"EventID\":5136,\"EventTime\":\"2026-03-01T11:00:00Z\",\"RecordNumber\":42,\"Hostname\":"
        "\"dc1.lab.example.test\",%s}\n",
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        struct who_totals totals;
        GError *error = NULL;
        g_auto(GStrv) halves = g_strsplit(shapes[i], "%s", 2);
        g_autofree char *text = g_strconcat("\n", halves[0], fields, halves[1], NULL);
        g_autofree char *lines = read_text(text, &totals, &error);
        assert_null(error);
        assert_string_equal(lines, "dc1.lab.example.test/42 2026-03-01T11:00:00Z " DOCUMENT);
    }
}

static void test_samba_lines(void **state)
{
    static const char lines_in[] =
        " {\"timestamp\":\"2026-03-01T11:00:00.000000+0000\",\"type\":\"dsdbChange\","
        "\"dsdbChange\":{"
        "\"statusCode\":0,\"operation\":\"Modify\",\"performedAsSystem\":false,\"userSid\":"
        "\"S-1-5-21-1-500\",\"dn\":\"CN=Alice,DC=lab\",\"transactionId\":\"t1\",\"attributes\":{"
        "\"title\":{\"actions\":[{\"action\":\"replace\",\"values\":[{\"value\":\"Boss\"}]}]},"
        "\"manager\":{\"actions\":[{\"action\":\"replace\",\"values\":[{\"value\":"
        "\"<GUID=1>;<SID=2>;CN=Bob,DC=lab\"}]}]}}}}\n"
        "{\"timestamp\":\"2026-03-01T11:00:00.000000+0000\",\"dsdbChange\":{\"statusCode\":68,"
        "\"operation\":\"Add\",\"dn\":\"CN=Alice,DC=lab\"}}\n"
        "{\"timestamp\":\"2026-03-01T11:00:00.000000+0000\",\"dsdbChange\":{\"statusCode\":0,"
        "\"operation\":\"Add\",\"dn\":\"CN=Nobody,DC=lab\"}}\n"
        "{\"type\":\"Authentication\"}\n";
    struct who_totals totals;
    GError *error = NULL;
    (void)state;
    g_autofree char *lines = read_text(lines_in, &totals, &error);
    assert_null(error);
    assert_int_equal(totals.records, 4);
    assert_int_equal(totals.taken, 1);
    assert_int_equal(totals.other, 2);
    assert_int_equal(totals.unresolved, 1);
    assert_non_null(strstr(lines, "{\"new\":\"CN=Bob,DC=lab\",\"property\":\"manager\"}"));
    assert_non_null(strstr(lines, "{\"property\":\"title\"}")); /* a value is not kept */
    assert_non_null(strstr(lines, "2026-03-01T11:00:00Z"));
}

static void test_what_is_no_log_is_refused(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"hello", "log:1: expected XML of Windows events or lines of JSON"},
        {"{\"a\":1}\n{oops\n", "log:2: "},
        {"<html><body/></html>", "expected Windows events"},
        {"<Events><Event>", "log:1: "},
        {"<!DOCTYPE x [<!ENTITY e 'x'>]><Events/>", "log:"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct who_totals totals;
        g_autoptr(GError) error = NULL;
        assert_null(read_text(cases[i].text, &totals, &error));
        assert_int_equal(error->code, COR_E_INPUT);
        if (!strstr(error->message, cases[i].said))
            fail_msg("'%s' is not in: %s", cases[i].said, error->message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_xml_with_and_without_root),
        cmocka_unit_test(test_windows_json_shapes_say_the_same),
        cmocka_unit_test(test_samba_lines),
        cmocka_unit_test(test_what_is_no_log_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
