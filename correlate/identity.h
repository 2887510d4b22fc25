/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_IDENTITY_H
#define ANCHORWATCH_CORRELATE_IDENTITY_H

/*
 * What identifies an object, and which object of the other directory it belongs to.
 * Sources: reference pages on sourceAnchor/immutableId, correlation keys visible in Graph v1.0,
 * hard and soft match (Microsoft Entra Connect design concepts; Graph resource pages).
 */

#include "correlate/record.h"

/* The numbers are stored: never renumber, only append. */
enum cor_identifier_kind {
    COR_ID_KEY = 1,    /* objectGUID text | Entra id */
    COR_ID_ANCHOR = 2, /* sourceAnchor / onPremisesImmutableId; case-sensitive. An AD object
                          carries every anchor it could have: base64(mS-DS-ConsistencyGuid) and
                          base64(objectGUID) */
    COR_ID_SID = 3,    /* objectSid | onPremisesSecurityIdentifier */
    COR_ID_UPN = 4,
    COR_ID_SAM = 5,   /* sAMAccountName | onPremisesSamAccountName */
    COR_ID_DN = 6,    /* distinguishedName | onPremisesDistinguishedName */
    COR_ID_MAIL = 7,  /* mail */
    COR_ID_PROXY = 8, /* every smtp address of proxyAddresses, without prefix */
    COR_ID_PRIMARY_SMTP = 9,
    COR_ID_DEVICE = 10,   /* computer objectGUID | deviceId */
    COR_ID_NAME = 11,     /* displayName / cn, for `show`; never used to match */
    COR_ID_APP = 12,      /* appId */
    COR_ID_NICKNAME = 13, /* mailNickname */
};
const char *cor_identifier_name(int kind);

struct cor_identifier {
    int kind;
    char *value; /* folded for comparison: UTF-8 case fold except for anchors */
};
/* All identifiers of a record. Array of struct cor_identifier * with a free function. */
GPtrArray *cor_identifiers(const struct cor_record *record);
/* The folded form of a value a user or a peer gave; caller frees. */
char *cor_identifier_fold(int kind, const char *value);
/* Is the object the container itself or below it? By distinguished names, compared folded. */
gboolean cor_dn_lies_in(const char *dn, const char *container);

/* Standard base64 of the 16 stored octets of a textual GUID (first three fields little-endian);
 * NULL unless the text is a GUID. And back: NULL unless it decodes to exactly 16 octets. */
char *cor_anchor_from_guid(const char *guid_text);
char *cor_anchor_to_guid(const char *anchor);
/* The anchor the sync engine uses for an AD record: users base64(mS-DS-ConsistencyGuid) else
 * base64(objectGUID); other types always base64(objectGUID). NULL when it contributes none
 * (linked mailbox, msExchRecipientTypeDetails = 2). Caller frees. */
char *cor_anchor_of(const struct cor_record *ad);

enum cor_match_outcome {
    COR_MATCH_NONE,      /* nothing fits */
    COR_MATCH_ONE,       /* exactly one object fits */
    COR_MATCH_AMBIGUOUS, /* several fit the strongest key that fits at all: never guess */
    COR_MATCH_MISMATCH,  /* a weaker key fits an object whose stronger key contradicts */
};
struct cor_match {
    enum cor_match_outcome outcome;
    int by;                  /* identifier kind that decided */
    gboolean soft;           /* only a soft match (UPN, SMTP): candidate, not a link */
    struct cor_record *peer; /* owned; the one, or NULL */
    GPtrArray *candidates;   /* owned; struct cor_record * when ambiguous or mismatched */
};
/* Find the other half of a record in the other directory of the view. Live peers win over
 * deleted ones; a deleted peer is still a peer. Orders: users anchor (then nothing; UPN and SMTP
 * are soft candidates); groups SID, then sAMAccountName + domain, then mail, then proxy; contacts
 * primary SMTP, mail, mailNickname; devices deviceId then SID. FALSE with error on view failure. */
gboolean cor_match_find(struct cor_view *view, const struct cor_record *record,
                        struct cor_match *ret, GError **error);
void cor_match_clear(struct cor_match *match);

#endif
