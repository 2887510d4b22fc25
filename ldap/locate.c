/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding domain controllers through DNS SRV records.
 *
 * The reply is parsed with libresolv's bounded parser and ordered as RFC 2782 says. Sites are not
 * considered: a capture reads once, and the order of the records already prefers no DC wrongly.
 */
#include "ldap/locate.h"

#include "correlate/error.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

enum { SERVERS_MAX = 64, REPLY_MAX = 65535, SRV_FIXED = 6 };

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

GPtrArray *ad_locate(const char *domain, GError **error)
{
    g_autofree char *name = g_strconcat("_ldap._tcp.dc._msdcs.", domain, NULL);
    g_autoptr(GByteArray) reply = g_byte_array_new();
    g_byte_array_set_size(reply, REPLY_MAX);
    int len = query(name, reply->data);
    if (len < 0) {
        g_set_error(error, AD_ERROR, COR_E_RETRY, "cannot look up '%s': DNS does not answer", name);
        return NULL;
    }
    g_autoptr(GPtrArray) servers = ad_srv_parse(reply->data, (gsize)len);
    if (servers->len == 0) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG,
                    "DNS has no domain controllers for '%s' (no SRV record '%s'); check the domain "
                    "name and this host's resolver, or name a server",
                    domain, name);
        return NULL;
    }
    ad_srv_order(servers, random_weight, NULL);
    GPtrArray *hosts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < servers->len; i++) {
        const struct ad_srv *srv = servers->pdata[i];
        g_ptr_array_add(hosts, g_strdup_printf("%s:%u", srv->host, srv->port));
    }
    return hosts;
}
