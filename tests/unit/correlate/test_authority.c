/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns an object, and who owns one of its properties. */
#include "correlate/authority.h"
#include "halves.h"

#define LEFT "'onPremisesSecurityIdentifier':'S-1-5-21-1-2-3-4'"
#define SOA  "'onPremisesSyncBehavior':"

static void test_soa(void **state)
{
    (void)state;
    static const struct {
        const char *entra;
        int ad; /* -1 none, else enum cor_life */
        enum cor_soa soa;
    } cases[] = {
        {"{'onPremisesSyncEnabled':true," LEFT "}", COR_LIVE, COR_SOA_ONPREM},
        {"{'onPremisesSyncEnabled':true," LEFT "}", -1, COR_SOA_ONPREM},
        {"{'onPremisesSyncEnabled':true," SOA "{'isCloudManaged':false}}", 0, COR_SOA_ONPREM},
        {"{" SOA "{'isCloudManaged':true}," LEFT "}", COR_LIVE, COR_SOA_CONVERTED},
        {"{" SOA "{'isCloudManaged':true}," LEFT "}", -1, COR_SOA_CONVERTED},
        {"{" SOA "{'isCloudManaged':false}," LEFT "}", COR_LIVE, COR_SOA_ROLLBACK_PENDING},
        {"{" SOA "{'isCloudManaged':false}," LEFT "}", COR_DELETED, COR_SOA_CLOUD},
        {"{" SOA "{'isCloudManaged':false}," LEFT "}", -1, COR_SOA_CLOUD},
        {"{'onPremisesSyncEnabled':false," LEFT "}", COR_LIVE, COR_SOA_UNLINKED},
        {"{'onPremisesSyncEnabled':false}", -1, COR_SOA_UNLINKED},
        /* converted just now, the old flag still shown: the switch decides */
        {"{'onPremisesSyncEnabled':true," SOA "{'isCloudManaged':true}}", COR_LIVE,
         COR_SOA_CONVERTED},
        {"{" SOA "{'isCloudManaged':false}}", -1, COR_SOA_CLOUD},
        {"{" SOA "{'isCloudManaged':false}," LEFT "}", COR_RECYCLED, COR_SOA_CLOUD},
        {"{'onPremisesSyncEnabled':false," LEFT "}", COR_DELETED, COR_SOA_UNLINKED},
        {"{'onPremisesSamAccountName':'ada'}", -1, COR_SOA_UNKNOWN},
        {"{'onPremisesDistinguishedName':'CN=Ada'}", -1, COR_SOA_UNKNOWN},
        {"{'onPremisesLastSyncDateTime':'2026-01-01T00:00:00Z'}", -1, COR_SOA_UNKNOWN},
        /* null with identifiers left: converted or rolled back, and nothing tells which */
        {"{" LEFT "}", COR_LIVE, COR_SOA_UNKNOWN},
        {"{'displayName':'x'}", -1, COR_SOA_CLOUD},
        {"{'onPremisesImmutableId':'MyIRAFVEd2aImaq7zN3u/w=='}", -1, COR_SOA_CLOUD},
        {NULL, COR_LIVE, COR_SOA_AD_ONLY},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        COR_RECORD_AUTO *entra =
            cases[i].entra ? halves_record(COR_ENTRA, "user", "e", cases[i].entra) : NULL;
        COR_RECORD_AUTO *ad = cases[i].ad < 0 ? NULL : halves_record(COR_AD, "user", "a", "{}");
        if (ad)
            ad->life = (enum cor_life)cases[i].ad;
        if (cor_soa_of(entra, ad) != cases[i].soa)
            fail_msg("%s: %s", cases[i].entra, cor_soa_name(cor_soa_of(entra, ad)));
    }
}

static void test_owner(void **state)
{
    (void)state;
    static const struct {
        enum cor_soa soa;
        const char *type, *property, *owner;
    } cases[] = {
        {COR_SOA_ONPREM, "user", "department", "onprem"},
        {COR_SOA_ONPREM, "user", "manager", "onprem"},
        {COR_SOA_ONPREM, "user", "onPremisesExtensionAttributes.extensionAttribute1", "onprem"},
        {COR_SOA_ONPREM, "user", "employeeHireDate", "onprem"},
        {COR_SOA_ONPREM, "user", "accountEnabled", "shared"},
        {COR_SOA_ONPREM, "user", "usageLocation", "shared"},
        {COR_SOA_ONPREM, "user", "assignedLicenses", "cloud"},
        {COR_SOA_ONPREM, "user", "sponsors", "cloud"},
        {COR_SOA_ONPREM, "user", "onPremisesSamAccountName", "system"},
        {COR_SOA_ONPREM, "user", "createdDateTime", "system"},
        {COR_SOA_ONPREM, "user", "onPremisesSyncBehavior.isCloudManaged", "cloud"},
        {COR_SOA_ONPREM, "group", "member", "onprem"},
        {COR_SOA_ONPREM, "group", "assignedLicenses", "cloud"},
        {COR_SOA_ONPREM, "contact", "jobTitle", "onprem"},
        {COR_SOA_ONPREM, "device", "accountEnabled", "shared"},
        {COR_SOA_ONPREM, "device", "deviceId", "system"},
        {COR_SOA_ROLLBACK_PENDING, "user", "department", "onprem"},
        {COR_SOA_CONVERTED, "user", "department", "cloud"},
        {COR_SOA_CONVERTED, "group", "member", "cloud"},
        {COR_SOA_CLOUD, "user", "department", "cloud"},
        {COR_SOA_CLOUD, "application", "displayName", "cloud"},
        {COR_SOA_UNLINKED, "user", "department", "cloud"},
        {COR_SOA_UNKNOWN, "user", "department", "unknown"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *owner =
            cor_owner_name(cor_owner_of(NULL, cases[i].soa, cases[i].type, cases[i].property));
        if (strcmp(owner, cases[i].owner) != 0)
            fail_msg("%s: %s.%s belongs to %s", cor_soa_name(cases[i].soa), cases[i].type,
                     cases[i].property, owner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_soa),
        cmocka_unit_test(test_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
