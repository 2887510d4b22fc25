/* SPDX-License-Identifier: Apache-2.0 */
/* The LDAP ping: its bytes, answers that are whole, cut, forged or missing, and what they order. */
#include "ldap/locate.h"
#include "ldap/ping.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* As a Samba domain controller answers for lab.example.test. */
static const char answer_hex[] =
    "17000000bd1100007ab546d825fb2442a7400cfda501c31e036c6162076578616d706c65047465737400c0180364"
    "6331c018034c4142000344433100001744656661756c742d46697273742d536974652d4e616d6500c03d05000000"
    "ffffffff";

static GByteArray *from_hex(const char *hex)
{
    GByteArray *bytes = g_byte_array_new();
    for (; hex[0] && hex[1]; hex += 2) {
        guint8 byte = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

static void test_request_is_the_documented_datagram(void **state)
{
    (void)state;
    g_autoptr(GBytes) request = ad_ping_request(1, "lab.example.test");
    gsize len;
    const guint8 *data = g_bytes_get_data(request, &len);
    static const char whole[] =
        "3052020101634d04000a01000a0100020100020100010100a02ea31d0409446e73446f6d61696e04106c61622e"
        "65"
        "78616d706c652e74657374a30d04054e74566572040406000000300a04084e65746c6f676f6e";
    g_autoptr(GByteArray) expected = from_hex(whole);
    assert_int_equal(len, expected->len);
    assert_memory_equal(data, expected->data, len);
}

static void test_answer_is_read(void **state)
{
    (void)state;
    g_autoptr(GByteArray) value = from_hex(answer_hex);
    struct ad_ping *ping = ad_ping_parse(value->data, value->len);
    assert_non_null(ping);
    assert_int_equal(ping->flags, 0x11bd);
    assert_string_equal(ping->domain, "lab.example.test");
    assert_string_equal(ping->host, "dc1.lab.example.test");
    assert_string_equal(ping->server_site, "Default-First-Site-Name");
    assert_string_equal(ping->client_site, "Default-First-Site-Name");
    ad_ping_free(ping);
}

static void test_cut_answers_are_refused(void **state)
{
    (void)state;
    g_autoptr(GByteArray) value = from_hex(answer_hex);
    /* the eight names end where the versions begin: 8 bytes before the end */
    for (gsize len = 0; len < value->len; len++) {
        struct ad_ping *ping = ad_ping_parse(value->data, len);
        assert_true((ping != NULL) == (len >= value->len - 8));
        ad_ping_free(ping);
    }
}

static void test_looping_names_are_refused(void **state)
{
    (void)state;
    g_autoptr(GByteArray) value = from_hex(answer_hex);
    value->data[24] = 0xc0; /* a pointer to itself */
    value->data[25] = 24;
    assert_null(ad_ping_parse(value->data, value->len));
    value->data[0] = 19; /* another opcode */
    assert_null(ad_ping_parse(value->data, value->len));
}

/* --- over the network ------------------------------------------------------------------------- */

enum manner { ANSWER, GARBAGE, OTHER_ID };

struct responder {
    int fd, stop[2];
    guint16 port;
    enum manner manner;
    GThread *thread;
};

/* One BER element around what is there: every length here fits one byte. */
static void wrap(GByteArray *bytes, guint8 tag)
{
    const guint8 head[] = {tag, (guint8)bytes->len};
    g_byte_array_prepend(bytes, head, sizeof head);
}

/* SearchResultEntry with Netlogon. */
static GByteArray *entry(int id)
{
    static const guint8 type[] = {4, 8, 'N', 'e', 't', 'l', 'o', 'g', 'o', 'n'};
    static const guint8 dn[] = {4, 0};
    const guint8 number[] = {
        2, 4, (guint8)(id >> 24), (guint8)(id >> 16), (guint8)(id >> 8), (guint8)id};
    GByteArray *out = from_hex(answer_hex);
    g_byte_array_set_size(out, 92); /* without the versions, so that lengths stay short */
    wrap(out, 0x04);
    wrap(out, 0x31);
    g_byte_array_prepend(out, type, sizeof type);
    wrap(out, 0x30);
    wrap(out, 0x30);
    g_byte_array_prepend(out, dn, sizeof dn);
    wrap(out, 0x64);
    g_byte_array_prepend(out, number, sizeof number);
    wrap(out, 0x30);
    return out;
}

static int request_id(const guint8 *request, gsize len)
{
    int id = 0;
    for (guint i = 0; len > 4 && i < request[3] && 4 + i < len; i++)
        id = id << 8 | request[4 + i];
    return id;
}

static gpointer respond(gpointer data)
{
    struct responder *responder = data;
    struct pollfd fds[2] = {{responder->fd, POLLIN, 0}, {responder->stop[0], POLLIN, 0}};
    while (poll(fds, 2, 10000) > 0 && !fds[1].revents) {
        guint8 request[512];
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        ssize_t len = recvfrom(responder->fd, request, sizeof request, 0, (void *)&from, &size);
        if (len <= 0)
            break;
        int id = request_id(request, (gsize)len) + (responder->manner == OTHER_ID);
        g_autoptr(GByteArray) answer = entry(id);
        if (responder->manner == GARBAGE)
            memset(answer->data + 2, 0xff, answer->len - 2);
        sendto(responder->fd, answer->data, answer->len, 0, (void *)&from, size);
    }
    return NULL;
}

static void start(struct responder *responder, enum manner manner)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    responder->manner = manner;
    responder->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(responder->fd, (void *)&address, sizeof address), 0);
    assert_int_equal(getsockname(responder->fd, (void *)&address, &size), 0);
    responder->port = ntohs(address.sin_port);
    assert_int_equal(pipe(responder->stop), 0);
    responder->thread = g_thread_new("responder", respond, responder);
}

static void stop(struct responder *responder)
{
    assert_int_equal(write(responder->stop[1], "", 1), 1);
    g_thread_join(responder->thread);
    close(responder->fd);
    close(responder->stop[0]);
    close(responder->stop[1]);
}

static GPtrArray *ask(const char *const *hosts, guint16 port, const char *domain)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (; *hosts; hosts++)
        g_ptr_array_add(list, (gpointer)*hosts);
    return ad_ping(list, port, domain, 300);
}

static void test_server_is_found(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "no-such-host.invalid", "127.0.0.2", NULL};
    struct responder responder;
    (void)state;
    start(&responder, ANSWER);
    g_autoptr(GPtrArray) pings = ask(hosts, responder.port, "LAB.example.test");
    stop(&responder);
    assert_int_equal(pings->len, 3);
    assert_non_null(pings->pdata[0]);
    assert_null(pings->pdata[1]);
    assert_null(pings->pdata[2]);
}

static void test_foreign_answers_are_dropped(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", NULL};
    (void)state;
    for (int manner = ANSWER; manner <= OTHER_ID; manner++) {
        struct responder responder;
        start(&responder, manner);
        g_autoptr(GPtrArray) pings = ask(
            hosts, responder.port, manner == ANSWER ? "other.example.test" : "lab.example.test");
        stop(&responder);
        assert_null(pings->pdata[0]);
    }
}

static void test_silence_is_bounded(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", NULL};
    (void)state;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(fd, (void *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (void *)&address, &size), 0);
    g_autoptr(GPtrArray) pings = ask(hosts, ntohs(address.sin_port), "lab.example.test");
    assert_null(pings->pdata[0]);
    close(fd);
}

/* --- order ------------------------------------------------------------------------------------ */

static void add_server(GPtrArray *servers, GPtrArray *pings, const char *host, gint64 flags,
                       const char *site)
{
    struct ad_srv *srv = g_new0(struct ad_srv, 1);
    srv->host = g_strdup(host);
    srv->port = 389;
    g_ptr_array_add(servers, srv);
    struct ad_ping *ping = flags < 0 ? NULL : g_new0(struct ad_ping, 1);
    if (ping) {
        ping->flags = (guint32)flags;
        ping->server_site = g_strdup(site);
        ping->client_site = g_strdup("Here");
    }
    g_ptr_array_add(pings, ping);
}

static void test_our_site_goes_first(void **state)
{
    static const char *const expected[] = {"near.example.test",   "closest.example.test",
                                           "listed.example.test", "far.example.test",
                                           "silent.example.test", "readonly.example.test"};
    (void)state;
    g_autoptr(GPtrArray) servers = g_ptr_array_new_with_free_func((GDestroyNotify)ad_srv_free);
    g_autoptr(GPtrArray) pings = g_ptr_array_new_with_free_func((GDestroyNotify)ad_ping_free);
    g_autoptr(GHashTable) nearby = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_add(nearby, (gpointer) "listed.example.test");
    add_server(servers, pings, "silent.example.test", -1, NULL);
    add_server(servers, pings, "readonly.example.test", 0, "Here");
    add_server(servers, pings, "far.example.test", AD_PING_WRITABLE, "There");
    add_server(servers, pings, "near.example.test", AD_PING_WRITABLE, "here");
    add_server(servers, pings, "closest.example.test", AD_PING_WRITABLE | AD_PING_CLOSEST, "There");
    add_server(servers, pings, "listed.example.test", AD_PING_WRITABLE, "There");
    ad_srv_prefer(servers, pings, nearby);
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_string_equal(((struct ad_srv *)servers->pdata[i])->host, expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_is_the_documented_datagram),
        cmocka_unit_test(test_answer_is_read),
        cmocka_unit_test(test_cut_answers_are_refused),
        cmocka_unit_test(test_looping_names_are_refused),
        cmocka_unit_test(test_server_is_found),
        cmocka_unit_test(test_foreign_answers_are_dropped),
        cmocka_unit_test(test_silence_is_bounded),
        cmocka_unit_test(test_our_site_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
