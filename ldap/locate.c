/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding domain controllers through DNS SRV records.
 *
 * The reply is parsed with libresolv's bounded parser and ordered as RFC 2782 says. An LDAP ping to
 * the first of them then tells our site (MS-ADTS 6.3.6), whose domain controllers go first. A ping
 * is a hint that anybody can forge: it orders the list, it never adds to it or shortens it.
 */
#include "ldap/locate.h"

#include "correlate/error.h"
#include "ldap/ping.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

enum { SERVERS_MAX = 64, REPLY_MAX = 65535, SRV_FIXED = 6, PING_MS = 800 };

void ad_srv_free(struct ad_srv *srv)
{
    if (!srv)
        return;
    g_free(srv->host);
    g_free(srv);
}

static struct ad_srv *srv_from_record(const ns_msg *message, const ns_rr *record)
{
    char host[NS_MAXDNAME];
    const guint8 *data = ns_rr_rdata(*record);
    if (ns_rr_type(*record) != ns_t_srv || ns_rr_rdlen(*record) <= SRV_FIXED)
        return NULL;
    if (dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + SRV_FIXED, host,
                  sizeof host) < 0)
        return NULL;
    /* a lone root name says that the service is decidedly not there (RFC 2782) */
    if (!*host || strcmp(host, ".") == 0)
        return NULL;
    struct ad_srv *srv = g_new0(struct ad_srv, 1);
    srv->priority = (guint16)ns_get16(data);
    srv->weight = (guint16)ns_get16(data + 2);
    srv->port = (guint16)ns_get16(data + 4);
    srv->host = g_strdup(host);
    return srv;
}

GPtrArray *ad_srv_parse(const guint8 *reply, gsize len)
{
    GPtrArray *servers = g_ptr_array_new_with_free_func((GDestroyNotify)ad_srv_free);
    ns_msg message;
    ns_rr record;
    if (len > REPLY_MAX || ns_initparse(reply, (int)len, &message) != 0)
        return servers;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && servers->len < SERVERS_MAX; i++) {
        if (ns_parserr(&message, ns_s_an, i, &record) != 0)
            break;
        struct ad_srv *srv = srv_from_record(&message, &record);
        if (srv)
            g_ptr_array_add(servers, srv);
    }
    return servers;
}

static int by_priority(gconstpointer a, gconstpointer b)
{
    const struct ad_srv *left = *(const struct ad_srv *const *)a;
    const struct ad_srv *right = *(const struct ad_srv *const *)b;
    if (left->priority != right->priority)
        return left->priority < right->priority ? -1 : 1;
    /* zero weights first, so that they can be drawn at all */
    return (left->weight > right->weight) - (left->weight < right->weight);
}

static guint draw(const GPtrArray *servers, guint from, guint until,
                  guint (*random)(guint total, void *data), void *data)
{
    guint total = 0, sum = 0;
    for (guint i = from; i < until; i++)
        total += ((struct ad_srv *)servers->pdata[i])->weight;
    guint mark = random(total, data);
    for (guint i = from; i < until; i++) {
        sum += ((struct ad_srv *)servers->pdata[i])->weight;
        if (sum >= mark)
            return i;
    }
    return until - 1;
}

void ad_srv_order(GPtrArray *servers, guint (*random)(guint total, void *data), void *data)
{
    g_ptr_array_sort(servers, by_priority);
    for (guint from = 0; from < servers->len; from++) {
        const struct ad_srv *first = servers->pdata[from];
        guint until = from;
        while (until < servers->len &&
               ((struct ad_srv *)servers->pdata[until])->priority == first->priority)
            until++;
        guint chosen = draw(servers, from, until, random, data);
        gpointer winner = servers->pdata[chosen];
        /* shift instead of swap keeps the zero weights in front */
        memmove(&servers->pdata[from + 1], &servers->pdata[from],
                (chosen - from) * sizeof servers->pdata[0]);
        servers->pdata[from] = winner;
    }
}

static guint random_weight(guint total, void *data)
{
    (void)data;
    return (guint)g_random_int_range(0, (gint32)total + 1);
}

static int query(const char *name, guint8 *reply)
{
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0)
        return -1;
    state.retrans = 3;
    state.retry = 2;
    int len = res_nquery(&state, name, ns_c_in, ns_t_srv, reply, REPLY_MAX);
    int reason = state.res_h_errno;
    res_nclose(&state);
    if (len < 0)
        return reason == TRY_AGAIN || reason == NETDB_INTERNAL ? -1 : 0;
    return MIN(len, REPLY_MAX);
}

/* --- site ------------------------------------------------------------------------------------- */

static const char *site_of(const GPtrArray *pings)
{
    for (guint i = 0; i < pings->len; i++) {
        const struct ad_ping *ping = pings->pdata[i];
        if (ping && *ping->client_site)
            return ping->client_site;
    }
    return NULL;
}

/* Lower is better. Whoever was asked and is silent may only have lost a datagram: last but one. */
static int rank(const struct ad_ping *ping, gboolean asked, gboolean nearby, const char *site)
{
    if (asked && !ping)
        return 2;
    if (ping && !(ping->flags & AD_PING_WRITABLE))
        return 3;
    if (nearby || (ping && (ping->flags & AD_PING_CLOSEST)) ||
        (ping && site && g_ascii_strcasecmp(ping->server_site, site) == 0))
        return 0;
    return 1;
}

void ad_srv_prefer(GPtrArray *servers, const GPtrArray *pings, GHashTable *nearby)
{
    const char *site = site_of(pings);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (int wanted = 0; wanted <= 3; wanted++)
        for (guint i = 0; i < servers->len; i++) {
            const struct ad_srv *srv = servers->pdata[i];
            g_autofree char *host = g_ascii_strdown(srv->host, -1);
            if (rank(pings->pdata[i], i < AD_PING_MOST, g_hash_table_contains(nearby, host),
                     site) == wanted)
                g_ptr_array_add(sorted, servers->pdata[i]);
        }
    memcpy(servers->pdata, sorted->pdata, servers->len * sizeof *servers->pdata);
}

/* Records of one name in the order of RFC 2782. NULL: DNS does not answer. */
static GPtrArray *lookup(const char *name)
{
    g_autoptr(GByteArray) reply = g_byte_array_new();
    g_byte_array_set_size(reply, REPLY_MAX);
    int len = query(name, reply->data);
    if (len < 0)
        return NULL;
    GPtrArray *servers = ad_srv_parse(reply->data, (gsize)len);
    ad_srv_order(servers, random_weight, NULL);
    return servers;
}

/* Names of the domain controllers that DNS lists for our site, folded: needed where there are more
 * of them than are asked. */
static GHashTable *site_servers(const char *site, const char *domain)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *name = g_strdup_printf("_ldap._tcp.%s._sites.dc._msdcs.%s", site, domain);
    g_autoptr(GPtrArray) servers = lookup(name);
    for (guint i = 0; servers && i < servers->len; i++)
        g_hash_table_add(names, g_ascii_strdown(((struct ad_srv *)servers->pdata[i])->host, -1));
    return names;
}

static void prefer_our_site(GPtrArray *servers, const char *domain)
{
    g_autoptr(GPtrArray) hosts = g_ptr_array_new();
    for (guint i = 0; i < servers->len; i++)
        g_ptr_array_add(hosts, ((struct ad_srv *)servers->pdata[i])->host);
    g_autoptr(GPtrArray) pings = ad_ping(hosts, AD_PING_PORT, domain, PING_MS);
    const char *site = site_of(pings);
    g_autoptr(GHashTable) nearby = site && servers->len > AD_PING_MOST
                                       ? site_servers(site, domain)
                                       : g_hash_table_new(g_str_hash, g_str_equal);
    ad_srv_prefer(servers, pings, nearby);
}

GPtrArray *ad_locate(const char *domain, GError **error)
{
    g_autofree char *name = g_strconcat("_ldap._tcp.dc._msdcs.", domain, NULL);
    g_autoptr(GPtrArray) servers = lookup(name);
    if (!servers) {
        g_set_error(error, AD_ERROR, COR_E_RETRY, "cannot look up '%s': DNS does not answer", name);
        return NULL;
    }
    if (servers->len == 0) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG,
                    "DNS has no domain controllers for '%s' (no SRV record '%s'); check the domain "
                    "name and this host's resolver, or name a server",
                    domain, name);
        return NULL;
    }
    if (servers->len > 1)
        prefer_our_site(servers, domain);
    GPtrArray *hosts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < servers->len; i++) {
        const struct ad_srv *srv = servers->pdata[i];
        g_ptr_array_add(hosts, g_strdup_printf("%s:%u", srv->host, srv->port));
    }
    return hosts;
}
