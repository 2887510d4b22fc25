/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_CHECKPOINT_H
#define ANCHORWATCH_LDAP_CHECKPOINT_H

/*
 * Where an incremental read goes on: what the last one was bound to, how far it saw, and what it
 * has to know about the directory that no change tells. Pure.
 */

#include "ldap/dirsync.h"
#include "ldap/entry.h"

/* Remembered to notice a directory that was set back to an older copy of itself without saying so
 * (USN rollback): what was once there at a USN must still be there, or be newer. */
struct ad_sentinel {
    char key[AD_GUID_TEXT];
    gint64 usn; /* its uSNChanged */
    /* The stamp with that local USN; attrtyp and version 0 when a link changed last. */
    guint32 attrtyp, version;
    gint64 time_us;
};
#define AD_SENTINELS_MAX 8

struct ad_checkpoint {
    /* Bound to; anything different calls for a full read. */
    char *host, *service, *invocation; /* dNSHostName, dsServiceName, invocationId of the DC */
    char *naming_context;
    char *schema; /* ad_schema_mark in hex */
    gboolean recycle_bin;
    /* How far. */
    gint64 usn;               /* highestCommittedUSN before the read */
    gint64 read_us, full_us;  /* when this read and the last full one began, our clock */
    struct ad_dirsync cursor; /* an empty cookie: DirSync was not to be had */
    /* What no change tells. */
    GHashTable *kinds;       /* set: kinds of links that occur */
    GHashTable *holders;     /* set of keys: objects that show the DN of another one */
    GHashTable *controllers; /* set of keys: domain controllers */
    GArray *sentinels;       /* struct ad_sentinel, newest first */
};
struct ad_checkpoint *ad_checkpoint_new(void);
void ad_checkpoint_free(struct ad_checkpoint *checkpoint);
#define AD_CHECKPOINT_AUTO __attribute__((cleanup(ad_checkpoint_cleanup))) struct ad_checkpoint
static inline void ad_checkpoint_cleanup(struct ad_checkpoint **checkpoint)
{
    ad_checkpoint_free(*checkpoint);
}

/* Caller frees. */
struct cor_json *ad_checkpoint_json(const struct ad_checkpoint *checkpoint);
/* NULL when doc is not what ad_checkpoint_json of this version writes. */
struct ad_checkpoint *ad_checkpoint_parse(const struct cor_json *doc);

/* The host to go on with, borrowed from doc; NULL when a full read is due, which any may give. */
const char *ad_checkpoint_host(const struct cor_json *doc, gint64 now_us, gint64 full_every_us);

/* More objects that show the DN of others than are worth being read at each rename. */
#define AD_HOLDERS_MAX 20000

/* Why the present state of the server (the members bound to, usn and read_us are looked at) cannot
 * be reached by changes since the last one; NULL: it can. Caller frees. full_every_us: how old the
 * last full read may be. */
char *ad_checkpoint_unfit(const struct ad_checkpoint *last, const struct ad_checkpoint *present,
                          gint64 full_every_us);
/* The highest USN of the last domain controller that anything stored can have; 0: none is known. */
gint64 ad_checkpoint_newest(const struct ad_checkpoint *last);
/* Must the present server be asked whether it has what was read from the last one? Not when it is
 * the same one, nor when that one was read so long ago that it may be gone for good with changes
 * that no other ever had. */
gboolean ad_checkpoint_may_lag(const struct ad_checkpoint *last,
                               const struct ad_checkpoint *present);
/* What a sentinel looks like now, uSNChanged and replPropertyMetaData as read; FALSE: the directory
 * is an older one. metadata may be empty: then only the USN is judged. */
gboolean ad_sentinel_holds(const struct ad_sentinel *sentinel, gint64 usn, const guint8 *metadata,
                           gsize len);
/* Keep an entry as sentinel when it changed later than those kept. */
void ad_checkpoint_watch(struct ad_checkpoint *checkpoint, const struct ad_entry *entry);

#endif
