/* SPDX-License-Identifier: Apache-2.0 */
/* Origin of changed properties in Entra ID, and who is the sync engine. */
#include "attribution.h"

static void test_cloud_measured(void **state)
{
    (void)state;
    struct scene *s = cloud_user("{'mobilePhone':'1'}", "{'mobilePhone':'2'}");
    update(s, "11:00:00", BY_SERVICE, "Mobile");
    update(s, "11:10:00", BY_PERSON, "Mobile");
    update(s, "11:20:00", BY_SERVICE, "OtherMail");
    judge(s, "mobilePhone");
    /* the last one that names the property decides, all are told */
    EXPECT(s, "cloud measured", PERSON, "audit-event audit-event");
    expect_when(s, "11:10:00");
    scene_free(s);
}

static void test_property_names(void **state)
{
    static const struct {
        const char *logged, *property;
        gboolean fits;
    } cases[] = {
        {"TelephoneNumber", "businessPhones", TRUE},
        {"PhysicalDeliveryOfficeName", "officeLocation", TRUE},
        {"JobTitle", "jobTitle", TRUE},
        {"Job", "jobTitle", FALSE},
        {"JobTitle2", "jobTitle", FALSE},
        {"ExtensionAttribute3", "onPremisesExtensionAttributes.extensionAttribute3", TRUE},
        {"ExtensionAttribute33", "onPremisesExtensionAttributes.extensionAttribute3", FALSE},
        {"TargetId.UserType", "userType", FALSE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct scene *s = cloud_user("{}", "{}");
        struct cor_change *change = cor_change_new(COR_CHANGE_MODIFIED);
        cor_object_ref_set(&change->object, s->newer);
        change->attribute = g_strdup(cases[i].property);
        change->new_value = cor_json_new_string("y");
        update(s, "11:00:00", BY_PERSON, cases[i].logged);
        attribute(s, change);
        if ((s->change->actor != NULL) != cases[i].fits)
            fail_msg("%s and %s", cases[i].logged, cases[i].property);
        scene_free(s);
    }
}

static void test_unlogged(void **state)
{
    (void)state;
    struct scene *s = cloud_user("{'usageLocation':'DE'}", "{'usageLocation':'NL'}");
    judge(s, "usageLocation");
    EXPECT(s, "cloud absent", NULL, "unlogged authority");
    /* a record that does not name the property proves nothing, but is told */
    event(s, "11:00:00", "Update user", BY_PERSON, "{'id':'u1','modified':[]}");
    judge(s, "usageLocation");
    EXPECT(s, "cloud absent", NULL, "unlogged audit-event-vague authority");
    /* another object's record, and one that failed */
    g_ptr_array_set_size(s->events, 0);
    event(s, "11:00:00", "Update user", BY_PERSON,
          "{'id':'u2','modified':[{'property':'UsageLocation'}]}");
    update(s, "11:00:00", BY_PERSON, "UsageLocation");
    struct cor_event_row *failed = s->events->pdata[1];
    cor_json_set(failed->doc, "result", cor_json_new_string("failure"));
    judge(s, "usageLocation");
    EXPECT(s, "cloud absent", NULL, "unlogged authority");
    g_ptr_array_set_size(s->events, 0);
    s->audit_unreadable = TRUE;
    judge(s, "usageLocation");
    EXPECT(s, "unknown absent", NULL, "audit-unreadable");
    scene_free(s);
}

static void test_echo_of_ad(void **state)
{
    (void)state;
    struct scene *s = synced_user("{'title':'A'}", "{'title':" STAMP("1", "08:00:00") "}",
                                  "{'title':'B'}", "{'title':" STAMP("2", "10:30:00") "}");
    judge(s, "jobTitle");
    EXPECT(s, "onprem derived", NULL, "replication-metadata flow-rule unlogged");
    update(s, "11:00:00", BY_SYNC, "JobTitle");
    judge(s, "jobTitle");
    EXPECT(s, "onprem derived", NULL, "replication-metadata flow-rule sync-actor");
    expect_when(s, "10:30:00");
    scene_free(s);
}

static void test_masked(void **state)
{
    (void)state;
    /* no metadata of the AD half at all */
    struct scene *s = synced_user("{}", NULL, "{}", NULL);
    update(s, "11:00:00", BY_SYNC, "JobTitle");
    judge(s, "jobTitle");
    EXPECT(s, "onprem masked", NULL, "flow-rule sync-actor authority");
    expect_when(s, "11:00:00");
    scene_free(s);
    /* metadata is there and shows that AD did not change, nor does AD give the value */
    s = synced_user("{'title':'C'}", "{'title':" STAMP("1", "08:00:00") "}", "{'title':'C'}",
                    "{'title':" STAMP("1", "08:00:00") "}");
    update(s, "11:00:00", BY_SYNC, "JobTitle");
    judge(s, "jobTitle");
    EXPECT(s, "sync masked", NULL, "flow-rule sync-actor authority");
    scene_free(s);
}

static void test_reexport(void **state)
{
    (void)state;
    struct scene *s =
        cloud_user("{" SYNCED ",'accountEnabled':false}", "{" SYNCED ",'accountEnabled':true}");
    const char *enabled = "{'userAccountControl':512}";
    const char *stamp = "{'userAccountControl':" STAMP("1", "08:00:00") "}";
    s->peer_older = ad(enabled, stamp);
    s->peer_newer = ad(enabled, stamp);
    update(s, "10:40:00", BY_PERSON, "AccountEnabled");
    update(s, "11:00:00", BY_SYNC, "AccountEnabled");
    judge(s, "accountEnabled");
    EXPECT(s, "sync derived", NULL, "flow-rule audit-event sync-actor authority");
    expect_when(s, "11:00:00");
    scene_free(s);
}

/* AD changed too, but only after the engine had written: that write cannot be the cause. */
static void test_write_after_sync(void **state)
{
    (void)state;
    struct scene *s = synced_user("{'title':'B'}", "{'title':" STAMP("1", "08:00:00") "}",
                                  "{'title':'C'}", "{'title':" STAMP("2", "11:30:00") "}");
    update(s, "11:00:00", BY_SYNC, "JobTitle");
    judge(s, "jobTitle");
    EXPECT(s, "sync derived", NULL, "replication-metadata flow-rule sync-actor authority");
    scene_free(s);
}

static void test_writable_in_cloud(void **state)
{
    (void)state;
    struct scene *s =
        cloud_user("{" SYNCED ",'accountEnabled':true}", "{" SYNCED ",'accountEnabled':false}");
    const char *enabled = "{'userAccountControl':512}";
    const char *stamp = "{'userAccountControl':" STAMP("1", "08:00:00") "}";
    s->peer_older = ad(enabled, stamp);
    s->peer_newer = ad(enabled, stamp);
    judge(s, "accountEnabled");
    EXPECT(s, "cloud absent", NULL, "flow-rule unlogged authority");
    update(s, "11:00:00", BY_PERSON, "AccountEnabled");
    judge(s, "accountEnabled");
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    scene_free(s);
}

/* The log names a person for what Graph would have refused. */
static void test_contradicted_by_authority(void **state)
{
    (void)state;
    struct scene *s = synced_user("{'title':'A'}", "{'title':" STAMP("1", "08:00:00") "}",
                                  "{'title':'B'}", "{'title':" STAMP("2", "10:30:00") "}");
    update(s, "11:00:00", BY_PERSON, "JobTitle");
    judge(s, "jobTitle");
    EXPECT(s, "onprem contradicted", PERSON,
           "audit-event flow-rule replication-metadata contradiction");
    scene_free(s);
}

/* Unlogged on a property that the cloud refuses: authority alone decides, and says so. */
static void test_authority_alone(void **state)
{
    (void)state;
    struct scene *s = synced_user("{}", NULL, "{}", NULL);
    judge(s, "jobTitle");
    EXPECT(s, "onprem absent", NULL, "flow-rule unlogged authority");
    scene_free(s);
}

static void test_computed_by_service(void **state)
{
    (void)state;
    struct scene *s = cloud_user("{" SYNCED ",'proxyAddresses':['SMTP:a@x.test']}",
                                 "{" SYNCED ",'proxyAddresses':['SMTP:b@x.test']}");
    s->peer_older = ad("{}", "{}");
    s->peer_newer = ad("{}", "{}");
    judge(s, "proxyAddresses");
    EXPECT(s, "unknown absent", NULL, "flow-rule unlogged authority");
    update(s, "11:00:00", BY_SERVICE, "ProxyAddresses");
    judge(s, "proxyAddresses");
    EXPECT(s, "cloud measured", "Some Service (application)", "audit-event");
    g_ptr_array_set_size(s->events, 0);
    update(s, "11:00:00", BY_NOBODY, "ProxyAddresses");
    judge(s, "proxyAddresses");
    EXPECT(s, "cloud masked", NULL, "audit-event");
    g_ptr_array_set_size(s->events, 0);
    update(s, "11:00:00", BY_PERSON, "ProxyAddresses");
    judge(s, "proxyAddresses");
    EXPECT(s, "onprem contradicted", PERSON, "audit-event flow-rule contradiction");
    scene_free(s);
}

static void test_bookkeeping(void **state)
{
    (void)state;
    struct scene *s = cloud_user("{" SYNCED ",'onPremisesDistinguishedName':'CN=a'}",
                                 "{" SYNCED ",'onPremisesDistinguishedName':'CN=b'}");
    judge(s, "onPremisesDistinguishedName");
    EXPECT(s, "sync derived", NULL, "authority");
    s->peer_older = ad("{'distinguishedName':'CN=a'}", "{'name':" STAMP("1", "08:00:00") "}");
    s->peer_newer = ad("{'distinguishedName':'CN=b'}", "{'name':" STAMP("2", "10:30:00") "}");
    judge(s, "onPremisesDistinguishedName");
    EXPECT(s, "onprem derived", NULL, "replication-metadata authority");
    scene_free(s);
}

static void test_conversion(void **state)
{
    (void)state;
    const char *older = "{" SYNCED ",'onPremisesSyncBehavior':{'isCloudManaged':false},"
                        "'onPremisesSecurityIdentifier':'S-1-5-21-1','jobTitle':'A'}";
    const char *newer = "{'onPremisesImmutableId':'" ANCHOR "','onPremisesSyncBehavior':"
                        "{'isCloudManaged':true},'onPremisesSecurityIdentifier':'S-1-5-21-1',"
                        "'jobTitle':'B'}";
    struct scene *s = cloud_user(older, newer);
    event(s, "11:00:00", "Change Source of Authority from AD to cloud", BY_PERSON, "{'id':'u1'}");
    judge(s, "onPremisesSyncBehavior.isCloudManaged");
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    judge(s, "onPremisesSyncEnabled");
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    update(s, "11:30:00", BY_PERSON, "JobTitle");
    judge(s, "jobTitle"); /* by then the cloud was the authority */
    EXPECT(s, "cloud measured", PERSON, "audit-event");
    scene_free(s);
}

/* --- who is the sync engine ------------------------------------------------------------- */

static void test_sync_names(void **state)
{
    static const struct {
        const char *actor;
        gboolean sync;
    } cases[] = {
        {BY_SYNC, TRUE},
        {"{'kind':'app','name':'ConnectSyncProvisioning_HOST_0123456789ab'}", TRUE},
        {"{'kind':'user','upn':'ADToAADSyncServiceAccount@example.test'}", TRUE},
        {"{'kind':'app','name':'renamed','appId':'app-1'}", TRUE}, /* learned by its role */
        {"{'kind':'app','name':'renamed','id':'SP-ID'}", TRUE},
        {BY_PERSON, FALSE},
        {BY_NOBODY, FALSE},
        {"{'kind':'user','upn':'sync_master@example.test'}", FALSE},
        {"{'kind':'user','upn':'Sync_HOST_0123456789ab'}", FALSE},
        {"{'kind':'user','upn':'Sync_HOST_0123456789xy@example.test'}", FALSE},
        {"{'kind':'app','name':'ConnectSyncProvisioning_HOST'}", FALSE},
        {"{'kind':'app','name':'ConnectSyncProvisioning_HOST_0123456789abc'}", FALSE},
        {"{'kind':'app','name':'ConnectSyncProvisioning_0123456789ab'}", FALSE},
        {"{'kind':'app','appId':'00000014-0000-0000-c000-000000000000'}", FALSE},
    };
    (void)state;
    struct cor_sync_identities identities;
    cor_sync_identities_init(&identities);
    COR_RECORD_AUTO *engine = entra("servicePrincipal", "sp-id",
                                    "{'appId':'APP-1','displayName':'Corporate Sync',"
                                    "'anchorwatchSyncRole':true}");
    COR_RECORD_AUTO *other =
        entra("servicePrincipal", "p1", "{'appId':'APP-2','displayName':'Other'}");
    cor_sync_identities_learn(&identities, engine);
    cor_sync_identities_learn(&identities, other);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        COR_JSON_AUTO *actor = halves_json(cases[i].actor);
        if (cor_actor_is_sync(&identities, actor) != cases[i].sync)
            fail_msg("%s", cases[i].actor);
    }
    cor_sync_identities_clear(&identities);
}

static void test_cloud_sync_engine(void **state)
{
    const char *fabric =
        "{'kind':'app','appId':'00000014-0000-0000-c000-000000000000','name':'Fabric'}";
    (void)state;
    struct scene *s = synced_user("{}", NULL, "{}", NULL);
    s->tenant.engine = COR_ENGINE_CLOUDSYNC;
    update(s, "11:00:00", fabric, "JobTitle");
    judge(s, "jobTitle");
    EXPECT(s, "onprem masked", NULL, "flow-rule sync-actor authority");
    scene_free(s);
    s = cloud_user("{'jobTitle':'A'}", "{'jobTitle':'B'}"); /* a cloud user: it provisions others */
    s->tenant.engine = COR_ENGINE_CLOUDSYNC;
    update(s, "11:00:00", fabric, "JobTitle");
    judge(s, "jobTitle");
    EXPECT(s, "cloud measured", "Fabric (application)", "audit-event");
    scene_free(s);
}

static void test_marked_record(void **state)
{
    (void)state;
    struct scene *s = cloud_user("{'jobTitle':'A'}", "{'jobTitle':'B'}");
    event(s, "11:00:00", "Update user", BY_SERVICE,
          "{'id':'u1','modified':[{'property':'JobTitle'},"
          "{'property':'Action Client Name','new':'DirectorySync'}]}");
    judge(s, "jobTitle");
    EXPECT(s, "sync masked", NULL, "sync-actor");
    scene_free(s);
}

static void provisioned(struct scene *s, const char *activity, const char *result, const char *job,
                        const char *property)
{
    struct cor_event_row *row = g_new0(struct cor_event_row, 1);
    g_autofree char *doc = g_strdup_printf(
        "{'category':'provisioning','activity':'%s','result':'%s','details':{'job':'%s.0123'},"
        "'actor':{'kind':'app','id':'s1','name':'Provisioner'},"
        "'targets':[{'id':'u1','modified':[{'property':'%s','old':'A','new':'B'}]}]}",
        activity, result, job, property);
    row->id = g_strdup(result);
    row->time_us = cor_time_parse(DAY "11:00:00Z");
    row->doc = halves_json(doc);
    g_ptr_array_add(s->events, row);
}

/* Jobs from AD carry what others wrote; another job is an application like any other, and what a
 * job failed to do or skipped it did not do. */
static void test_provisioning_log(void **state)
{
    static const struct {
        const char *activity, *result, *job, *property, *verdict, *who, *evidence;
    } cases[] = {
        {"update", "success", "AD2AADProvisioning", "jobTitle", "sync masked", NULL, "sync-actor"},
        {"update", "warning", "AD2AADProvisioning", "JobTitle", "sync masked", NULL, "sync-actor"},
        {"update", "success", "Workday2AAD", "jobTitle", "cloud measured",
         "Provisioner (application)", "audit-event"},
        {"update", "failure", "Workday2AAD", "jobTitle", "cloud absent", NULL,
         "unlogged authority"},
        {"update", "skipped", "Workday2AAD", "jobTitle", "cloud absent", NULL,
         "unlogged authority"},
        {"update", "success", "Workday2AAD", "mail", "cloud absent", NULL, "unlogged authority"},
        {"delete", "success", "Workday2AAD", "jobTitle", "cloud absent", NULL,
         "unlogged authority"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct scene *s = cloud_user("{'jobTitle':'A'}", "{'jobTitle':'B'}");
        provisioned(s, cases[i].activity, cases[i].result, cases[i].job, cases[i].property);
        judge(s, "jobTitle");
        EXPECT(s, cases[i].verdict, cases[i].who, cases[i].evidence);
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cloud_measured),
        cmocka_unit_test(test_property_names),
        cmocka_unit_test(test_unlogged),
        cmocka_unit_test(test_echo_of_ad),
        cmocka_unit_test(test_masked),
        cmocka_unit_test(test_reexport),
        cmocka_unit_test(test_write_after_sync),
        cmocka_unit_test(test_writable_in_cloud),
        cmocka_unit_test(test_contradicted_by_authority),
        cmocka_unit_test(test_authority_alone),
        cmocka_unit_test(test_computed_by_service),
        cmocka_unit_test(test_bookkeeping),
        cmocka_unit_test(test_conversion),
        cmocka_unit_test(test_sync_names),
        cmocka_unit_test(test_cloud_sync_engine),
        cmocka_unit_test(test_marked_record),
        cmocka_unit_test(test_provisioning_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
