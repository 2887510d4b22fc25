/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The LDAP ping over UDP. libldap has no cldap:// scheme here, so that the one message is put
 * together with liblber. Names in the answer are compressed as in DNS, with pointers that count
 * from its first byte, which libresolv's bounded parser reads.
 */
#include "ldap/ping.h"

#include <lber.h>
#include <ldap.h>
#include <netdb.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    OPCODE_RESPONSE_EX = 23, /* LOGON_SAM_LOGON_RESPONSE_EX, MS-ADTS 6.3.1.3 */
    FIXED_BYTES = 2 + 2 + 4 + 16,
    DATAGRAM_MAX = 4096,
    NT_VERSION = 0x06, /* NETLOGON_NT_VERSION_5 | _5EX, MS-ADTS 6.3.1.1 */
};

void ad_ping_free(struct ad_ping *ping)
{
    if (!ping)
        return;
    g_free(ping->domain);
    g_free(ping->host);
    g_free(ping->server_site);
    g_free(ping->client_site);
    g_free(ping);
}

/* --- messages --------------------------------------------------------------------------------- */

GBytes *ad_ping_request(int message_id, const char *domain)
{
    const char version[] = {NT_VERSION, 0, 0, 0};
    struct berval whole;
    GBytes *bytes = NULL;
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    if (!ber)
        return NULL;
    if (ber_printf(ber, "{it{seeiibt{t{ss}t{so}}{s}}}", message_id, LDAP_REQ_SEARCH, "",
                   LDAP_SCOPE_BASE, LDAP_DEREF_NEVER, 0, 0, 0, LDAP_FILTER_AND,
                   LDAP_FILTER_EQUALITY, "DnsDomain", domain, LDAP_FILTER_EQUALITY, "NtVer",
                   version, (ber_len_t)sizeof version, "Netlogon") >= 0 &&
        ber_flatten2(ber, &whole, 0) == 0)
        bytes = g_bytes_new(whole.bv_val, whole.bv_len);
    ber_free(ber, 1);
    return bytes;
}

static GBytes *read_entry(BerElement *ber)
{
    struct berval dn, name;
    BerVarray values = NULL;
    GBytes *bytes = NULL;
    if (ber_scanf(ber, "{m{{mW}", &dn, &name, &values) == LBER_ERROR)
        return NULL;
    if (name.bv_len == strlen("Netlogon") &&
        g_ascii_strncasecmp(name.bv_val, "Netlogon", name.bv_len) == 0 && values &&
        values[0].bv_val)
        bytes = g_bytes_new(values[0].bv_val, values[0].bv_len);
    ber_bvarray_free(values);
    return bytes;
}

GBytes *ad_ping_value(const guint8 *answer, gsize len, int message_id)
{
    struct berval whole = {len, (char *)answer};
    ber_int_t id = -1;
    ber_tag_t tag = LBER_DEFAULT;
    GBytes *value = NULL;
    BerElement *ber = len > 0 ? ber_init(&whole) : NULL;
    if (!ber)
        return NULL;
    if (ber_scanf(ber, "{it", &id, &tag) != LBER_ERROR && id == message_id &&
        tag == LDAP_RES_SEARCH_ENTRY)
        value = read_entry(ber);
    ber_free(ber, 1);
    return value;
}

/* The next compressed name; NULL when it leaves the value. Advances *at. */
static char *take_name(const guint8 *value, gsize len, gsize *at)
{
    char name[NS_MAXDNAME];
    if (*at >= len)
        return NULL;
    int used = dn_expand(value, value + len, value + *at, name, sizeof name);
    if (used <= 0)
        return NULL;
    *at += (gsize)used;
    return g_strdup(name);
}

struct ad_ping *ad_ping_parse(const guint8 *value, gsize len)
{
    g_autofree char *forest = NULL, *netbios_domain = NULL, *netbios_host = NULL, *user = NULL;
    struct ad_ping *ping = g_new0(struct ad_ping, 1);
    char **const names[] = {&forest,       &ping->domain, &ping->host,        &netbios_domain,
                            &netbios_host, &user,         &ping->server_site, &ping->client_site};
    gsize at = FIXED_BYTES;
    gboolean whole = len > FIXED_BYTES && value[0] == OPCODE_RESPONSE_EX && value[1] == 0;
    for (gsize i = 0; whole && i < G_N_ELEMENTS(names); i++)
        whole = (*names[i] = take_name(value, len, &at)) != NULL;
    if (!whole || !*ping->domain || !*ping->host) {
        ad_ping_free(ping);
        return NULL;
    }
    ping->flags = (guint32)value[4] | (guint32)value[5] << 8 | (guint32)value[6] << 16 |
                  (guint32)value[7] << 24;
    return ping;
}

/* --- network ---------------------------------------------------------------------------------- */

/* A socket that takes datagrams from this host alone, with the request sent; -1: not reachable. */
static int send_to(const char *host, guint16 port, GBytes *request)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    g_autofree char *service = g_strdup_printf("%u", port);
    gsize len;
    const void *data = g_bytes_get_data(request, &len);
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (connect(fd, found->ai_addr, found->ai_addrlen) != 0 ||
                    send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

static struct ad_ping *receive(int fd, int message_id, const char *domain)
{
    guint8 answer[DATAGRAM_MAX];
    ssize_t len = recv(fd, answer, sizeof answer, 0);
    g_autoptr(GBytes) value = len > 0 ? ad_ping_value(answer, (gsize)len, message_id) : NULL;
    gsize size = 0;
    const guint8 *data = value ? g_bytes_get_data(value, &size) : NULL;
    struct ad_ping *ping = data ? ad_ping_parse(data, size) : NULL;
    if (ping && g_ascii_strcasecmp(ping->domain, domain) == 0)
        return ping;
    ad_ping_free(ping);
    return NULL;
}

static void collect(struct pollfd *sockets, guint count, GPtrArray *pings, int message_id,
                    const char *domain, gint64 deadline_us)
{
    guint open = 0;
    for (guint i = 0; i < count; i++)
        open += sockets[i].fd >= 0;
    while (open > 0) {
        gint64 left_ms = (deadline_us - g_get_monotonic_time()) / 1000;
        if (left_ms <= 0 || poll(sockets, count, (int)left_ms) <= 0)
            return;
        for (guint i = 0; i < count; i++) {
            if (sockets[i].fd < 0 || !sockets[i].revents)
                continue;
            /* one answer or one refusal each: whoever repeats or rambles is not listened to */
            pings->pdata[i] = receive(sockets[i].fd, message_id, domain);
            close(sockets[i].fd);
            sockets[i].fd = -1;
            open--;
        }
    }
}

GPtrArray *ad_ping(const GPtrArray *hosts, guint16 port, const char *domain, guint timeout_ms)
{
    GPtrArray *pings = g_ptr_array_new_with_free_func((GDestroyNotify)ad_ping_free);
    struct pollfd sockets[AD_PING_MOST];
    guint count = MIN(hosts->len, AD_PING_MOST);
    int message_id = g_random_int_range(1, G_MAXINT32);
    g_autoptr(GBytes) request = ad_ping_request(message_id, domain);
    g_ptr_array_set_size(pings, (gint)hosts->len);
    if (!request)
        return pings;
    gint64 deadline_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    for (guint i = 0; i < count; i++)
        sockets[i] =
            (struct pollfd){.fd = send_to(hosts->pdata[i], port, request), .events = POLLIN};
    collect(sockets, count, pings, message_id, domain, deadline_us);
    for (guint i = 0; i < count; i++)
        if (sockets[i].fd >= 0)
            close(sockets[i].fd);
    return pings;
}
