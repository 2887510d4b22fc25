/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forecasts: every row of the published decision table is reached by a situation built for it. The
 * expected verdicts are written down here from the published pages, not taken from the table.
 */
#include "correlate/forecast.h"
#include "correlate/time.h"
#include "halves.h"

#define KEY     "00112233-4455-6677-8899-aabbccddeeff"
#define ANCHOR  "MyIRAFVEd2aImaq7zN3u/w=="
#define NEW_KEY "897485c7-81a7-42eb-97c6-37ed73077b1f"
#define NOW     ((gint64)1785000000 * COR_SECOND_US) /* 2026-07-25T17:20:00Z */
#define EARLIER ((gint64)1780000000 * COR_SECOND_US) /* before hard match was hardened */

#define SYNCED           "'onPremisesSyncEnabled':true,'onPremisesImmutableId':'" ANCHOR "'"
#define SYNCED_NO_ANCHOR "'onPremisesSyncEnabled':true,'onPremisesSecurityIdentifier':'S-1-5-21-9'"
#define BEHAVIOR(value)  "'onPremisesSyncBehavior':{'isCloudManaged':" value "}"
#define LEFT             "'onPremisesSecurityIdentifier':'S-1-5-21-9'"
#define CONVERTED        BEHAVIOR("true") "," LEFT ",'onPremisesImmutableId':'" ANCHOR "'"
#define ROLLED_BACK      BEHAVIOR("false") "," LEFT ",'onPremisesImmutableId':'" ANCHOR "'"
#define UNLINKED         "'onPremisesSyncEnabled':false,'onPremisesImmutableId':'" ANCHOR "'"

#define AD_USER                                                                                    \
    "'sAMAccountName':'ada','distinguishedName':'CN=Ada,OU=People,DC=lab,DC=example,DC=test',"     \
    "'userPrincipalName':'ada@example.test'"
#define ENABLED     "'userAccountControl':512"
#define DISABLED    "'userAccountControl':514"
#define AD_GROUP    "'groupType':-2147483646,'distinguishedName':'CN=Crew,DC=lab'"
#define AD_CONTACT  "'mail':'out@partner.test','distinguishedName':'CN=Out,DC=lab'"
#define AD_COMPUTER "'userCertificate':['AAAA'],'distinguishedName':'CN=PC,DC=lab'"

struct situation {
    const char *row;
    const char *verdict;
    const char *type, *attribute, *live, *target;
    const char *entra, *ad; /* JSON, NULL: none */
    enum cor_life entra_life, ad_life;
    enum cor_action action;
    enum cor_engine engine;
    const char *backup, *twin, *holder, *linked, *linked_type;
    const char *metadata; /* of the AD record */
    const char *features;
    const char *suppressed;
    gint64 now_us; /* 0: NOW */
    guint64 pending;
    const char *exchange; /* IsExchangeCloudManaged: "yes", "no", NULL unknown */
    gboolean privileged, incomplete, stalled, sync_off, in_ad;
    gboolean plain_twin; /* the twin has another objectGUID and no copied anchor */
};

#define UPDATE(name, from, to)                                                                     \
    .action = COR_ACTION_UPDATE, .attribute = (name), .live = (from), .target = (to)
#define USER   .type = "user"
#define GROUP  .type = "group"
#define DEVICE .type = "device"

static const struct situation situations[] = {
    /* synchronized users */
    {"A1", "refused", USER, UPDATE("employeeId", "'1'", "'2'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'employeeID':'1'}"},
    {"A1", "refused", USER, .action = COR_ACTION_LINK, .attribute = "manager",
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}", .linked = "{" SYNCED "}"},
    {"A2", "refused", USER, UPDATE("department", "'Sales'", "'Ops'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'department':'Sales'}"},
    {"A2", "refused", USER,
     UPDATE("onPremisesExtensionAttributes.extensionAttribute3", "null", "'x'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"A3", "refused", USER, UPDATE("department", "'Sales'", "'Ops'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}", .suppressed = "department"},
    {"A4", "refused", USER, UPDATE("employeeHireDate", "null", "'2026-01-01T00:00:00Z'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"A4", "refused", USER, UPDATE("employeeOrgData", "null", "{'division':'x'}"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"A5", "overwritten", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," DISABLED "}"},
    {"A5", "overwritten", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," DISABLED "}", .stalled = TRUE},
    {"A5", "overwritten-later", USER, UPDATE("accountEnabled", "false", "true"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," DISABLED "}", .engine = COR_ENGINE_CLOUDSYNC},
    {"A6", "durable", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"A7", "durable", USER, UPDATE("usageLocation", "'DE'", "'IT'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'mailNickname':'ada'}"},
    {"A7", "durable", USER, UPDATE("usageLocation", "'DE'", "'IT'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'msExchUsageLocation':'FR'}"},
    {"A8", "overwritten", USER, UPDATE("usageLocation", "'FR'", "'IT'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'mailNickname':'ada','msExchUsageLocation':'FR'}"},
    {"A8", "durable", USER, UPDATE("usageLocation", "'DE'", "'FR'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'mailNickname':'ada','msExchUsageLocation':'FR'}"},
    {"A9", "overwritten-later", USER, UPDATE("passwordProfile", "null", "{'password':'x'}"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}",
     .features = "{'passwordSyncEnabled':true}"},
    {"A9", "durable", USER, UPDATE("passwordProfile", "null", "{'password':'x'}"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}",
     .features = "{'passwordSyncEnabled':false}"},
    {"A10", "durable", USER, UPDATE("passwordProfile", "null", "{'password':'x'}"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}",
     .features = "{'passwordWritebackEnabled':true}"},
    {"A10", "refused", USER, UPDATE("passwordProfile", "null", "{'password':'x'}"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}",
     .features = "{'passwordWritebackEnabled':true}", .stalled = TRUE},
    {"A11", "overwritten-later", USER,
     UPDATE("passwordPolicies", "'DisablePasswordExpiration'", "'None'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}", .features = "{'passwordSyncEnabled':true}"},
    {"A13", "durable", USER, UPDATE("passwordPolicies", "'DisablePasswordExpiration'", "'None'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}",
     .features = "{'passwordSyncEnabled':true,"
                 "'cloudPasswordPolicyForPasswordSyncedUsersEnabled':true}"},
    {"A12", "durable", USER, UPDATE("assignedLicenses", "[]", "[{'skuId':'s'}]"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"A13", "durable", USER, UPDATE("userType", "'Guest'", "'Member'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"A13", "durable", USER, UPDATE("showInAddressList", "false", "true"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"A14", "overwritten", USER, UPDATE("showInAddressList", "false", "true"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED ",'msExchHideFromAddressLists':true}"},
    {"A14", "unknown", USER, UPDATE("extension_00ff_division", "'a'", "'b'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"A15", "overwritten", USER, UPDATE("preferredDataLocation", "'EUR'", "'NAM'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED ",'msDS-preferredDataLocation':'EUR'}"},
    {"A13", "durable", USER, UPDATE("preferredDataLocation", "'EUR'", "'NAM'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"A16", "refused", USER, UPDATE("onPremisesSamAccountName", "'a'", "'b'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"A16", "refused", USER, UPDATE("createdDateTime", "'a'", "'b'"), .entra = "{}"},
    {"A16", "refused", USER, UPDATE("proxyAddresses", "[]", "['smtp:a@example.test']"),
     .entra = "{}"},
    {"A16", "refused", GROUP, .action = COR_ACTION_LINK, .attribute = "member",
     .entra = "{'groupTypes':['DynamicMembership']}", .linked = "{}"},
    {"A17", "refused", USER, UPDATE("onPremisesImmutableId", "'" ANCHOR "'", "null"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"A18", "durable", USER, UPDATE("msExchArchiveStatus", "0", "1"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"A19", "durable", USER, UPDATE("mail", "'a@example.test'", "'b@example.test'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}", .exchange = "yes"},
    {"A20", "refused", USER, UPDATE("mail", "'a@example.test'", "'b@example.test'"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}", .exchange = "no"},
    {"A21", "refused", USER, UPDATE("mobilePhone", "'2'", "'3'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'mobile':'1'}",
     .features = "{'bypassDirSyncOverridesEnabled':false}"},
    {"A2", "refused", USER, UPDATE("mobilePhone", "'2'", "'3'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'mobile':'1'}",
     .features = "{'bypassDirSyncOverridesEnabled':true}"},
    {"A22", "refused", USER, UPDATE("userPrincipalName", "'ada1@example.test'", "'ada@x.test'"),
     .entra = "{" SYNCED ",'onPremisesProvisioningErrors':[{'category':'PropertyConflict',"
              "'propertyCausingError':'UserPrincipalName','value':'ada@x.test'}]}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"A23", "refused", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}",
     .ad = "{" AD_USER "," ENABLED ",'msDS-ObjectSoa':'Cloud'}", .in_ad = TRUE},
    {"A24", "recreated", USER, .action = COR_ACTION_SOFT_DELETE, .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"A24", "overwritten-later", USER, .action = COR_ACTION_SOFT_DELETE, .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}", .engine = COR_ENGINE_CLOUDSYNC},
    {"A24", "durable", USER, .action = COR_ACTION_SOFT_DELETE, .entra = "{" SYNCED "}"},

    /* synchronized groups, contacts and devices */
    {"B1", "refused", GROUP, UPDATE("description", "'a'", "'b'"), .entra = "{" SYNCED_NO_ANCHOR "}",
     .ad = "{" AD_GROUP ",'description':['a']}"},
    {"B1", "refused", GROUP, .action = COR_ACTION_LINK, .attribute = "owner",
     .entra = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}", .linked = "{}"},
    {"B2", "refused", GROUP, .action = COR_ACTION_LINK, .attribute = "member",
     .entra = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}", .linked = "{" SYNCED "}"},
    {"B2", "refused", GROUP, .action = COR_ACTION_UNLINK, .attribute = "member",
     .entra = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}"},
    {"B3", "refused", GROUP, .action = COR_ACTION_LINK, .attribute = "member",
     .entra = "{" SYNCED_NO_ANCHOR ",'mailEnabled':true}", .ad = "{" AD_GROUP "}",
     .linked = "{" SYNCED "}"},
    {"B4", "durable", GROUP, UPDATE("assignedLicenses", "[]", "[{'skuId':'s'}]"),
     .entra = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}"},
    {"B5", "durable", GROUP, .action = COR_ACTION_LINK, .attribute = "member", .entra = "{}",
     .linked = "{" SYNCED_NO_ANCHOR "}", .linked_type = "group"},
    {"B6", "durable", GROUP, .action = COR_ACTION_LINK, .attribute = "member", .entra = "{}",
     .linked = "{" SYNCED "}"},
    {"B6", "durable", GROUP, .action = COR_ACTION_UNLINK, .attribute = "member", .entra = "{}",
     .linked = "{" SYNCED "}"},
    {"B7", "recreated", GROUP, .action = COR_ACTION_CREATE, .backup = "{" SYNCED_NO_ANCHOR "}",
     .ad = "{" AD_GROUP "}"},
    {"B8", "unrecoverable", GROUP, .action = COR_ACTION_CREATE, .backup = "{" SYNCED_NO_ANCHOR "}"},
    {"B8", "unrecoverable", GROUP, .action = COR_ACTION_CREATE, .backup = "{" SYNCED_NO_ANCHOR "}",
     .ad = "{" AD_GROUP "}", .ad_life = COR_DELETED},
    {"B9", "refused", .type = "contact", UPDATE("jobTitle", "'a'", "'b'"),
     .entra = "{'onPremisesSyncEnabled':true}", .ad = "{" AD_CONTACT "}"},
    {"B10", "recreated", .type = "contact", .action = COR_ACTION_CREATE,
     .backup = "{'onPremisesSyncEnabled':true}", .ad = "{" AD_CONTACT "}"},
    {"B11", "recreated", DEVICE, .action = COR_ACTION_CREATE,
     .backup = "{'onPremisesSyncEnabled':true}", .ad = "{" AD_COMPUTER "}"},
    {"B11", "recreated", DEVICE, .action = COR_ACTION_SOFT_DELETE,
     .entra = "{'onPremisesSyncEnabled':true}", .ad = "{" AD_COMPUTER "}"},
    {"B12", "overwritten", DEVICE, UPDATE("accountEnabled", "false", "true"),
     .entra = "{'onPremisesSyncEnabled':true}",
     .ad = "{" AD_COMPUTER ",'userAccountControl':4098}"},
    {"B12", "durable", DEVICE, UPDATE("accountEnabled", "false", "true"),
     .entra = "{'onPremisesSyncEnabled':true}",
     .ad = "{" AD_COMPUTER ",'userAccountControl':4096}"},
    {"B13", "refused", GROUP, UPDATE("isAssignableToRole", "false", "true"),
     .entra = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}"},

    /* cloud-owned objects */
    {"C1", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" CONVERTED "}",
     .ad = "{" AD_USER "," ENABLED ",'department':'a'}"},
    {"C2", "refused", GROUP, UPDATE("displayName", "'a'", "'b'"),
     .entra = "{" CONVERTED ",'mailEnabled':true}", .ad = "{" AD_GROUP "}"},
    {"C2", "refused", GROUP, .action = COR_ACTION_LINK, .attribute = "member",
     .entra = "{'mailEnabled':true,'groupTypes':[]}", .linked = "{}"},
    {"C1", "durable", GROUP, UPDATE("displayName", "'a'", "'b'"),
     .entra = "{" CONVERTED ",'mailEnabled':true,'groupTypes':['Unified']}",
     .ad = "{" AD_GROUP "}"},
    {"C2", "refused", .type = "contact", UPDATE("jobTitle", "'a'", "'b'"), .entra = "{}"},
    {"C3", "refused", GROUP,
     UPDATE("onPremisesExtensionAttributes.extensionAttribute1", "'a'", "'b'"),
     .entra = "{" CONVERTED "}", .ad = "{" AD_GROUP "}"},
    {"C4", "durable", USER, UPDATE("onPremisesSamAccountName", "'a'", "null"),
     .entra = "{" CONVERTED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"C5", "overwritten", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" ROLLED_BACK "}",
     .ad = "{" AD_USER "," ENABLED ",'department':'c'}"},
    {"C5", "durable", USER, UPDATE("department", "'a'", "'c'"), .entra = "{" ROLLED_BACK "}",
     .ad = "{" AD_USER "," ENABLED ",'department':'c'}"},
    {"C6", "refused", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}", .backup = "{" CONVERTED "}"},
    {"C7", "unknown", USER, UPDATE("onPremisesSyncBehavior.isCloudManaged", "false", "true"),
     .entra = "{" SYNCED "," BEHAVIOR("false") "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"C8", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" CONVERTED "}",
     .ad = "{" AD_USER "," DISABLED "}"},
    {"C8", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" CONVERTED "}",
     .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED},
    {"C9", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}"},
    {"C9", "durable", .type = "conditionalAccessPolicy", UPDATE("state", "'enabled'", "'disabled'"),
     .entra = "{}"},
    {"C10", "overwritten", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}",
     .twin = "{" AD_USER "," ENABLED ",'department':'c'}"},
    {"C10", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}",
     .twin = "{" AD_USER "," ENABLED "}"},
    {"C10", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}",
     .twin = "{" AD_USER "," ENABLED ",'department':'c'}",
     .features = "{'blockSoftMatchEnabled':true}"},
    {"C10", "durable", USER, UPDATE("department", "'a'", "'b'"),
     .entra = "{'onPremisesImmutableId':'x4V0iaeB60KXxjftcwd7Hw=='}",
     .twin = "{" AD_USER "," ENABLED ",'department':'c'}"},
    {"C11", "overwritten", USER, UPDATE("department", "'a'", "'b'"),
     .entra = "{'onPremisesImmutableId':'" ANCHOR "'}",
     .ad = "{" AD_USER "," ENABLED ",'department':'c'}"},
    {"C11", "conflict", USER, UPDATE("department", "'a'", "'b'"),
     .entra = "{'onPremisesImmutableId':'" ANCHOR "'}",
     .ad = "{" AD_USER "," ENABLED ",'department':'c'}",
     .features = "{'blockCloudObjectTakeoverThroughHardMatchEnabled':true}"},
    {"C12", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}",
     .twin = "{" AD_USER "," ENABLED ",'department':'c'}", .privileged = TRUE},
    {"C11", "overwritten", USER, UPDATE("department", "'a'", "'b'"),
     .entra = "{'onPremisesImmutableId':'" ANCHOR "'}",
     .ad = "{" AD_USER "," ENABLED ",'department':'c'}", .privileged = TRUE, .now_us = EARLIER},
    {"C13", "unknown", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" UNLINKED "}"},
    {"C14", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" LEFT "}",
     .sync_off = TRUE},
    {"C15", "overwritten-later", USER, UPDATE("department", "'a'", "'b'"),
     .entra = "{" LEFT ",'onPremisesImmutableId':'" ANCHOR "'}",
     .ad = "{" AD_USER "," ENABLED ",'department':'c'}", .sync_off = TRUE},

    /* deleted and missing objects */
    {"D1", "recreated", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}"},
    {"D2", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .stalled = TRUE},
    {"D2", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .engine = COR_ENGINE_CLOUDSYNC},
    {"D3", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED},
    {"D3", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED,
     .privileged = TRUE},
    {"D4", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED,
     .in_ad = TRUE},
    {"D5", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "}", .ad_life = COR_RECYCLED},
    {"D5", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED},
    {"E1", "unknown", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .incomplete = TRUE},
    {"D6", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED ",'adminDescription':'User_1'}"},
    {"D7", "recreated", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," DISABLED "}"},
    {"D8", "conflict", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .privileged = TRUE},
    {"D1", "recreated", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .privileged = TRUE,
     .now_us = EARLIER},
    {"D9", "recreated", USER, .action = COR_ACTION_CREATE, .backup = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"D10", "unrecoverable", USER, .action = COR_ACTION_CREATE, .backup = "{}"},
    {"D10", "unrecoverable", USER, .action = COR_ACTION_CREATE, .backup = "{" SYNCED "}"},
    {"E1", "unknown", USER, .action = COR_ACTION_CREATE, .backup = "{" SYNCED "}",
     .incomplete = TRUE},
    {"D10", "unrecoverable", GROUP, .action = COR_ACTION_LINK, .attribute = "member",
     .entra = "{}"},
    {"D11", "conflict", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
     .twin = "{" AD_USER "," ENABLED "}", .plain_twin = TRUE},
    {"A2", "refused", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" SYNCED "}",
     .twin = "{" AD_USER "," ENABLED "}", .plain_twin = TRUE},
    {"D12", "conflict", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
     .twin = "{" AD_USER "," ENABLED ",'mS-DS-ConsistencyGuid':'" ANCHOR "'}", .plain_twin = TRUE},
    {"D13", "no-op", USER, .action = COR_ACTION_RESTORE, .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED, .pending = 501},
    {"D13", "durable", USER, UPDATE("assignedLicenses", "[]", "[{'skuId':'s'}]"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED,
     .pending = 501},
    {"D13", "overwritten", USER, UPDATE("assignedLicenses", "[]", "[{'skuId':'s'}]"),
     .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED,
     .pending = 500},
    {"D6", "overwritten", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED ",'adminDescription':'User_1'}"},
    {"D14", "recreated", GROUP, .action = COR_ACTION_CREATE, .backup = "{" SYNCED_NO_ANCHOR "}",
     .ad = "{" AD_GROUP "}",
     .metadata = "{'isDeleted':{'version':2,'time':'2026-07-25T10:00:00Z'}}"},
    {"D15", "durable", GROUP, .action = COR_ACTION_RESTORE, .entra = "{'mailEnabled':true}",
     .entra_life = COR_DELETED, .backup = "{'mailEnabled':true}"},
    {"D15", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{}",
     .entra_life = COR_DELETED},
    {"D15", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
     .entra_life = COR_DELETED, .backup = "{" CONVERTED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"D16", "recreated", DEVICE, .action = COR_ACTION_RESTORE, .entra = "{}",
     .entra_life = COR_DELETED, .backup = "{'onPremisesSyncEnabled':true}",
     .ad = "{" AD_COMPUTER "}"},
    {"D17", "recreated", .type = "contact", .action = COR_ACTION_RESTORE, .entra = "{}",
     .entra_life = COR_DELETED, .backup = "{'onPremisesSyncEnabled':true}",
     .ad = "{" AD_CONTACT "}"},
    {"D10", "unrecoverable", .type = "contact", .action = COR_ACTION_RESTORE, .entra = "{}",
     .entra_life = COR_DELETED, .backup = "{'onPremisesSyncEnabled':true}"},

    /* across the rows */
    {"E1", "unknown", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" LEFT "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"E1", "unknown", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
     .incomplete = TRUE},
    {"E2", "conflict", USER, UPDATE("userPrincipalName", "'a@x.test'", "'b@x.test'"), .entra = "{}",
     .holder = "{'userPrincipalName':'b@x.test'}"},
    {"E2", "conflict", USER, .action = COR_ACTION_RESTORE, .entra = "{}", .entra_life = COR_DELETED,
     .holder = "{'userPrincipalName':'b@x.test'}"},
    {"E5", "no-op", USER, UPDATE("department", "'a'", "'a'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"E5", "no-op", USER, UPDATE("businessPhones", "['2','1']", "['1','2']"), .entra = "{}"},
    {"E5", "no-op", USER, UPDATE("assignedLicenses", "[]", "null"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}"},
    {"E8", "overwritten", USER, UPDATE("onPremisesSyncBehavior.isCloudManaged", "true", "false"),
     .entra = "{" CONVERTED "}", .ad = "{" AD_USER "," ENABLED "}"},
    {"E4", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" SYNCED "}",
     .ad = "{" AD_USER "," ENABLED "}", .in_ad = TRUE},
};

static struct cor_record *record_or_null(enum cor_directory directory, const char *type,
                                         const char *key, const char *attributes)
{
    return attributes ? halves_record(directory, type, key, attributes) : NULL;
}

static void tenant_of(const struct situation *s, gint64 now_us, struct cor_tenant *tenant)
{
    struct cor_tenant_hints hints = {
        s->engine ? s->engine : COR_ENGINE_CONNECT,
        0,
        COR_UNKNOWN,
        COR_UNKNOWN,
        COR_UNKNOWN,
        COR_UNKNOWN,
    };
    g_autofree char *last =
        cor_time_text(now_us - (s->stalled ? 4 * COR_HOUR_US : 10 * COR_MINUTE_US));
    g_autofree char *json =
        g_strdup_printf("{'onPremisesSyncEnabled':%s,'onPremisesLastSyncDateTime':'%s'}",
                        s->sync_off ? "false" : "true", last);
    g_autofree char *config = g_strdup_printf("{'features':%s}", s->features ? s->features : "{}");
    COR_RECORD_AUTO *organization = halves_record(COR_ENTRA, COR_TYPE_ORGANIZATION, "o", json);
    COR_RECORD_AUTO *sync = halves_record(COR_ENTRA, COR_TYPE_SYNC_CONFIG, "c", config);
    if (s->engine == COR_ENGINE_CLOUDSYNC)
        hints.interval_us = 30 * COR_MINUTE_US;
    cor_tenant_init(tenant, organization, sync, &hints);
}

/* Runs one situation; the caller clears the forecast. */
static void foresee(const struct situation *s, struct cor_forecast *ret)
{
    const char *ad_type = cor_flow_peer_type(COR_ENTRA, s->type);
    COR_RECORD_AUTO *entra = record_or_null(COR_ENTRA, s->type, "e1", s->entra);
    COR_RECORD_AUTO *backup = record_or_null(COR_ENTRA, s->type, "e1", s->backup);
    COR_RECORD_AUTO *ad = record_or_null(COR_AD, ad_type, KEY, s->ad);
    COR_RECORD_AUTO *twin = record_or_null(COR_AD, ad_type, s->plain_twin ? NEW_KEY : KEY, s->twin);
    COR_RECORD_AUTO *holder = record_or_null(COR_ENTRA, "user", "e2", s->holder);
    COR_RECORD_AUTO *linked =
        record_or_null(COR_ENTRA, s->linked_type ? s->linked_type : "user", "e3", s->linked);
    COR_JSON_AUTO *live = s->live ? halves_json(s->live) : NULL;
    COR_JSON_AUTO *target = s->target ? halves_json(s->target) : NULL;
    g_autoptr(GHashTable) suppressed = g_hash_table_new(g_str_hash, g_str_equal);
    struct cor_tenant tenant;
    gint64 now_us = s->now_us ? s->now_us : NOW;
    tenant_of(s, now_us, &tenant);
    if (entra)
        entra->life = s->entra_life;
    if (ad)
        ad->life = s->ad_life;
    if (s->metadata)
        halves_metadata(ad, s->metadata);
    if (s->suppressed)
        g_hash_table_add(suppressed, (void *)s->suppressed);
    struct cor_flow_context flow = {
        .domain_fqdn = "lab.example.test",
        .tenant = &tenant,
        .rules_name = "default rules",
        .suppressed = suppressed,
    };
    struct cor_write write = {.action = s->action,
                              .in_ad = s->in_ad,
                              .type = s->type,
                              .attribute = s->attribute,
                              .live = live,
                              .target = target};
    struct cor_situation situation = {
        .entra = entra,
        .backup = backup,
        .ad = ad,
        .ad_twin = twin,
        .holder = holder,
        .target = linked,
        .ad_complete = !s->incomplete,
        .privileged = s->privileged,
        .exchange_cloud_managed = !s->exchange                      ? COR_UNKNOWN
                                  : strcmp(s->exchange, "yes") == 0 ? COR_YES
                                                                    : COR_NO,
        .pending_deletions = s->pending,
        .flow = &flow,
        .tenant = &tenant,
        .now_us = now_us,
    };
    cor_forecast(&write, &situation, ret);
    cor_tenant_clear(&tenant);
}

static void test_rows(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(situations); i++) {
        const struct situation *s = &situations[i];
        struct cor_forecast forecast;
        foresee(s, &forecast);
        assert_non_null(forecast.row);
        if (strcmp(forecast.row->id, s->row) != 0 ||
            strcmp(cor_verdict_name(forecast.verdict), s->verdict) != 0)
            fail_msg("situation %zu (%s %s): row %s %s, not %s %s\n%s", i, s->type,
                     s->attribute ? s->attribute : cor_action_name(s->action), forecast.row->id,
                     cor_verdict_name(forecast.verdict), s->row, s->verdict, forecast.why);
        /* every answer says why, and what is doomed says what to do instead */
        assert_true(strlen(forecast.why) > 20);
        if (cor_verdict_doomed(forecast.verdict)) {
            assert_non_null(forecast.instead);
            assert_true(forecast.instead->len > 0);
        }
        /* a time or a word for it, never both */
        assert_false(forecast.at_us && forecast.holds_until);
        if (s->stalled)
            assert_int_equal(forecast.at_us, 0);
        cor_forecast_clear(&forecast);
    }
}

/* E3, E4, E6 and E7 bear on answers of other rows and are named there. */
static const struct {
    const char *id;
    struct situation situation;
} crossing[] = {
    {"E3",
     {"A2", "refused", USER, UPDATE("department", "'Sales'", "'Ops'"), .entra = "{" SYNCED "}",
      .ad = "{" AD_USER "," ENABLED "}"}},
    {"E4",
     {"A7", "durable", USER, UPDATE("usageLocation", "'DE'", "'IT'"), .entra = "{" SYNCED "}",
      .ad = "{" AD_USER "," ENABLED "}"}},
    {"E6",
     {"A5", "overwritten", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
      .ad = "{" AD_USER "," DISABLED "}", .stalled = TRUE}},
    {"E7",
     {"A5", "overwritten", USER, UPDATE("accountEnabled", "false", "true"), .entra = "{" SYNCED "}",
      .ad = "{" AD_USER "," DISABLED "}"}},
    {"E2",
     {"A2", "refused", USER, UPDATE("userPrincipalName", "'a@x.test'", "'b@x.test'"),
      .entra = "{" SYNCED "}", .ad = "{" AD_USER "," ENABLED "}",
      .holder = "{'userPrincipalName':'b@x.test'}"}},
};

static void test_crossing_rules(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(crossing); i++) {
        g_autofree char *name = g_strdup_printf("(%s)", crossing[i].id);
        struct cor_forecast forecast;
        foresee(&crossing[i].situation, &forecast);
        assert_string_equal(forecast.row->id, crossing[i].situation.row);
        if (!strstr(forecast.why, name))
            fail_msg("%s is not named: %s", crossing[i].id, forecast.why);
        cor_forecast_clear(&forecast);
    }
}

static void test_every_row_is_reached(void **state)
{
    (void)state;
    static const struct {
        char letter;
        int last;
    } parts[] = {{'A', 24}, {'B', 13}, {'C', 15}, {'D', 17}, {'E', 8}};
    gsize n = 0, expected = 0;
    const struct cor_forecast_row *rows = cor_forecast_rows(&n);
    g_autoptr(GHashTable) hit = g_hash_table_new(g_str_hash, g_str_equal);
    for (gsize i = 0; i < G_N_ELEMENTS(situations); i++)
        g_hash_table_add(hit, (void *)situations[i].row);
    for (gsize i = 0; i < G_N_ELEMENTS(crossing); i++)
        g_hash_table_add(hit, (void *)crossing[i].id);
    for (gsize p = 0; p < G_N_ELEMENTS(parts); p++)
        for (int k = 1; k <= parts[p].last; k++, expected++) {
            g_autofree char *id = g_strdup_printf("%c%d", parts[p].letter, k);
            assert_non_null(cor_forecast_row(id));
            if (!g_hash_table_contains(hit, id))
                fail_msg("no situation reaches row %s", id);
        }
    assert_int_equal(n, expected);
    for (gsize i = 0; i < n; i++)
        assert_ptr_equal(cor_forecast_row(rows[i].id), &rows[i]);
    assert_null(cor_forecast_row("A25"));
}

/* --- what stands beside the verdict ------------------------------------------------------------
 */

static void test_overwritten(void **state)
{
    (void)state;
    static const struct situation s = {"A8",
                                       "overwritten",
                                       USER,
                                       UPDATE("usageLocation", "'FR'", "'IT'"),
                                       .entra = "{" SYNCED "}",
                                       .ad = "{" AD_USER "," ENABLED
                                             ",'mailNickname':'ada','msExchUsageLocation':'FR'}"};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    assert_string_equal(forecast.overwritten_by, "FR");
    assert_int_equal(forecast.at_us, NOW + 20 * COR_MINUTE_US);
    assert_null(forecast.holds_until);
    assert_string_equal(forecast.source_dn, "CN=Ada,OU=People,DC=lab,DC=example,DC=test");
    assert_string_equal(forecast.source_attributes, "msExchUsageLocation");
    assert_string_equal(forecast.source_rule, "In from AD - User Exchange");
    assert_int_equal(forecast.instead->len, 2);
    const struct cor_step *step = forecast.instead->pdata[0];
    assert_string_equal(step->where, "ad");
    assert_string_equal(step->command, "ldapmodify -Q -Y GSSAPI <<'END'\n"
                                       "dn: CN=Ada,OU=People,DC=lab,DC=example,DC=test\n"
                                       "changetype: modify\n"
                                       "replace: msExchUsageLocation\n"
                                       "msExchUsageLocation: IT\n"
                                       "END");
    step = forecast.instead->pdata[1];
    assert_string_equal(step->where, "sync");
    assert_string_equal(step->command, "Start-ADSyncSyncCycle -PolicyType Delta");
    cor_forecast_clear(&forecast);
}

static void test_stalled_names_no_time(void **state)
{
    (void)state;
    struct situation s = {"A5",
                          "overwritten",
                          USER,
                          UPDATE("accountEnabled", "false", "true"),
                          .entra = "{" SYNCED "}",
                          .ad = "{" AD_USER "," DISABLED "}",
                          .stalled = TRUE};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    assert_int_equal(forecast.at_us, 0);
    assert_string_equal(forecast.holds_until, "synchronization resumes");
    assert_string_equal(forecast.overwritten_by, "false");
    cor_forecast_clear(&forecast);
    /* the deletion guard stops the whole export */
    s.stalled = FALSE;
    s.pending = 501;
    foresee(&s, &forecast);
    assert_int_equal(forecast.at_us, 0);
    assert_non_null(forecast.holds_until);
    cor_forecast_clear(&forecast);
    s.pending = 500;
    foresee(&s, &forecast);
    assert_int_equal(forecast.at_us, NOW + 20 * COR_MINUTE_US);
    cor_forecast_clear(&forecast);
}

/* The first command of the counter-offer for a write on a synchronized user or group. */
static char *first_command(const char *type, const char *attribute, const char *target,
                           const char *ad)
{
    struct situation s = {.type = type,
                          .action = COR_ACTION_UPDATE,
                          .attribute = attribute,
                          .live = "'before'",
                          .target = target,
                          .entra = "{" SYNCED "}",
                          .ad = ad};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    assert_non_null(forecast.instead);
    char *command = g_strdup(((struct cor_step *)forecast.instead->pdata[0])->command);
    cor_forecast_clear(&forecast);
    return command;
}

static void test_commands(void **state)
{
    (void)state;
    static const struct {
        const char *type, *attribute, *target, *ad, *lines;
    } cases[] = {
        {"user", "department", "'Ops'", "{" AD_USER "," ENABLED "}",
         "replace: department\ndepartment: Ops\nEND"},
        {"user", "department", "null", "{" AD_USER "," ENABLED "}", "replace: department\nEND"},
        {"user", "displayName", "' x'", "{" AD_USER "," ENABLED "}",
         "replace: displayName\ndisplayName:: IHg=\nEND"},
        {"user", "jobTitle", "'x\\nEND'", "{" AD_USER "," ENABLED "}",
         "replace: title\ntitle:: eApFTkQ=\nEND"},
        {"user", "businessPhones", "['1']", "{" AD_USER "," ENABLED "}",
         "replace: telephoneNumber\ntelephoneNumber: 1\nEND"},
        {"user", "businessPhones", "[]", "{" AD_USER "," ENABLED "}",
         "replace: telephoneNumber\nEND"},
        {"user", "proxyAddresses", "['SMTP:a@x.test','smtp:b@x.test']", "{" AD_USER "," ENABLED "}",
         "replace: proxyAddresses\nproxyAddresses: SMTP:a@x.test\n"
         "proxyAddresses: smtp:b@x.test\nEND"},
        {"user", "accountEnabled", "true", "{" AD_USER ",'userAccountControl':66050}",
         "replace: userAccountControl\nuserAccountControl: 66048\nEND"},
        {"user", "accountEnabled", "false", "{" AD_USER "," ENABLED "}",
         "replace: userAccountControl\nuserAccountControl: 514\nEND"},
        {"group", "securityEnabled", "true",
         "{'groupType':2,'mail':'g@x.test',"
         "'distinguishedName':'CN=G,DC=lab'}",
         "replace: groupType\ngroupType: -2147483646\nEND"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *command =
            first_command(cases[i].type, cases[i].attribute, cases[i].target, cases[i].ad);
        if (!command || !g_str_has_suffix(command, cases[i].lines))
            fail_msg("%s: %s", cases[i].attribute, command ? command : "no command");
    }
    /* what cannot be said in one change has words only, never a wrong command */
    g_autofree char *composed =
        first_command("user", "showInAddressList", "true",
                      "{" AD_USER "," ENABLED ",'msExchHideFromAddressLists':true}");
    assert_null(composed);
    g_autofree char *policy =
        first_command("user", "passwordPolicies", "'None'", "{" AD_USER "," ENABLED "}");
    assert_null(policy);
}

static void test_enforced_object_is_not_sent_to_ad(void **state)
{
    (void)state;
    static const struct situation s = {"A5",
                                       "overwritten",
                                       USER,
                                       UPDATE("accountEnabled", "false", "true"),
                                       .entra = "{" SYNCED "}",
                                       .ad = "{" AD_USER "," DISABLED ",'msDS-ObjectSoa':'Cloud'}"};
    struct cor_forecast forecast;
    foresee(&s, &forecast);
    const struct cor_step *step = forecast.instead->pdata[0];
    assert_string_equal(step->where, "entra");
    assert_non_null(strstr(step->text, "A23"));
    cor_forecast_clear(&forecast);
}

static void test_restore_offers_the_recycle_bin(void **state)
{
    (void)state;
    static const struct situation cases[] = {
        {"D3", "durable", USER, .action = COR_ACTION_RESTORE, .entra = "{" UNLINKED "}",
         .entra_life = COR_DELETED, .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED},
        {"D10", "unrecoverable", USER, .action = COR_ACTION_CREATE, .backup = "{" SYNCED "}",
         .ad = "{" AD_USER "," ENABLED "}", .ad_life = COR_DELETED},
        {"B8", "unrecoverable", GROUP, .action = COR_ACTION_CREATE,
         .backup = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}", .ad_life = COR_DELETED},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_forecast forecast;
        foresee(&cases[i], &forecast);
        const struct cor_step *step = forecast.instead->pdata[0];
        assert_string_equal(step->where, "ad");
        assert_string_equal(step->command, "Restore-ADObject -Identity " KEY);
        cor_forecast_clear(&forecast);
    }
}

/* --- confidence --------------------------------------------------------------------------------
 */

static void test_confidence(void **state)
{
    (void)state;
    static const struct {
        struct situation situation;
        const char *confidence;
    } cases[] = {
        {{"C9", "durable", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}"}, "documented"},
        {{"A12", "durable", USER, UPDATE("assignedLicenses", "[]", "[1]"), .entra = "{" SYNCED "}",
          .ad = "{" AD_USER "," ENABLED "}"},
         "documented"},
        {{"A2", "refused", USER, UPDATE("department", "'a'", "'b'"), .entra = "{" SYNCED "}",
          .ad = "{" AD_USER "," ENABLED "}"},
         "reported"},
        {{"A13", "durable", USER, UPDATE("userType", "'a'", "'b'"), .entra = "{" SYNCED "}",
          .ad = "{" AD_USER "," ENABLED "}"},
         "inferred"},
        /* the default rules may not be the tenant's */
        {{"C10", "overwritten", USER, UPDATE("department", "'a'", "'b'"), .entra = "{}",
          .twin = "{" AD_USER "," ENABLED ",'department':'c'}"},
         "reported"},
        /* deleting a synchronized group: reports vary */
        {{"B1", "refused", GROUP, .action = COR_ACTION_SOFT_DELETE,
          .entra = "{" SYNCED_NO_ANCHOR "}", .ad = "{" AD_GROUP "}"},
         "inferred"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct cor_forecast forecast;
        foresee(&cases[i].situation, &forecast);
        assert_string_equal(forecast.row->id, cases[i].situation.row);
        assert_string_equal(cor_confidence_name(forecast.confidence), cases[i].confidence);
        cor_forecast_clear(&forecast);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(cor_action_name(COR_ACTION_SOFT_DELETE), "softDelete");
    assert_string_equal(cor_verdict_name(COR_VERDICT_OVERWRITTEN_LATER), "overwritten-later");
    assert_string_equal(cor_verdict_name(COR_VERDICT_NO_OP), "no-op");
    assert_false(cor_verdict_doomed(COR_VERDICT_DURABLE));
    assert_false(cor_verdict_doomed(COR_VERDICT_NO_OP));
    assert_true(cor_verdict_doomed(COR_VERDICT_UNKNOWN));
    assert_true(cor_verdict_doomed(COR_VERDICT_RECREATED));
}

/* --- the published table -----------------------------------------------------------------------
 */

/* "| A1 | object | condition | running | stalled | cloud sync | confidence | source |" */
static void check_line(const char *line, GHashTable *seen)
{
    g_auto(GStrv) cells = g_strsplit(line, "|", 0);
    if (g_strv_length(cells) != 10)
        return;
    for (guint i = 0; cells[i]; i++)
        g_strstrip(cells[i]);
    const struct cor_forecast_row *row = cor_forecast_row(cells[1]);
    if (!row)
        return;
    g_hash_table_add(seen, (void *)row->id);
    assert_string_equal(cells[2], row->object);
    assert_string_equal(cells[3], row->condition);
    assert_string_equal(cells[4], cor_verdict_name(row->running));
    assert_string_equal(cells[5], cor_verdict_name(row->stalled));
    assert_string_equal(cells[6], cor_verdict_name(row->cloudsync));
    assert_string_equal(cells[7], cor_confidence_name(row->confidence));
    assert_string_equal(cells[8], row->source);
}

static void test_published_table(void **state)
{
    (void)state;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize n = 0;
    if (!g_file_get_contents(AW_SOURCE_DIR "/docs/forecast.md", &text, NULL, &error))
        fail_msg("%s", error->message);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (guint i = 0; lines[i]; i++)
        check_line(lines[i], seen);
    const struct cor_forecast_row *rows = cor_forecast_rows(&n);
    for (gsize i = 0; i < n; i++)
        if (!g_hash_table_contains(seen, rows[i].id))
            fail_msg("docs/forecast.md lacks row %s", rows[i].id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_crossing_rules),
        cmocka_unit_test(test_every_row_is_reached),
        cmocka_unit_test(test_overwritten),
        cmocka_unit_test(test_stalled_names_no_time),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_enforced_object_is_not_sent_to_ad),
        cmocka_unit_test(test_restore_offers_the_recycle_bin),
        cmocka_unit_test(test_confidence),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_published_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
