/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision table: every row is reached by a situation built for it, under every health and both
 * engines, and published as it is. The expected verdicts are written down here from the public
 * pages, not taken from the table.
 */
#include "situation.h"

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
    {"E9", "unknown", .type = "roleAssignment", .action = COR_ACTION_CREATE, .backup = "{}"},
    {"E9", "unknown", .type = "administrativeUnit", UPDATE("displayName", "'a'", "'b'"),
     .entra = "{}"},
    {"E9", "unknown", .type = "domainThatNobodyKnows", .action = COR_ACTION_SOFT_DELETE,
     .entra = "{}"},
    {"E9", "unknown", DEVICE, .action = COR_ACTION_LINK, .attribute = "registeredOwner",
     .entra = "{}", .target = "{}"},
    {"E5", "no-op", .type = "administrativeUnit", UPDATE("displayName", "'a'", "'a'"),
     .entra = "{}"},
};

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
    } parts[] = {{'A', 24}, {'B', 13}, {'C', 15}, {'D', 17}, {'E', 9}};
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

/* --- every row under every health ------------------------------------------------------------ */

enum column { RUNNING, STALLED, HELD, CLOUD_SYNC, N_COLUMNS };
static const char *const column_names[] = {"running", "stalled", "held", "Cloud Sync"};

/* What becomes of the first situation of each row while Connect runs, while sync stands still or
 * the deletion guard holds it, and under Cloud Sync, and the most that may be claimed for it. */
static const struct outcome {
    const char *row;
    const char *running, *stalled, *cloudsync;
    enum cor_confidence most;
} outcomes[] = {
    {"A1", "refused", "refused", "refused", COR_REPORTED},
    {"A2", "refused", "refused", "refused", COR_REPORTED},
    {"A3", "refused", "refused", "refused", COR_INFERRED},
    {"A4", "refused", "refused", "refused", COR_REPORTED},
    {"A5", "overwritten", "overwritten", "overwritten-later", COR_REPORTED},
    {"A6", "durable", "durable", "durable", COR_INFERRED},
    {"A7", "durable", "durable", "durable", COR_REPORTED},
    {"A8", "overwritten", "overwritten", "overwritten-later", COR_INFERRED},
    {"A9", "overwritten-later", "overwritten-later", "overwritten-later", COR_DOCUMENTED},
    {"A10", "durable", "refused", "durable", COR_INFERRED},
    {"A11", "overwritten-later", "overwritten-later", "overwritten-later", COR_DOCUMENTED},
    {"A12", "durable", "durable", "durable", COR_DOCUMENTED},
    {"A13", "durable", "durable", "durable", COR_INFERRED},
    {"A14", "overwritten", "overwritten", "overwritten-later", COR_INFERRED},
    {"A15", "overwritten", "overwritten", "unknown", COR_INFERRED},
    {"A16", "refused", "refused", "refused", COR_REPORTED},
    {"A17", "refused", "refused", "refused", COR_DOCUMENTED},
    {"A18", "durable", "durable", "durable", COR_REPORTED},
    {"A19", "durable", "durable", "durable", COR_REPORTED},
    {"A20", "refused", "refused", "refused", COR_REPORTED},
    {"A21", "refused", "refused", "refused", COR_DOCUMENTED},
    {"A22", "refused", "refused", "refused", COR_INFERRED},
    {"A23", "refused", "refused", "refused", COR_DOCUMENTED},
    {"A24", "recreated", "recreated", "overwritten-later", COR_INFERRED},
    {"B1", "refused", "refused", "refused", COR_REPORTED},
    {"B2", "refused", "refused", "refused", COR_REPORTED},
    {"B3", "refused", "refused", "refused", COR_REPORTED},
    {"B4", "durable", "durable", "durable", COR_INFERRED},
    {"B5", "durable", "durable", "durable", COR_DOCUMENTED},
    {"B6", "durable", "durable", "durable", COR_DOCUMENTED},
    {"B7", "recreated", "recreated", "recreated", COR_INFERRED},
    {"B8", "unrecoverable", "unrecoverable", "unrecoverable", COR_REPORTED},
    {"B9", "refused", "refused", "refused", COR_REPORTED},
    {"B10", "recreated", "recreated", "recreated", COR_INFERRED},
    {"B11", "recreated", "recreated", "recreated", COR_INFERRED},
    {"B12", "overwritten", "overwritten", "overwritten-later", COR_INFERRED},
    {"B13", "refused", "refused", "refused", COR_INFERRED},
    {"C1", "durable", "durable", "durable", COR_DOCUMENTED},
    {"C2", "refused", "refused", "refused", COR_DOCUMENTED},
    {"C3", "refused", "refused", "refused", COR_DOCUMENTED},
    {"C4", "durable", "durable", "durable", COR_DOCUMENTED},
    {"C5", "overwritten", "overwritten", "overwritten", COR_DOCUMENTED},
    {"C6", "refused", "refused", "refused", COR_DOCUMENTED},
    {"C7", "unknown", "unknown", "unknown", COR_INFERRED},
    {"C8", "durable", "durable", "durable", COR_INFERRED},
    {"C9", "durable", "durable", "durable", COR_DOCUMENTED},
    {"C10", "overwritten", "overwritten", "overwritten", COR_DOCUMENTED},
    {"C11", "overwritten", "overwritten", "overwritten", COR_DOCUMENTED},
    {"C12", "durable", "durable", "durable", COR_DOCUMENTED},
    {"C13", "unknown", "unknown", "unknown", COR_INFERRED},
    {"C14", "durable", "durable", "durable", COR_REPORTED},
    {"C15", "overwritten-later", "overwritten-later", "overwritten-later", COR_INFERRED},
    {"D1", "recreated", "durable", "durable", COR_DOCUMENTED},
    {"D2", "recreated", "durable", "durable", COR_DOCUMENTED},
    {"D3", "durable", "durable", "durable", COR_REPORTED},
    {"D4", "durable", "durable", "durable", COR_DOCUMENTED},
    {"D5", "durable", "durable", "durable", COR_INFERRED},
    {"D6", "durable", "durable", "durable", COR_REPORTED},
    {"D7", "recreated", "recreated", "recreated", COR_DOCUMENTED},
    {"D8", "conflict", "conflict", "conflict", COR_REPORTED},
    {"D9", "recreated", "recreated", "recreated", COR_DOCUMENTED},
    {"D10", "unrecoverable", "unrecoverable", "unrecoverable", COR_DOCUMENTED},
    {"D11", "conflict", "conflict", "conflict", COR_DOCUMENTED},
    {"D12", "conflict", "conflict", "conflict", COR_INFERRED},
    {"D13", "no-op", "no-op", "no-op", COR_DOCUMENTED},
    {"D14", "recreated", "recreated", "recreated", COR_REPORTED},
    {"D15", "durable", "durable", "durable", COR_DOCUMENTED},
    {"D16", "recreated", "recreated", "recreated", COR_INFERRED},
    {"D17", "recreated", "recreated", "recreated", COR_INFERRED},
    {"E1", "unknown", "unknown", "unknown", COR_INFERRED},
    {"E2", "conflict", "conflict", "conflict", COR_DOCUMENTED},
    {"E4", "durable", "durable", "durable", COR_DOCUMENTED},
    {"E5", "no-op", "no-op", "no-op", COR_DOCUMENTED},
    {"E8", "overwritten", "overwritten", "overwritten", COR_DOCUMENTED},
    {"E9", "unknown", "unknown", "unknown", COR_INFERRED},
};

static const struct situation *situation_of(const char *row)
{
    for (gsize i = 0; i < G_N_ELEMENTS(situations); i++)
        if (strcmp(situations[i].row, row) == 0)
            return &situations[i];
    fail_msg("no situation for row %s", row);
    return NULL;
}

/* When it happens: a time while Connect runs, words whenever there is none, nothing for an answer
 * that does not change. */
static void check_time(const char *what, const struct cor_forecast *forecast, gboolean running)
{
    gboolean cycle =
        forecast->verdict == COR_VERDICT_OVERWRITTEN || forecast->verdict == COR_VERDICT_RECREATED;
    gboolean later = forecast->verdict == COR_VERDICT_OVERWRITTEN_LATER;
    gint64 at_us = cycle && running ? NOW + 20 * COR_MINUTE_US : 0;
    if (forecast->at_us != at_us)
        fail_msg("%s: a wrong time", what);
    if ((forecast->holds_until != NULL) != (later || (cycle && !running)))
        fail_msg("%s: holds until %s", what,
                 forecast->holds_until ? forecast->holds_until : "nothing");
}

/* Only a running Connect brings a deleted user back by itself; otherwise the restore is the way. */
static const char *row_in(const char *row, enum column column)
{
    gboolean deleted = strcmp(row, "D1") == 0 || strcmp(row, "D2") == 0;
    return !deleted ? row : column == RUNNING ? "D1" : "D2";
}

static void check_outcome(const struct outcome *outcome, enum column column)
{
    static const int published[] = {[RUNNING] = 0, [STALLED] = 1, [HELD] = 1, [CLOUD_SYNC] = 2};
    int k = published[column];
    const char *verdict = k == 0   ? outcome->running
                          : k == 1 ? outcome->stalled
                                   : outcome->cloudsync;
    const char *row = row_in(outcome->row, column);
    g_autofree char *what = g_strdup_printf("%s, %s", outcome->row, column_names[column]);
    struct situation s = *situation_of(outcome->row);
    struct cor_forecast forecast;
    s.stalled = column == STALLED;
    s.engine = column == CLOUD_SYNC ? COR_ENGINE_CLOUDSYNC : COR_ENGINE_CONNECT;
    s.pending = column == HELD ? 501 : s.pending;
    foresee(&s, &forecast);
    if (strcmp(forecast.row->id, row) != 0 ||
        strcmp(cor_verdict_name(forecast.verdict), verdict) != 0)
        fail_msg("%s: row %s %s, not %s %s", what, forecast.row->id,
                 cor_verdict_name(forecast.verdict), row, verdict);
    if (forecast.confidence > outcome->most)
        fail_msg("%s: %s claims too much", what, cor_confidence_name(forecast.confidence));
    /* a half hour cycle; under Cloud Sync only an AD change brings an object back */
    gboolean waits = column == CLOUD_SYNC && forecast.verdict == COR_VERDICT_RECREATED;
    check_time(what, &forecast, (column == RUNNING || column == CLOUD_SYNC) && !waits);
    if (cor_verdict_doomed(forecast.verdict) && (!forecast.instead || !forecast.instead->len))
        fail_msg("%s: doomed, and nothing offered instead", what);
    cor_forecast_clear(&forecast);
}

static void test_columns(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(outcomes); i++)
        for (int column = RUNNING; column < N_COLUMNS; column++)
            check_outcome(&outcomes[i], (enum column)column);
}

static void test_every_row_has_an_outcome(void **state)
{
    (void)state;
    static const char *const named_elsewhere[] = {"E3", "E6", "E7", NULL};
    gsize n = 0, at = 0;
    const struct cor_forecast_row *rows = cor_forecast_rows(&n);
    for (gsize i = 0; i < n; i++) {
        if (g_strv_contains(named_elsewhere, rows[i].id))
            continue;
        assert_true(at < G_N_ELEMENTS(outcomes));
        assert_string_equal(outcomes[at++].row, rows[i].id);
    }
    assert_int_equal(at, G_N_ELEMENTS(outcomes));
}

/* --- the published table --------------------------------------------------------------------- */

static gboolean is_row_line(const char *line)
{
    return strlen(line) > 3 && g_str_has_prefix(line, "| ") && strchr("ABCDE", line[2]) &&
           g_ascii_isdigit(line[3]);
}

/* "| A1 | object | condition | running | stalled | cloud sync | confidence | source |" */
static void check_line(const char *line, const struct cor_forecast_row *row)
{
    g_auto(GStrv) cells = g_strsplit(line, "|", 0);
    assert_int_equal(g_strv_length(cells), 10);
    for (guint i = 0; cells[i]; i++)
        g_strstrip(cells[i]);
    assert_string_equal(cells[1], row->id);
    assert_string_equal(cells[2], row->object);
    assert_string_equal(cells[3], row->condition);
    assert_string_equal(cells[4], cor_verdict_name(row->running));
    assert_string_equal(cells[5], cor_verdict_name(row->stalled));
    assert_string_equal(cells[6], cor_verdict_name(row->cloudsync));
    assert_string_equal(cells[7], cor_confidence_name(row->confidence));
    assert_string_equal(cells[8], row->source);
}

/* The same rows in the same order, none missing, none twice, none that the table lacks. */
static void test_published_table(void **state)
{
    (void)state;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize n = 0, at = 0;
    const struct cor_forecast_row *rows = cor_forecast_rows(&n);
    if (!g_file_get_contents(AW_SOURCE_DIR "/docs/forecast.md", &text, NULL, &error))
        fail_msg("%s", error->message);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (guint i = 0; lines[i]; i++) {
        if (!is_row_line(lines[i]))
            continue;
        if (at == n)
            fail_msg("docs/forecast.md says more than the table: %s", lines[i]);
        check_line(lines[i], &rows[at++]);
    }
    assert_int_equal(at, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_crossing_rules),
        cmocka_unit_test(test_every_row_is_reached),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_every_row_has_an_outcome),
        cmocka_unit_test(test_published_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
