# SPDX-License-Identifier: Apache-2.0
"""Whole cycles of a running lab under the sample configuration and under edited copies of it."""

import os
import shutil
import tempfile

from selftest_export import SAMPLE, rule_xml

AD = '{ae4db4cc-b16b-4eb2-acf5-837ca84e4d7d}'


def with_rule(folder, number, *mappings):
    """A copy of the sample with one more inbound rule for users, before all others."""
    copy = os.path.join(folder, str(number))
    shutil.copytree(SAMPLE, copy)
    with open(os.path.join(copy, 'SynchronizationRules', 'custom.xml'), 'w',
              encoding='utf-8') as out:
        out.write(rule_xml(number, 'Inbound', AD, 'user', 'person', 'Join', mappings))
    return copy


def exported_rules(checks, lab):
    if not os.path.isdir(SAMPLE):
        print('  skip  no exported configuration at %s' % SAMPLE)
        return

    def sync(rules, *options):
        return lab.sync('--full', '--rules', rules, '--map', 'OU=CORP,DC=contoso,DC=com',
                        lab.base, *options)

    def ours(report):
        return sorted((o['op'], o['dn'].partition(',')[0]) for o in report['operations']
                      if o['dn'].startswith('CN=ex-'))
    lab.add('ex-ada', title=' Engineer ', department='Old', mobile='+1 555',
            telephoneNumber='+1 556')
    lab.add('ex-msol', sAMAccountName='MSOL_exported')
    lab.add('ex-off', userAccountControl='546', manager=lab.dn('ex-ada'))
    lab.add('ex-group', 'group', member=[lab.dn('ex-ada'), lab.dn('ex-msol')])
    lab.add('ex-list', 'group', groupType='2')
    report = sync(SAMPLE)
    checks.same('additions', ours(report), [('add', 'CN=ex-ada'), ('add', 'CN=ex-group'),
                                            ('add', 'CN=ex-off')])
    checks.true('the mapping is said', any(lab.base + ' stands for' in n
                                           for n in report['rules']))
    ada, group = lab.cloud_id('ex-ada'), lab.cloud_id('ex-group')
    props = lab.props(ada)
    wanted = {'jobTitle': 'Engineer', 'department': 'Old', 'mobilePhone': '+1 555',
              'onPremisesImmutableId': lab.anchor('ex-ada'), 'accountEnabled': True,
              'onPremisesDomainName': lab.domain, 'onPremisesSamAccountName': 'ex-ada'}
    checks.same('properties', {n: props.get(n) for n in wanted}, wanted)
    checks.same('disabled', lab.props(lab.cloud_id('ex-off')).get('accountEnabled'), False)
    checks.same('members', lab.shown(group)['links']['members'], [ada])
    checks.same('manager', lab.graph('GET', 'users/%s/manager' % lab.cloud_id('ex-off')).get('id'),
                ada)
    again = sync(SAMPLE)
    checks.same('nothing more to do', (ours(again), again['references']), ([], 0))
    lab.set('ex-ada', title='Captain', mobile=None)
    sync(SAMPLE)
    props = lab.props(ada)
    checks.same('changed and emptied', (props.get('jobTitle'), props.get('mobilePhone')),
                ('Captain', None))
    with tempfile.TemporaryDirectory() as folder:
        changed = with_rule(folder, 50, ('department', 'c:Fleet', 'Update'))
        checks.true('a rule changes the value', ('update', 'CN=ex-ada') in ours(sync(changed)))
        checks.same('without a change in AD', lab.props(ada).get('department'), 'Fleet')
        out = with_rule(folder, 51, ('cloudFiltered', 'x:IIF([cn]="ex-ada",True,NULL)', 'Update'))
        stopped = sync(out, '--threshold', '0')
        checks.same('the guard holds', (stopped['status'], lab.props(ada).get('jobTitle')),
                    ('stopped-deletion-threshold-exceeded', 'Captain'))
        sync(out, '--threshold', 'off')
        checks.same('filtered: deleted', lab.cloud_id('ex-ada'), None)
        sync(SAMPLE)
        checks.same('the rule withdrawn: the same object', lab.cloud_id('ex-ada'), ada)
        checks.same('with its value', lab.props(ada).get('department'), 'Old')


GROUPS = (exported_rules,)
