/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RECORD_H
#define ANCHORWATCH_CORRELATE_RECORD_H

/*
 * The neutral object both directories are turned into, the sink that collectors push into,
 * the reader that the heart reads from, and the proof that a read was complete.
 *
 * Attribute documents are JSON objects:
 *  - AD: keys are lDAPDisplayNames. Single-valued attributes (by schema) are scalars, others
 *    arrays sorted by canonical text. Boolean -> bool; integers -> int; generalizedTime ->
 *    RFC 3339 text; SID -> "S-1-..."; objectGUID -> "8-4-4-4-12" text; other octet strings ->
 *    base64; DN -> text. Linked attributes (even linkID) are not here but in links.
 *    Per-DC, back-link, constructed and secret attributes are never stored.
 *  - Entra: the Graph property names and JSON values as received; null members and OData
 *    annotations are dropped, except "@odata.type" where it tells the kind of object.
 *    onPremisesSyncBehavior is an object {"isCloudManaged": bool} where it was readable.
 */

#include "correlate/json.h"

#include <glib.h>

enum cor_directory {
    COR_AD,
    COR_ENTRA,
};
const char *cor_directory_name(enum cor_directory directory); /* "ad" | "entra" */

/* Object types, by directory. Types are open-ended text; these are the ones the heart knows. */
#define COR_TYPE_USER              "user"               /* both */
#define COR_TYPE_INETORGPERSON     "inetOrgPerson"      /* ad; treated as user */
#define COR_TYPE_GROUP             "group"              /* both */
#define COR_TYPE_CONTACT           "contact"            /* both (Graph orgContact) */
#define COR_TYPE_COMPUTER          "computer"           /* ad; peer of device */
#define COR_TYPE_DEVICE            "device"             /* entra */
#define COR_TYPE_OU                "organizationalUnit" /* ad */
#define COR_TYPE_DOMAIN            "domain"             /* ad: one per domain, see ldap/capture.h */
#define COR_TYPE_DC                "domainController"   /* ad: one per NTDS Settings object */
#define COR_TYPE_APPLICATION       "application"
#define COR_TYPE_SERVICE_PRINCIPAL "servicePrincipal"
#define COR_TYPE_CA_POLICY         "conditionalAccessPolicy"
#define COR_TYPE_NAMED_LOCATION    "namedLocation"
#define COR_TYPE_AUTH_METHODS      "authenticationMethodsPolicy"
#define COR_TYPE_AUTHORIZATION     "authorizationPolicy"
#define COR_TYPE_ORGANIZATION      "organization"
#define COR_TYPE_SYNC_CONFIG       "onPremisesSynchronization"
#define COR_TYPE_ROLE_ASSIGNMENT   "roleAssignment" /* {principalId, roleDefinitionId, ...} */

/* Entra types that show, diff and explain have words for; the collector reads more. */
#define COR_TYPE_ADMINISTRATIVE_UNIT  "administrativeUnit"
#define COR_TYPE_APP_ROLE_ASSIGNMENT  "appRoleAssignment"
#define COR_TYPE_AUTH_CONTEXT         "authenticationContextClassReference"
#define COR_TYPE_AUTH_STRENGTH        "authenticationStrengthPolicy"
#define COR_TYPE_CROSS_TENANT         "crossTenantAccessPolicy"
#define COR_TYPE_CROSS_TENANT_DEFAULT "crossTenantAccessPolicyConfigurationDefault"
#define COR_TYPE_CROSS_TENANT_PARTNER "crossTenantAccessPolicyConfigurationPartner"
#define COR_TYPE_CROSS_TENANT_SYNC    "crossTenantIdentitySyncPolicyPartner"
#define COR_TYPE_DIRECTORY_ROLE       "directoryRole"
#define COR_TYPE_ENTRA_DOMAIN         "entraDomain" /* Graph domain; "domain" is AD's */
#define COR_TYPE_EXTENSION_PROPERTY   "extensionProperty"
#define COR_TYPE_FEDERATED_CREDENTIAL "federatedIdentityCredential"
#define COR_TYPE_FEDERATION           "internalDomainFederation"
#define COR_TYPE_GROUP_SETTING        "groupSetting"
#define COR_TYPE_PERMISSION_CLASS     "delegatedPermissionClassification"
#define COR_TYPE_PERMISSION_GRANT     "oAuth2PermissionGrant"
#define COR_TYPE_ROLE_DEFINITION      "roleDefinition"
#define COR_TYPE_ROLE_ELIGIBILITY     "roleEligibilitySchedule"
#define COR_TYPE_ROLE_POLICY          "roleManagementPolicy"
#define COR_TYPE_ROLE_POLICY_USE      "roleManagementPolicyAssignment"
#define COR_TYPE_ROLE_SCHEDULE        "roleAssignmentSchedule"
#define COR_TYPE_SCOPED_ROLE          "scopedRoleMembership"
#define COR_TYPE_SECURITY_ATTRIBUTES  "customSecurityAttributes" /* the values of one object */

enum cor_life {
    COR_LIVE,
    COR_DELETED,  /* AD deleted-object with Recycle Bin, Entra soft-deleted: restorable */
    COR_RECYCLED, /* AD tombstone or recycled-object: visible, not fully restorable */
};
const char *cor_life_name(enum cor_life life); /* "live" | "deleted" | "recycled" */

struct cor_record {
    enum cor_directory directory;
    enum cor_life life;
    char *type;                  /* owned */
    char *key;                   /* owned; AD objectGUID as lower-case text, Entra id */
    guint64 serial;              /* unlike that of any other record made by this process */
    char *name;                  /* owned; for people: UPN, sAMAccountName, displayName, ... */
    struct cor_json *attributes; /* owned; never NULL */
    struct cor_json *metadata;   /* owned; AD only: {attr:{version,time,dsa,usn}}, else NULL.
                                    time: RFC 3339 of the originating write; dsa: invocationId of
                                    the originating DC; usn: originating USN. Attributes that were
                                    cleared stay listed. A link attribute has {"values": {DN of
                                    the target: {version,time,dsa,usn,created,deleted}}} where the
                                    server tells of single links: removed ones have deleted, and
                                    "omitted" counts those that changed longer ago. */
};
struct cor_record *cor_record_new(enum cor_directory directory, const char *type, const char *key);
struct cor_record *cor_record_copy(const struct cor_record *record); /* deep */
void cor_record_free(struct cor_record *record);
#define COR_RECORD_AUTO __attribute__((cleanup(cor_record_cleanup))) struct cor_record
static inline void cor_record_cleanup(struct cor_record **record)
{
    cor_record_free(*record);
}
/* Borrowed attribute as text, number or node; NULL or FALSE when absent or of another type.
 * cor_record_first gives the first text of a text or array attribute. */
const struct cor_json *cor_record_get(const struct cor_record *record, const char *attribute);
const char *cor_record_text(const struct cor_record *record, const char *attribute);
const char *cor_record_first(const struct cor_record *record, const char *attribute);
gboolean cor_record_int(const struct cor_record *record, const char *attribute, gint64 *ret);

/* A directed link between two objects of one directory. kind is the AD link attribute
 * ("member", "manager", ...) or "member", "owner", "manager" in Entra. Keys, never DNs. */
struct cor_link {
    enum cor_directory directory;
    const char *kind;
    const char *source_key; /* the object that holds the link: the group, the managed user */
    const char *target_key;
};

/* One normalised directory audit record (Graph page directoryAudit). doc has the keys
 * activity, category, service, operation, result, correlation,
 * actor {kind: user|app|none, id, name, upn, appId, ip},
 * targets [{id, type, name, upn, modified [{property, old, new}]}], details {key: value}. */
struct cor_event {
    const char *id;
    gint64 time_us;
    const struct cor_json *doc;
};

/* --- proof of completeness -------------------------------------------------------------- */

/* What a half must show before it counts as complete: every required segment (one search, one
 * collection) ended with positive evidence. A proof cannot be made by hand: only these calls
 * set it, and an unproven segment keeps the half partial (design rule 1). */
struct cor_proof;
struct cor_proof *cor_proof_new(enum cor_directory directory);
void cor_proof_free(struct cor_proof *proof);
/* Announce a segment that must be proven, e.g. "users" or "members". Idempotent. */
void cor_proof_require(struct cor_proof *proof, const char *segment);
/* LDAP (RFC 4511 4.5.2, RFC 2696): result code 0, empty paging cookie, no open value range, no
 * unresolved continuation reference. FALSE when that does not prove completeness. */
gboolean cor_proof_ldap(struct cor_proof *proof, const char *segment, int result_code,
                        gsize cookie_len, guint open_ranges, guint unresolved_referrals);
/* Graph (paging): a 200 answer without @odata.nextLink. */
gboolean cor_proof_graph(struct cor_proof *proof, const char *segment, long http_status,
                         gboolean has_next_link);
/* A problem that makes the half partial even if every page arrived; text is kept. */
void cor_proof_problem(struct cor_proof *proof, const char *segment, const char *text);
/* A remark that does not touch completeness (an optional read was refused). */
void cor_proof_remark(struct cor_proof *proof, const char *text);
/* An optional read failed as a whole: the half may still be complete, but of objects of this type
 * and life absence says nothing, and neither they nor their links are concluded to be gone. */
void cor_proof_unread(struct cor_proof *proof, const char *type, enum cor_life life);
/* The same of one kind of links alone that objects of this type have. */
void cor_proof_unread_links(struct cor_proof *proof, const char *type, const char *kind);
/* What was not read. Owns its names. */
struct cor_unread {
    char *type;
    char *kind; /* of the links; NULL: the objects themselves, and all their links */
    enum cor_life life;
};
/* struct cor_unread *, in the order they were told; a reference of the caller's. */
GPtrArray *cor_proof_unread_list(const struct cor_proof *proof);
gboolean cor_proof_complete(const struct cor_proof *proof);
/* Absence may be read as deletion only for a complete half; for AD also only when deleted
 * objects could be read, which is then a required segment named "deleted objects". */
/* One line (char *) per unproven segment, per problem and per remark (prefix "remark: "), for the
 * store and for people. Empty when everything is proven and nothing was noted. Caller owns the
 * array. */
GPtrArray *cor_proof_problems(const struct cor_proof *proof);
char *cor_proof_text(const struct cor_proof *proof); /* e.g. "8 of 8 segments proven" */

/* --- sink ------------------------------------------------------------------------------- */

/* What one collector reports about its half when it is done. */
struct cor_half_stats {
    guint64 objects, requests, bytes, throttled;
    guint64 units;     /* resource units of the service; 0 where there are none */
    guint64 waited_ms; /* for quotas, refusals and retries */
    gint64 started_us, finished_us;
    gint64 peer_clock_us; /* the directory's own clock at the end; 0 unknown */
};

/* A sink receives one half. The collector calls record/link/event any number of times, then
 * exactly one of finish and abandon. Arguments are borrowed for the call. A FALSE answer means
 * stop: the error tells why. Links of an object may arrive before or after its record. Keys
 * repeated within a half replace the earlier record. */
struct cor_sink {
    gboolean (*record)(struct cor_sink *self, const struct cor_record *record, GError **error);
    gboolean (*link)(struct cor_sink *self, const struct cor_link *link, GError **error);
    gboolean (*event)(struct cor_sink *self, const struct cor_event *event, GError **error);
    /* The half tells only what changed since its last checkpoint: called first, or not at all.
     * From then on what is not mentioned is as it was, and an object's links of a kind stand
     * until links_follow, link, unlink or gone say otherwise. */
    gboolean (*incremental)(struct cor_sink *self, GError **error);
    /* All links of this kind that the object has come next, and no others exist. */
    gboolean (*links_follow)(struct cor_sink *self, const char *source_key, const char *kind,
                             GError **error);
    gboolean (*unlink)(struct cor_sink *self, const struct cor_link *link, GError **error);
    /* The object is proven to be gone for good, with its links. */
    gboolean (*gone)(struct cor_sink *self, const char *key, GError **error);
    /* Where the next incremental read of a stream ("dirsync", "users delta") starts; replaces the
     * one before when, and only when, the half is published complete. NULL doc forgets it. */
    gboolean (*checkpoint)(struct cor_sink *self, const char *stream, const struct cor_json *doc,
                           GError **error);
    gboolean (*finish)(struct cor_sink *self, const struct cor_proof *proof,
                       const struct cor_half_stats *stats, GError **error);
    void (*abandon)(struct cor_sink *self, const struct cor_half_stats *stats,
                    const GError *reason);
};

/* --- reader ----------------------------------------------------------------------------- */

/* Records of one directory at one backup point in ascending key order (bytes). next answers
 * TRUE with *ret_record set (owned by the reader, valid until the next call) or NULL at the
 * end; FALSE with error set. */
struct cor_reader {
    gboolean (*next)(struct cor_reader *self, const struct cor_record **ret_record, GError **error);
    void (*close)(struct cor_reader *self);
};

/* Questions the heart asks about one backup point; the store answers, a test can with arrays.
 * Returned records are owned by the caller (cor_record_free). NULL without error = no such. */
struct cor_view {
    struct cor_record *(*get)(struct cor_view *self, enum cor_directory directory, const char *key,
                              GError **error);
    /* Records that carry an identifier (correlate/identity.h), live and deleted. Array of
     * struct cor_record *, freed with g_ptr_array_unref. value is compared folded. */
    GPtrArray *(*find)(struct cor_view *self, enum cor_directory directory, int identifier_kind,
                       const char *value, GError **error);
    /* Keys (char *) linked from (outgoing) or to (incoming) an object by a kind. */
    GPtrArray *(*links)(struct cor_view *self, enum cor_directory directory, const char *kind,
                        const char *key, gboolean incoming, GError **error);
    struct cor_reader *(*read)(struct cor_view *self, enum cor_directory directory,
                               const char *type_or_null, GError **error);
    gint64 taken_us; /* when the point was finished */
};

#endif
