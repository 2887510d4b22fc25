# SPDX-License-Identifier: Apache-2.0
"""Checks of the exported-configuration mode: the language against the examples of the functions
reference and hand-derived cases, the engine on a small configuration written here, and the sample
where it is at hand."""

import datetime
import os
import tempfile

import exported
import pending
import settings
from entry import Entry
from export import clauses, configuration, engine, generate, language, values

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      *['..'] * 4, 'shared', 'data', 'connect-contoso')
NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.timezone.utc)
SID = 'S-1-5-21-1-2-3-500'
DATA = {
    'cn': 'Ada', 'blank': '  ', 'padded': ' x ', 'count': 7, 'zero': 0, 'flag': True,
    'mails': ['smtp:a@x', 'SMTP:b@x', 'SIP:c@x'], 'twins': ['a', 'A', 'b'],
    'guid': values.octets_of('897485c7-81a7-42eb-97c6-37ed73077b1f'),
    'sid': values.octets_of(SID), 'dn': 'CN=Joe,OU=Atlanta,OU=GA,OU=US,dc=contoso,dc=com',
    'conflict': 'CN=Ada\\0ACNF:1,OU=X,DC=y', 'user': 'u', 'type': 'User',
}
# expression, expected; the first part are the examples of the functions reference
CASES = (
    ('BitAnd(&HF, &HF7)', 7),
    ('BitOr(1,6)', 7),
    ('CBool([cn] = [cn])', True),
    ('FormatDateTime(CDate("2013-01-10 4:00 PM -8"),"yyyy-MM-dd HH:mm")', '2013-01-11 00:00'),
    ('ConvertFromBase64("SABlAGwAbABvACAAdwBvAHIAbABkACEA")', 'Hello world!'),
    ('ConvertFromBase64("SGVsbG8gd29ybGQh", UTF8)', 'Hello world!'),
    ('ConvertFromUTF8Hex("48656C6C6F20776F726C6421")', 'Hello world!'),
    ('ConvertToBase64("Hello world!")', 'SABlAGwAbABvACAAdwBvAHIAbABkACEA'),
    ('ConvertToUTF8Hex("Hello world!")', '48656C6C6F20776F726C6421'),
    ('FormatDateTime(DateAdd("m", 3, CDate("2001-01-01")),"yyyy-MM-dd")', '2001-04-01'),
    ('FormatDateTime(DateFromNum(129699324000000000),"yyyy-MM-dd HH:mm:ss")',
     '2012-01-01 23:00:00'),
    ('NumFromDate(CDate("2012-01-01 23:00:00"))', 129699324000000000),
    ('DNComponent(CRef([dn]),1)', 'Joe'),
    ('DNComponentRev(CRef([dn]),3)', 'US'),
    ('DNComponentRev(CRef([dn]),1,"DC")', 'US'),
    ('FormatDateTime(CDate("12/25/2007"),"yyyy-MM-dd")', '2007-12-25'),
    ('InStr("The quick brown fox","quick")', 5),
    ('InStr("repEated","e",3,vbBinaryCompare)', 7),
    ('InStrRev("abbcdbbbef","bb")', 7),
    ('IsBitSet(&HF,4)', True),
    ('LCase("TeSt")', 'test'), ('UCase("TeSt")', 'TEST'), ('PCase("TEsT")', 'Test'),
    ('Left("John Doe", 3)', 'Joh'), ('Right("John Doe", 3)', 'Doe'), ('Len("John Doe")', 8),
    ('LTrim(" Test ")', 'Test '), ('RTrim(" Test ")', ' Test'), ('Trim(" Test ")', 'Test'),
    ('Mid("John Doe", 3, 5)', 'hn Do'), ('Mid("John Doe", 6, 999)', 'Doe'),
    ('PadLeft("User", 10, "0")', '000000User'), ('PadRight("User", 10, "0")', 'User000000'),
    ('ReplaceChars("Räksmörgås","ä:a,ö:o,å:a")', 'Raksmorgas'),
    ('ReplaceChars("O’Neil","’:,Å:A")', 'ONeil'),
    ('Split("SMTP:john.doe@contoso.com,smtp:jd@contoso.com",",")',
     ['SMTP:john.doe@contoso.com', 'smtp:jd@contoso.com']),
    ('Word("The quick brown fox",3," ")', 'brown'),
    ('Word("This,string!has&many separators",3,",!&#")', 'has'),
    ('Replace("a\\r\\nb","\\r\\n",", ")', 'a, b'),
    ('Join([mails],",")', 'smtp:a@x,SMTP:b@x,SIP:c@x'),
    ('Select($item,[mails],Replace($item,"@x",""))', ['smtp:a', 'SMTP:b', 'SIP:c']),
    ('Where($item,[mails],InStr($item,"SIP:")=1)', ['SIP:c@x']),
    ('With($n,Count([mails]),IIF($n>2,"many","few"))', 'many'),
    ('Switch([cn]="Bob","B",[cn]="Ada","A",True,Error("unknown"))', 'A'),
    ('Switch([cn]="Bob","B")', None),
    # edges that the remarks state
    ('Left("abc",0)', ''), ('Left("abc",-1)', 'abc'), ('Left([absent],3)', ''),
    ('Left("ab",9)', 'ab'), ('Right("abc",0)', ''), ('Right("abc",-1)', 'abc'),
    ('Mid("abc",9,1)', 'abc'), ('Mid("abc",0,1)', 'abc'), ('Mid("abc",1,0)', ''),
    ('Mid("abc",2,-1)', 'abc'), ('Mid([absent],1,1)', ''),
    ('Word("a b",0," ")', ''), ('Word("a b",3," ")', ''), ('Word([absent],1," ")', ''),
    ('Contains([mails],"SMTP:")', 2), ('Contains([mails],"sip:")', 0),
    ('Contains([mails],"sip:",CaseInsensitive)', 3), ('Contains([absent],"x")', 0),
    ('Item([mails],Contains([mails],"SMTP:"))', 'SMTP:b@x'), ('ItemOrNull([mails],9)', None),
    ('Count([mails])', 3), ('Count([absent])', 0), ('ValueCount("mails")', 3),
    ('IsNull([absent])', True), ('IsNull([cn])', False), ('IsPresent([absent])', False),
    ('IsPresent([zero])', True), ('IsNullOrEmpty("")', True), ('IsPresent([mails])', True),
    ('IsEmpty("")', True), ('IsEmpty([absent])', False), ('IsString([guid])', False),
    ('IsString([cn])', True), ('IsNumeric("12")', True), ('IsNumeric("x")', False),
    ('IsGuid("00001111-aaaa-2222-bbbb-3333cccc4444")', True), ('IsGuid("x")', False),
    ('IsDate("2001-01-01")', True), ('IsDate("soon")', False), ('IsCert("eA==")', False),
    ('StringFromSid([sid])', SID),
    ('StringFromGuid([guid])', '897485c7-81a7-42eb-97c6-37ed73077b1f'),
    ('StringFromGuid(CGuid("{00001111-aaaa-2222-bbbb-3333cccc4444}"))',
     '00001111-aaaa-2222-bbbb-3333cccc4444'),
    ('ConvertToBase64([guid])', 'x4V0iaeB60KXxjftcwd7Hw=='),
    ('CStr([flag])', 'True'), ('CStr([count])', '7'), ('CNum("12")', 12), ('CBool(0)', False),
    ('CBool(NULL)', False), ('EscapeDNComponent("cn=a,b")', 'cn=a\\,b'),
    ('FormatDateTime(Now(),"yyyyMMddHHmmss.0Z")', '20261123120000.0Z'),
    # order of evaluation, multi-values, literals
    ('2*5+3', 13), ('2+5*3', 21), ('2*(5+3)', 16), ('10-3-2', 5),
    ('True || False && False', False), ('True || (False && False)', True),
    ('IsPresent([absent]) || IsPresent([cn]) = False', False),
    ('IsPresent([cn]) = True && InStr([cn],"d") > 0', True),
    ('False && Error("not reached")', False), ('IIF(True,1,Error("not reached"))', 1),
    ('[absent] = "x"', False), ('[absent] <> "x"', True), ('[absent] > 1', False),
    ('"a" = "A"', False), ('[count] = 7', True), ('[count] >= 7', True), ('[flag] = True', True),
    ('"a" & [absent] & "b"', 'ab'), ('"x" & [count]', 'x7'), ('-3+5', 2),
    ('"\\\\0ACNF:"', '\\0ACNF:'), ('CRLF', '\r\n'), ('%Domain.FQDN%', 'contoso.com'),
    ('CBool(InStr(DNComponent(CRef([conflict]),1),"\\\\0ACNF:")>0)', True),
    ('Trim([padded])', 'x'), ('Trim([blank])', ''),
    ('Word([mails],1,"@") & "@y"', ['smtp:a@y', 'SMTP:b@y', 'SIP:c@y']),
    ('IIF(InStr([mails],"SIP:")=1,NULL,[mails])', ['smtp:a@x', 'SMTP:b@x']),
    ('RemoveDuplicates([twins])', ['a', 'b']), ('NULL', None),
    ('IIF(BitAnd([absent],2)=0,True,False)', False),
    ('CBool(BitAnd(-2147483646,-2147483648))', True),
)
REFUSED = ('Nope([cn])', 'IIF(True,1)', '"open', '[cn', '1 +', 'trim([cn])', '', 'Left("a",1',
           '1 2', 'CertFormat([cn])')
FAILING = ('Error("text")', 'Item([mails],9)', 'Item([mails],0)', 'CNum("x")', 'StringFromSid("x")',
           'CDate("soon")', 'Trim([guid])', 'CGuid("x")', 'Split([cn],"ab")')


class NoCoverage(engine.Coverage):
    pass


def environment():
    return engine.Environment(DATA.get, {'Domain.FQDN': 'contoso.com'}, NOW, NoCoverage())


def language_cases(checks):
    for text, wanted in CASES:
        got = language.compile_text(text).run(environment())
        checks.same(text, (got, type(got)), (wanted, type(wanted)))
    checks.true('ignore', language.compile_text('IgnoreThisFlow').run(environment())
                is values.IGNORE)
    checks.true('authoritative', language.compile_text('AuthoritativeNull').run(environment())
                is values.AUTHORITATIVE)
    checks.same('left counts UTF-16 units', language.compile_text('Left("\U0001d4b3ab",3)').run(
        environment()), '\U0001d4b3a')


def language_errors(checks):
    for text in REFUSED:
        try:
            language.compile_text(text)
            checks.same('refused: ' + text, 'read', 'refused')
        except language.SyntaxProblem:
            checks.passed += 1
    for text in FAILING:
        try:
            checks.same('fails: ' + text, language.compile_text(text).run(environment()), 'fails')
        except values.EvaluationError:
            checks.passed += 1


def operators(checks):
    for operator, found, wanted, expected in (
            ('EQUAL', True, 'TRUE', True), ('EQUAL', None, 'x', False),
            ('NOTEQUAL', None, 'True', True), ('NOTEQUAL', True, 'true', False),
            ('NOTSTARTSWITH', None, 'User_', True), ('NOTSTARTSWITH', 'User_1', 'User_', False),
            ('STARTSWITH', 'abc', 'AB', True), ('ENDSWITH', 'abc', 'bc', True),
            ('NOTENDSWITH', 'abc', 'bc', False), ('CONTAINS', 'abc', 'B', True),
            ('NOTCONTAINS', 'abc', 'b', False), ('ISNULL', None, '', True),
            ('ISNOTNULL', None, '', False), ('ISNOTNULL', 0, '', True),
            ('ISBITNOTSET', 512, '2', True), ('ISBITSET', 514, '2', True),
            ('ISNOTBITSET', 514, '2', False), ('LESSTHAN', 9, '50000', True),
            ('LESSTHAN', '9', '50000', False), ('LESSTHAN', 50000, '50000', False),
            ('LESSTHAN_OR_EQUAL', 50000, '50000', True), ('GREATERTHAN', 60000, '50000', True),
            ('GREATERTHAN_OR_EQUAL', None, '1', False), ('ISIN', ['a', 'b'], 'B', True),
            ('ISNOTIN', ['a', 'b'], 'c', True)):
        checks.same('%s %r %s' % (operator, found, wanted),
                    clauses.holds(operator, found, wanted), expected)
    checks.true('member of', clauses.holds('ISMEMBEROF', None, 'CN=G,DC=x', {'cn=g,dc=x'}))


# -- a configuration of our own --------------------------------------------------------------------

AD_A, AD_B, CLOUD = ('{%s}' % ('%d' % n * 8 + '-0000-4000-8000-000000000000') for n in (1, 2, 3))
ATTRIBUTES = (('cn', 15, 1), ('mail', 15, 1), ('objectGUID', 40, 1), ('objectSid', 40, 1),
              ('flags', 27, 1), ('mails', 15, 0), ('manager', 12, 1), ('cloudFiltered', 7, 1),
              ('anchor', 15, 1), ('note', 15, 1))


def schema_xml(single=True):
    return ''.join(
        '<attribute-type id="%s"%s><name>%s</name><syntax>1.3.6.1.%d</syntax></attribute-type>'
        % (name, ' single-value="true"' if one else '', name, syntax)
        for name, syntax, one in ATTRIBUTES)


def connector_xml(guid, category, domain):
    selected = ''.join('<attribute>%s</attribute>' % a[0] for a in ATTRIBUTES if a[0] != 'note' or
                       category != 'AD')
    return ('<ma-data><id>%s</id><name>n</name><category>%s</category><schema>'
            '<dsml xmlns="http://www.dsml.org/DSML">%s</dsml></schema>'
            '<attribute-inclusion>%s</attribute-inclusion><ma-partition-data><partition>'
            '<name>%s</name><selected>1</selected><filter><object-classes>'
            '<object-class>user</object-class><object-class>contact</object-class>'
            '</object-classes><containers><exclusions><exclusion>%s</exclusion>'
            '<exclusion>OU=No,OU=In,%s</exclusion></exclusions><inclusions>'
            '<inclusion>OU=In,%s</inclusion></inclusions></containers></filter></partition>'
            '</ma-partition-data></ma-data>' % ((guid, category, schema_xml(), selected) +
                                                (domain,) * 4))


def rule_xml(number, direction, connector, source, target, link, mappings, joins='', scope=''):
    flows = ''
    for dest, what, merge in mappings:
        kind, _, text = what.partition(':')
        flows += '<mapping><dest>%s</dest>%s<valueMergeType>%s</valueMergeType></mapping>' % (
            dest, {'a': '<src><attr>%s</attr></src>', 'c': '<src>%s</src>',
                   'x': '<expression>%s</expression>'}[kind] % text.replace(
                       '&', '&amp;').replace('<', '&lt;'), merge)
    return ('<synchronizationRule><id>{%08d-0000-4000-8000-000000000000}</id><name>rule %d</name>'
            '<direction>%s</direction><disabled>False</disabled><connector>%s</connector>'
            '<sourceObjectType>%s</sourceObjectType><targetObjectType>%s</targetObjectType>'
            '<linkType>%s</linkType><precedence>%d</precedence><attribute-mappings>%s'
            '</attribute-mappings><relationshipCriteria>%s</relationshipCriteria>'
            '<synchronizationCriteria>%s</synchronizationCriteria></synchronizationRule>' % (
                number, number, direction, connector, source, target, link, number, flows, joins,
                scope))


def join_xml(attribute, name):
    return ('<conditions><condition><csAttribute>%s</csAttribute><ilmAttribute>%s</ilmAttribute>'
            '</condition></conditions>' % (attribute, name))


def scope_xml(*clauses_of_group):
    return '<conditions>%s</conditions>' % ''.join(
        '<scope><csAttribute>%s</csAttribute><csOperator>%s</csOperator><csValue>%s</csValue>'
        '</scope>' % c for c in clauses_of_group)


def rules():
    up = 'Update'
    for base, connector in ((100, AD_A), (200, AD_B)):
        yield rule_xml(base + 1, 'Inbound', connector, 'user', 'person', 'Provision', (
            ('anchor', 'x:ConvertToBase64([objectGUID])', up), ('cn', 'a:cn', up),
            ('mail', 'x:Trim([mail])', up), ('manager', 'a:manager', up),
            ('objectSid', 'a:objectSid', up), ('mails', 'a:mails', 'MergeCaseInsensitive'),
            ('cloudFiltered', 'x:IIF([flags]=9,True,NULL)', up),
            ('note', 'x:IIF([flags]=8,Error("eight"),IIF([flags]=7,AuthoritativeNull,'
             'IIF([flags]=6,NULL,"first")))', up)), join_xml('objectSid', 'objectSid'))
        yield rule_xml(base + 2, 'Inbound', connector, 'user', 'person', 'Join',
                       (('note', 'c:second', up),))
        yield rule_xml(base + 3, 'Inbound', connector, 'contact', 'person', 'Provision', (
            ('anchor', 'x:ConvertToBase64([objectGUID])', up), ('cn', 'a:cn', up),
            ('mails', 'a:mails', 'MergeCaseInsensitive'), ('mail', 'a:mail', up)),
            join_xml('mail', 'mail'))
    yield rule_xml(301, 'Outbound', CLOUD, 'person', 'user', 'Provision', (
        ('anchor', 'a:anchor', up), ('cn', 'a:cn', up), ('mail', 'x:IgnoreThisFlow', up),
        ('flags', 'x:IIF([cn]="Bad",Error("bad"),NULL)', up)), join_xml('anchor', 'anchor'),
        scope_xml(('cloudFiltered', 'NOTEQUAL', 'True'), ('anchor', 'ISNOTNULL', '')))
    yield rule_xml(302, 'Outbound', CLOUD, 'person', 'user', 'Join', (
        ('note', 'a:note', up), ('manager', 'a:manager', up), ('mails', 'a:mails', up),
        ('mail', 'x:IgnoreThisFlow', up)))


def write_configuration(folder, encoding='utf-8'):
    for name in ('Connectors', 'GlobalSettings', 'SynchronizationRules'):
        os.makedirs(os.path.join(folder, name))

    def write(part, name, text):
        with open(os.path.join(folder, part, name), 'w', encoding=encoding) as out:
            out.write(text)
    write('Connectors', 'a.xml', connector_xml(AD_A, 'AD', 'DC=a'))
    write('Connectors', 'b.xml', connector_xml(AD_B, 'AD', 'DC=b'))
    write('Connectors', 'c.xml', connector_xml(CLOUD, 'Extensible2', 'default'))
    write('GlobalSettings', 'MV.xml', '<saved-mv-configuration><mv-data><schema>'
          '<dsml xmlns="http://www.dsml.org/DSML">%s</dsml></schema><parameter-values/>'
          '</mv-data></saved-mv-configuration>' % schema_xml())
    for at, text in enumerate(rules()):
        write('SynchronizationRules', '%d.xml' % at, text)


def person(number, kind='user', place='OU=In', forest='a', **attributes):
    guid = '%08d-0000-4000-8000-000000000000' % number
    cn = attributes.setdefault('cn', 'P%d' % number)
    attributes['objectGUID'] = guid
    return {'id': guid, 'connector': AD_A if forest == 'a' else AD_B, 'type': kind,
            'dn': 'CN=%s,%s,DC=%s' % (cn, place, forest), 'attributes': attributes}


def evaluate(folder, *documents):
    one = engine.Engine(configuration.Configuration(folder), NOW)
    one.load(documents)
    one.run()
    return [one.result(source) for source in one.objects]


def value_of(result, name):
    found = result['properties'].get(name, {})
    return found.get('outcome'), found.get('value'), (found.get('rule') or '')[6:9], \
        (found.get('mvRule') or '')[6:9]


def small_engine(checks):
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.path.join(temporary, 'rules')
        write_configuration(folder)
        flows(checks, folder)
        joins(checks, folder)
        for encoding in ('utf-8-sig', 'utf-16'):
            other = os.path.join(temporary, encoding)
            write_configuration(other, encoding)
            checks.same('rules in ' + encoding, len(configuration.Configuration(other).rules), 8)
        with open(os.path.join(folder, 'SynchronizationRules', '0.xml'), 'a',
                  encoding='utf-8') as out:
            out.write('<')
        try:
            configuration.Configuration(folder)
            checks.same('malformed file', 'read', 'refused')
        except configuration.Malformed as error:
            checks.true('names the file', '0.xml' in str(error))


def flows(checks, folder):
    plain, null, stop, error, filtered, bad, outside, excluded, other = evaluate(
        folder, person(1, mail=' m@x ', manager='CN=P2,OU=In,DC=a', flags=1, note='unselected'),
        person(2, flags=6), person(3, flags=7, manager='CN=P5,OU=In,DC=a'), person(4, flags=8),
        person(5, flags=9), person(6, cn='Bad'), person(7, place='OU=Out'),
        person(8, place='OU=No,OU=In'), person(9, kind='group'))
    checks.same('anchor', value_of(plain, 'anchor'),
                ('value', 'AQAAAAAAAECAAAAAAAAAAA==', '301', '101'))
    checks.same('first rule wins', value_of(plain, 'note'), ('value', 'first', '302', '101'))
    checks.same('NULL lets the next contribute', value_of(null, 'note'),
                ('value', 'second', '302', '102'))
    checks.same('AuthoritativeNull ends it', value_of(stop, 'note'), ('remove', None, '302', ''))
    checks.same('ignored everywhere: left alone', 'mail' in plain['properties'], False)
    checks.same('NULL is removal', value_of(plain, 'flags'), ('remove', None, '301', ''))
    checks.same('reference is the identifier', value_of(plain, 'manager')[1],
                '00000002-0000-4000-8000-000000000000')
    checks.same('reference to what is not provisioned', value_of(stop, 'manager')[0], 'remove')
    checks.same('inbound error', (error['error'], error['metaverse'], error['inScope']),
                ('eight', None, True))
    checks.same('filtered', (filtered['cloudFiltered'], filtered['cloudType'],
                             filtered['properties']), (True, None, {}))
    checks.same('outbound error', (bad['error'], value_of(bad, 'flags')[0],
                                   value_of(bad, 'cn')[:2]), ('bad', 'error', ('value', 'Bad')))
    checks.same('mail is trimmed', plain['metaverse']['attributes']['mail'], 'm@x')
    for name, one in (('outside', outside), ('excluded', excluded), ('other class', other)):
        checks.same(name, (one['inScope'], one['metaverse']), (False, None))


def joins(checks, folder):
    user, contact, same, alone = evaluate(
        folder, person(1, objectSid=SID, mail='M@x', mails=['a', 'b']),
        person(2, kind='contact', forest='b', mail='m@x', mails=['B', 'c'], cn='Other'),
        person(3, kind='contact', mail='m@x'), person(4, forest='b', mail='m@x'))
    checks.same('contact of another forest joins', contact['joinedWith'], [user['id']])
    checks.same('values merge without case', value_of(user, 'mails')[1], ['a', 'b', 'c'])
    checks.same('both show one object', contact['properties'], user['properties'])
    checks.same('precedence over both', value_of(contact, 'cn')[1], 'P1')
    checks.same('same connector is ambiguous', (same['error'], same['metaverse']),
                (engine.AMBIGUOUS, None))
    checks.same('another user does not join by mail', alone['joinedWith'], [])
    first, second, third = evaluate(
        folder, person(1, mail='m@x'), person(2, forest='b', mail='m@x'),
        person(3, kind='contact', mail='m@x'))
    checks.same('two candidates: no join', (third['joinedWith'], third['cloudType']), ([], 'user'))
    checks.true('both users stand alone', not first['joinedWith'] + second['joinedWith'])


def sample(checks):
    """Hand-derived from the rule files of the sample."""
    if not os.path.isdir(SAMPLE):
        print('  skip  no exported configuration at %s' % SAMPLE)
        return
    chosen = configuration.Configuration(SAMPLE)
    checks.same('rules', len(chosen.rules), 62)
    checks.same('mappings', sum(len(r.mappings) for r in chosen.rules), 1200)
    checks.same('expressions', sum(m.expression is not None for r in chosen.rules
                                   for m in r.mappings), 391)
    base = {'objectGUID': '897485c7-81a7-42eb-97c6-37ed73077b1f', 'cn': 'Ada',
            'objectSid': SID, 'sAMAccountName': 'ada', 'userAccountControl': 514}
    place = 'CN=Ada,OU=CORP,DC=contoso,DC=com'

    def result(kind='user', dn=place, **change):
        attributes = {k: v for k, v in {**base, **change}.items() if v is not None}
        one = engine.Engine(chosen, NOW)
        one.load([{'id': base['objectGUID'], 'connector': None, 'type': kind, 'dn': dn,
                   'attributes': attributes}])
        one.run()
        return one.result(one.objects[0])

    def of(found, name):
        return found['properties'].get(name, {}).get('value')
    found = result()
    checks.same('name', of(found, 'dn'), 'CN={783456306961654236304B58786A66746377643748773D3D}')
    checks.same('disabled', of(found, 'accountEnabled'), False)
    checks.same('computed name', of(found, 'userPrincipalName'), 'ada@contoso.com')
    checks.same('usage location is left', 'usageLocation' in found['properties'], False)
    checks.same('enabled', of(result(userAccountControl=512), 'accountEnabled'), True)
    checks.same('no mailNickname', result()['properties']['alias']['outcome'], 'remove')
    long = result(description=['  ' + 'x' * 460])
    checks.same('448 units', of(long, 'description'), 'x' * 448)
    checks.same('duplicates', of(result(proxyAddresses=['SMTP:a@x', 'smtp:A@x ', 'smtp:b@x']),
                                 'proxyAddresses'), ['SMTP:a@x', 'smtp:b@x'])
    for name, change in (('system account', {'sAMAccountName': 'MSOL_1'}),
                         ('no account name', {'sAMAccountName': None,
                                              'userPrincipalName': 'a@contoso.com'}),
                         ('system mailbox', {'mailNickname': 'SystemMailbox{1}'}),
                         ('mailbox plan', {'msExchRecipientTypeDetails': 16777216}),
                         ('conflict', {'dn': place.replace('Ada', 'Ada\\0ACNF:1')})):
        found = result(**change)
        checks.same(name, (found['cloudFiltered'], found['cloudType']), (True, None))
    linked = result(msExchRecipientTypeDetails=2)
    checks.same('linked mailbox has no anchor', (linked['cloudType'], linked['cloudFiltered']),
                (None, False))
    checks.same('provisioned before', result(adminDescription='User_1')['inScope'], False)
    checks.same('critical', result(isCriticalSystemObject=True)['inScope'], False)
    checks.same('neither name', result(sAMAccountName=None)['error'], 'AccountName is not present')
    group = result('group', groupType=-2147483646, member=['CN=Gone,DC=x'])
    checks.same('security group', (group['cloudType'], of(group, 'securityEnabled')),
                ('group', True))
    checks.same('unknown member', group['properties']['member']['outcome'], 'remove')
    checks.same('distribution group', result('group', groupType=2)['cloudType'], None)
    checks.same('its mail', result('group', groupType=2, mail='g@x')['cloudType'], 'group')
    checks.same('contact', result('contact', mail='a@x')['cloudType'], 'contact')
    checks.same('contact without mail', result('contact')['cloudType'], None)
    device = result('computer', userCertificate=['AQID'])
    checks.same('device', (device['cloudType'], of(device, 'deviceId'),
                           of(device, 'deviceTrustType')),
                ('device', 'x4V0iaeB60KXxjftcwd7Hw==', 'ServerAd'))
    owned = engine.Engine(chosen, NOW)
    owned.load([{'id': '%08d-0000-4000-8000-000000000000' % n, 'connector': None, 'type': kind,
                 'dn': 'CN=%d,OU=CORP,DC=contoso,DC=com' % n,
                 'attributes': {**base, 'objectGUID': '%08d-0000-4000-8000-000000000000' % n,
                                'cn': str(n), 'objectSid': sid, **more}}
                for n, kind, sid, more in (
                    (1, 'user', SID, {}), (2, 'foreignSecurityPrincipal', SID, {}),
                    (3, 'computer', SID[:-3] + '501', {'userCertificate': ['AQID'],
                                                       'mS-DS-CreatorSID': SID}))])
    owned.run()
    checks.same('the owner is the user, not what stands for it',
                of(owned.result(owned.objects[2]), 'registeredOwnerReference'),
                owned.objects[0].id)
    checks.same('no certificate', result('computer')['cloudFiltered'], True)
    reached(checks, chosen)


def cycle_metaverse(checks):
    """The candidates of a cycle under the sample, moved into the lab's domain."""
    if not os.path.isdir(SAMPLE):
        print('  skip  no exported configuration at %s' % SAMPLE)
        return
    base = 'DC=corp,DC=example,DC=test'
    context = {'domain_fqdn': 'corp.example.test', 'domain_netbios': 'CORP', 'base_dn': base}
    octets = values.octets_of(SID)

    def entry(number, cls, place='OU=Staff,', **change):
        classes = {'user': ['top', 'person', 'user'], 'group': ['top', 'group'],
                   'computer': ['top', 'person', 'user', 'computer'],
                   'dnsNode': ['top', 'dnsNode']}[cls]
        return Entry.make('CN=%d,%s%s' % (number, place, base),
                          '%08d-0000-4000-8000-000000000000' % number,
                          **{'objectClass': classes, 'cn': str(number), 'userAccountControl': 512,
                             'sAMAccountName': 'n%d' % number, **change})
    entries = [
        entry(1, 'user', objectSid=octets, countryCode=276, manager='CN=2,OU=Staff,' + base,
              url=['b', 'a']), entry(2, 'user', sAMAccountName='MSOL_2'),
        entry(3, 'group', groupType=-2147483646,
              member=['CN=1,OU=Staff,' + base, 'CN=2,OU=Staff,' + base]),
        entry(4, 'user', place='OU=Unsynced,'), entry(5, 'dnsNode'),
        entry(6, 'computer', userCertificate=b'x', mS_DS_CreatorSID=octets)]
    mapped = exported.Mapped(SAMPLE, [('OU=CORP,DC=contoso,DC=com', base)], context)
    checks.true('the mapping is said', any('DC=contoso,DC=com' in n for n in mapped.notes))
    found = exported.Exported(entries, mapped, settings.DEFAULTS, context, {})
    ids = ['%08d-0000-4000-8000-000000000000' % n for n in range(8)]
    checks.same('candidates', sorted(found.candidates), [ids[1], ids[3], ids[6]])
    checks.same('filtered', found.filtered, {ids[2]: 'cloudFiltered',
                                             ids[4]: 'container is not selected'})
    user, group, device = (found.candidates[ids[n]] for n in (1, 3, 6))
    checks.same('anchor', user.anchor, 'AQAAAAAAAECAAAAAAAAAAA==')
    checks.same('SID is text', user.values['onPremiseSecurityIdentifier'], SID)
    checks.same('number is text', user.values['countryCode'], '276')
    checks.same('first value', user.values['url'], ['b'])
    checks.same("the lab's domain", (user.values['dnsDomainName'], user.values['netBiosName'],
                                     user.values['userPrincipalName']),
                ('corp.example.test', 'CORP', 'n1@corp.example.test'))
    checks.true('manager is not provisioned', 'manager' not in user.references)
    checks.same('members', group.references['member'], [ids[1]])
    checks.same('member is known', found.target(ids[1]), ids[1])
    checks.same('device', (device.kind, device.values['deviceId'], device.creator),
                ('device', ids[6], ids[1]))
    have = {'title': 'x', 'usageLocation': 'DE', 'unknown': 'y', 'countryCode': '276'}
    changed = pending.differences(user, have, 'connect')
    checks.same('NULL is emptied', changed.get('title', 'left'), None)
    checks.true('ignored and unknown are left', not {'usageLocation', 'unknown',
                                                     'countryCode'} & set(changed))
    nothing = exported.Exported(entries, exported.Mapped(SAMPLE, None, context),
                                settings.DEFAULTS, context, {})
    checks.same('without a place for the selected container', nothing.candidates, {})
    broken = [entry(1, 'user', sAMAccountName='')]
    del broken[0].attrs['samaccountname']
    kept = exported.Exported(broken, mapped, settings.DEFAULTS, context, {
        ids[1]: {'kind': 'user', 'anchor': 'A', 'id': 'cloud'}}).candidates
    checks.same('an error keeps the object', [(c.anchor, c.error) for c in kept.values()],
                [('A', 'AccountName is not present')])


def reached(checks, chosen):
    """The generator reaches every rule of AD and Entra but the one that needs two forests."""
    one = engine.Engine(chosen, NOW)
    one.load(generate.generate(1, 1500))
    one.run()
    missed = [r.name for r in chosen.rules if r.id not in one.coverage.rules and
              (r.inbound == chosen.connectors[r.connector].is_ad)]
    checks.same('rules not reached', missed, ['In from AD - Device Common'])
    checks.true('branches', len(one.coverage.branches) >= 48)


GROUPS = (language_cases, language_errors, operators, small_engine, sample, cycle_metaverse)
