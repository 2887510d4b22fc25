# SPDX-License-Identifier: Apache-2.0
"""Functions and operators of the expression language.

TABLE: name -> (fewest arguments, most arguments, function(environment, *values)).  A function of one
text that meets a multi-value is applied to every value; what becomes NULL falls out.

Readings chosen where the published text is open:
  - White space is what .NET calls so; Left, Right, Mid and Len count UTF-16 units, and half of a
    pair that a cut leaves is dropped.
  - InStr, Contains and Replace mind case; InStr of NULL is 0, arithmetic with NULL is NULL.
  - RemoveDuplicates compares text without case and keeps the first.
  - Item and ItemOrNull take a single value as a list of one.
  - Word skips empty words.  Split with a limit leaves the rest in the last value.
  - CBool reads the texts True and False and numbers; NULL is False.
  - CBin and CNum of octets are little-endian, Thumbprint is SHA-256 (the key credential structure
    of AD, in which the one shipped rule that calls them builds a hash entry).
  - A date without zone is UTC.
"""

import base64
import binascii
import calendar
import datetime
import hashlib
import random
import re
import uuid

from export import certificates, values
from export.values import EvaluationError, Reference

WORDS = ('CaseInsensitive', 'CaseSensitive', 'Unicode', 'ASCII', 'UTF8', 'vbTextCompare',
         'vbBinaryCompare', 'DC')
SPACE = ('\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009'
         '\u200a\u2028\u2029\u202f\u205f\u3000')
EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.timezone.utc)
ENCODINGS = {'Unicode': 'utf-16-le', 'ASCII': 'ascii', 'UTF8': 'utf-8'}


def many(value):
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def truth(value):
    if value is None:
        return False
    if isinstance(value, list):
        return any(truth(v) for v in value)
    if isinstance(value, str) and re.fullmatch(r'\s*-?\d+\s*', value):
        return int(value) != 0
    if value == '':
        return False
    return values.boolean(value)


# -- operators -------------------------------------------------------------------------------------

def lift(function, left, right):
    """Value by value when one side has several."""
    if not isinstance(left, list) and not isinstance(right, list):
        return function(left, right)
    size = max(len(many(left)) if isinstance(left, list) else 1,
               len(right) if isinstance(right, list) else 1)
    lefts, rights = (list(v) + [None] * (size - len(v)) if isinstance(v, list) else [v] * size
                     for v in (left, right))
    return [function(a, b) for a, b in zip(lefts, rights)]


def alike(left, right):
    """Both values in one type, or an error: the language is strongly typed."""
    if type(left) is type(right):
        return left, right
    if isinstance(left, bool) or isinstance(right, bool):
        return tuple(v if isinstance(v, bool) else truth(v) for v in (left, right))
    if isinstance(left, int) or isinstance(right, int):
        return tuple(v if isinstance(v, int) else values.number(v) for v in (left, right))
    return values.text(left), values.text(right)


def equal(left, right):
    if left is None or right is None:
        return left is None and right is None
    try:
        left, right = alike(left, right)
    except EvaluationError:
        return False
    return left == right


def ordered(test):
    def compare(left, right):
        if left is None or right is None:
            return False
        return test(*alike(left, right))
    return compare


def arithmetic(test):
    def compute(left, right):
        if left is None or right is None:
            return None
        return test(values.number(left), values.number(right))
    return compute


def concatenate(left, right):
    if isinstance(left, bytes) or isinstance(right, bytes):
        if all(v is None or isinstance(v, bytes) for v in (left, right)):
            return (left or b'') + (right or b'')
    return ''.join('' if v is None else values.text(v) for v in (left, right))


OPERATORS = {
    '=': equal, '<>': lambda a, b: not equal(a, b), '<': ordered(lambda a, b: a < b),
    '<=': ordered(lambda a, b: a <= b), '>': ordered(lambda a, b: a > b),
    '>=': ordered(lambda a, b: a >= b), '+': arithmetic(lambda a, b: a + b),
    '-': arithmetic(lambda a, b: a - b), '*': arithmetic(lambda a, b: a * b), '&': concatenate,
}


# -- helpers ---------------------------------------------------------------------------------------

def string(value):
    """The argument as text; octets are no text."""
    if isinstance(value, bytes):
        raise EvaluationError('octets where text is expected')
    return values.text(value)


def mapped(function, null=None):
    """function(text, ...) for one text or for every value of a multi-value."""
    def run(_, value, *rest):
        if isinstance(value, list):
            found = [function(string(v), *rest) for v in value]
            return [v for v in found if v is not None] or None
        return null if value is None else function(string(value), *rest)
    return run


def pure(function):
    return lambda _, *arguments: function(*arguments)


def units(text):
    return text.encode('utf-16-le')


def whole(octets):
    return octets.decode('utf-16-le', 'ignore')


# -- text ------------------------------------------------------------------------------------------

def left(text, count):
    count = values.number(count)
    return text if count < 0 else whole(units(text)[:2 * count])


def right(text, count):
    count = values.number(count)
    if count < 0:
        return text
    data = units(text)
    return whole(data[max(0, len(data) - 2 * count):])


def middle(_, value, start, count=None):
    if isinstance(value, list):
        return [middle(_, v, start, count) for v in value]
    if value is None:
        return ''
    step = 1 if isinstance(value, bytes) else 2
    data = value if step == 1 else units(string(value))
    start = values.number(start)
    count = len(data) if count is None else values.number(count)
    if count < 0 or start <= 0 or step * start > len(data):
        return value
    part = data[step * (start - 1):step * (start - 1 + count)]
    return part if step == 1 else whole(part)


def length(_, value):
    if isinstance(value, list):
        return [length(_, v) for v in value]
    if value is None:
        return 0
    return len(value) if isinstance(value, bytes) else len(units(string(value))) // 2


def pad(value, size, fill, at_left):
    if not isinstance(fill, str) or len(fill) != 1:
        raise EvaluationError('the pad character is one character')
    size = values.number(size)
    return value.rjust(size, fill) if at_left else value.ljust(size, fill)


def position(text, wanted, start=1, compare='vbBinaryCompare'):
    wanted, start = string(wanted or ''), max(values.number(start), 1)
    if compare == 'vbTextCompare':
        text, wanted = text.lower(), wanted.lower()
    return text.find(wanted, start - 1) + 1


def position_back(text, wanted, start=None, compare='vbBinaryCompare'):
    wanted = string(wanted or '')
    if compare == 'vbTextCompare':
        text, wanted = text.lower(), wanted.lower()
    end = len(text) if start is None else values.number(start)
    return text.rfind(wanted, 0, end) + 1


def proper(text):
    return ' '.join(w[:1].upper() + w[1:].lower() for w in text.split(' '))


def replaced(text, old, new):
    return text.replace(string(old), string(new or '')) if old else text


def replace_characters(text, pattern):
    table = {}
    for pair in ''.join(c for c in string(pattern or '') if c not in SPACE).split(','):
        source, colon, target = pair.partition(':')
        if len(source) != 1 or not colon:
            raise EvaluationError('ReplaceChars: %r is no pair' % pair)
        table[ord(source)] = target
    return text.translate(table)


def word(text, number, delimiters):
    number = values.number(number)
    marks = string(delimiters or '')
    words = [w for w in re.split('[%s]' % re.escape(marks), text) if w] if marks else [text]
    return words[number - 1] if 1 <= number <= len(words) else ''


# -- multi-values ----------------------------------------------------------------------------------

def contains(_, value, wanted, case='CaseSensitive'):
    wanted = string(wanted)
    for at, one in enumerate(many(value), 1):
        text = string(one)
        if case == 'CaseInsensitive':
            text, wanted = text.lower(), wanted.lower()
        if text == wanted if isinstance(one, Reference) else wanted in text:
            return at
    return 0


def item(_, value, index, otherwise=None):
    found, index = many(value), values.number(index)
    if 1 <= index <= len(found):
        return found[index - 1]
    if otherwise is not None:
        return None
    raise EvaluationError('Item: index %d is out of bounds' % index)


def join(_, value, delimiter=' '):
    return (delimiter or '').join(string(v) for v in many(value))


def unique(_, value):
    found = {}
    for one in many(value):
        found.setdefault(one.lower() if isinstance(one, str) else one, one)
    return list(found.values()) or None


def split(text, delimiter, limit=None):
    if not delimiter or len(delimiter) != 1:
        raise EvaluationError('Split: the delimiter is one character')
    return text.split(delimiter, -1 if limit is None else max(values.number(limit) - 1, 0))


def split_all(_, value, *rest):
    return [part for one in many(value) for part in split(string(one), *rest)] or None


# -- evaluation ------------------------------------------------------------------------------------

def nothing(value):
    return all(v is None or v == '' or v == b'' for v in many(value))


def succeeds(function):
    def run(env, value):
        if value is None:
            return False
        try:
            function(env, value)
        except EvaluationError:
            return False
        return True
    return run


def convert_boolean(_, value):
    return truth(value)


def convert_number(_, value):
    if isinstance(value, list):
        return [convert_number(_, v) for v in value]
    if value is None:
        return None
    if isinstance(value, bytes):
        return int.from_bytes(value, 'little')
    return values.number(value)


def convert_text(_, value):
    if isinstance(value, list):
        return [convert_text(_, v) for v in value]
    if isinstance(value, datetime.datetime):
        return value.strftime('%Y-%m-%d %H:%M:%S')
    if isinstance(value, bytes):
        raise EvaluationError('CStr of octets')
    return None if value is None else str(values.text(value))


def bits(test):
    def run(_, first, second):
        if isinstance(first, list):
            return [run(_, v, second) for v in first]
        if first is None or second is None:
            return None
        return test(values.number(first), values.number(second))
    return run


def fail(_, message):
    raise EvaluationError(string(message if message is not None else ''))


# -- conversion ------------------------------------------------------------------------------------

def to_base64(_, value):
    if isinstance(value, list):
        return [to_base64(_, v) for v in value]
    if value is None:
        return None
    data = value if isinstance(value, bytes) else string(value).encode('utf-16-le')
    return base64.b64encode(data).decode('ascii')


def from_base64(text, encoding='Unicode'):
    try:
        return base64.b64decode(text, validate=True).decode(ENCODINGS[encoding])
    except (ValueError, KeyError) as error:
        raise EvaluationError('ConvertFromBase64: %s' % error) from error


def from_hex(text):
    try:
        return binascii.unhexlify(text).decode('utf-8')
    except ValueError as error:
        raise EvaluationError('ConvertFromUTF8Hex: %s' % error) from error


def to_guid(text):
    if not values.GUID.match(text):
        raise EvaluationError('%r is no GUID' % text)
    return uuid.UUID(text).bytes_le


def guid_text(_, value):
    if value is None:
        return None
    if not isinstance(value, bytes) or len(value) != 16:
        raise EvaluationError('StringFromGuid needs 16 octets')
    return str(uuid.UUID(bytes_le=value))


def sid_text(_, value):
    if isinstance(value, list):
        return [sid_text(_, v) for v in value]
    if value is None:
        return None
    if not isinstance(value, bytes):
        raise EvaluationError('StringFromSid needs octets')
    return values.sid_text(value)


def to_octets(_, value, size=None):
    if value is None:
        return None
    value = values.number(value)
    size = max((value.bit_length() + 7) // 8, 1) if size is None else values.number(size)
    try:
        return value.to_bytes(size, 'little')
    except OverflowError as error:
        raise EvaluationError('CBin: %s' % error) from error


def thumbprint(_, value):
    return None if value is None else hashlib.sha256(value).digest()


# -- dates -----------------------------------------------------------------------------------------

DATES = ('%Y-%m-%d', '%m/%d/%Y', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M',
         '%Y-%m-%d %I:%M %p', '%Y-%m-%d %I:%M:%S %p', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %I:%M %p',
         '%m/%d/%Y %I:%M:%S %p', '%Y%m%d%H%M%S.0Z')


def to_date(text):
    text = text.strip()
    match = re.fullmatch(r'(.*\S)\s*([+-])(\d{1,2})(?::?(\d\d))?', text)
    attempts = [(text, datetime.timedelta())]
    if match:
        shift = datetime.timedelta(hours=int(match.group(3)), minutes=int(match.group(4) or 0))
        attempts.append((match.group(1), shift if match.group(2) == '-' else -shift))
    for base, shift in attempts:
        base = base[:-1] if base.endswith('Z') and 'T' in base else base
        for form in DATES:
            try:
                moment = datetime.datetime.strptime(base, form)
            except ValueError:
                continue
            return moment.replace(tzinfo=datetime.timezone.utc) + shift
    raise EvaluationError('%r is no date' % text)


def from_number(_, value):
    if value is None:
        return None
    try:
        return EPOCH + datetime.timedelta(microseconds=values.number(value) // 10)
    except OverflowError as error:
        raise EvaluationError('DateFromNum: %s' % error) from error


def to_number(_, value):
    if value is None:
        return None
    moment = value if isinstance(value, datetime.datetime) else to_date(string(value))
    return (moment - EPOCH) // datetime.timedelta(microseconds=1) * 10


def date_add(_, interval, count, moment):
    if moment is None:
        return None
    count = values.number(count)
    months = {'yyyy': 12, 'q': 3, 'm': 1}.get(interval)
    if months:
        total = moment.year * 12 + moment.month - 1 + months * count
        year, month = divmod(total, 12)
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day)
    seconds = {'y': 86400, 'd': 86400, 'w': 86400, 'ww': 604800, 'h': 3600, 'n': 60,
               's': 1}.get(interval)
    if seconds is None:
        raise EvaluationError('DateAdd: unknown interval %r' % interval)
    return moment + datetime.timedelta(seconds=seconds * count)


FORMATS = (('yyyy', lambda d: '%04d' % d.year), ('yy', lambda d: '%02d' % (d.year % 100)),
           ('MMMM', lambda d: calendar.month_name[d.month]),
           ('MMM', lambda d: calendar.month_abbr[d.month]),
           ('MM', lambda d: '%02d' % d.month), ('M', lambda d: str(d.month)),
           ('dddd', lambda d: calendar.day_name[d.weekday()]),
           ('ddd', lambda d: calendar.day_abbr[d.weekday()]),
           ('dd', lambda d: '%02d' % d.day), ('d', lambda d: str(d.day)),
           ('HH', lambda d: '%02d' % d.hour), ('H', lambda d: str(d.hour)),
           ('hh', lambda d: '%02d' % (d.hour % 12 or 12)), ('h', lambda d: str(d.hour % 12 or 12)),
           ('mm', lambda d: '%02d' % d.minute), ('m', lambda d: str(d.minute)),
           ('ss', lambda d: '%02d' % d.second), ('s', lambda d: str(d.second)),
           ('tt', lambda d: 'AM' if d.hour < 12 else 'PM'))


def format_date(_, moment, form):
    if moment is None:
        return None
    if not isinstance(moment, datetime.datetime):
        raise EvaluationError('FormatDateTime needs a date')
    found, at = [], 0
    while at < len(form):
        for mark, render in FORMATS:
            if form.startswith(mark, at):
                found.append(render(moment))
                at += len(mark)
                break
        else:
            found.append(form[at])
            at += 1
    return ''.join(found)


# -- directory names -------------------------------------------------------------------------------

def components(dn):
    return [c.strip(' ') for c in re.findall(r'(?:\\.|[^,\\])+', dn)]


def component(_, dn, number):
    found, number = components(string(dn or '')), values.number(number)
    return found[number - 1].partition('=')[2] if 1 <= number <= len(found) else None


def component_back(_, dn, number, options=None):
    found, number = components(string(dn or '')), values.number(number)
    if options == 'DC':
        found = [c for c in found if not c.lower().startswith('dc=')]
    return found[-number].partition('=')[2] if 1 <= number <= len(found) else None


def escape_component(text):
    name, equals, value = text.partition('=')
    if not equals:
        name, value = '', text
    value = re.sub(r'([\\,+"<>;=])', r'\\\1', value)
    if value[:1] in (' ', '#'):
        value = '\\' + value
    if value.endswith(' ') and len(value) > 1:
        value = value[:-1] + '\\ '
    return name + equals + value


TABLE = {
    'BitAnd': (2, 2, bits(lambda a, b: a & b)),
    'BitOr': (2, 2, bits(lambda a, b: a | b)),
    'CBin': (1, 2, to_octets),
    'CBool': (1, 1, convert_boolean),
    'CDate': (1, 1, mapped(to_date)),
    'CGuid': (1, 1, mapped(to_guid)),
    'CNum': (1, 1, convert_number),
    'CRef': (1, 1, mapped(Reference)),
    'CStr': (1, 1, convert_text),
    'Contains': (2, 3, contains),
    'ConvertFromBase64': (1, 2, mapped(from_base64)),
    'ConvertFromUTF8Hex': (1, 1, mapped(from_hex)),
    'ConvertToBase64': (1, 1, to_base64),
    'ConvertToUTF8Hex': (1, 1, mapped(lambda t: t.encode('utf-8').hex().upper())),
    'Count': (1, 1, lambda _, value: len(many(value))),
    'DNComponent': (2, 2, component),
    'DNComponentRev': (2, 3, component_back),
    'DateAdd': (3, 3, date_add),
    'DateFromNum': (1, 1, from_number),
    'Error': (1, 1, fail),
    'EscapeDNComponent': (1, 1, mapped(escape_component)),
    'FormatDateTime': (2, 2, format_date),
    'Guid': (0, 0, lambda _: str(uuid.uuid4())),
    'ImportedValue': (1, 1, lambda env, name: env.attribute(name)),
    'InStr': (2, 4, mapped(position, 0)),
    'InStrRev': (2, 4, mapped(position_back, 0)),
    'IsBitSet': (2, 2, bits(lambda a, b: a & b == b)),
    'IsCert': (1, 1, lambda _, value: certificates.parse(value) is not None),
    'IsDate': (1, 1, succeeds(lambda _, v: v if isinstance(v, datetime.datetime)
                              else to_date(string(v)))),
    'IsEmpty': (1, 1, lambda _, value: value is not None and nothing(value)),
    'IsGuid': (1, 1, succeeds(lambda _, v: to_guid(string(v)))),
    'IsNull': (1, 1, lambda _, value: value is None),
    'IsNullOrEmpty': (1, 1, lambda _, value: nothing(value)),
    'IsNumeric': (1, 1, succeeds(lambda _, v: values.number(string(v)))),
    'IsPresent': (1, 1, lambda _, value: not nothing(value)),
    'IsString': (1, 1, lambda _, value: value is not None and all(
        isinstance(v, str) for v in many(value))),
    'Item': (2, 2, lambda _, value, index: item(_, value, index)),
    'ItemOrNull': (2, 2, lambda _, value, index: item(_, value, index, True)),
    'Join': (1, 2, join),
    'LCase': (1, 1, mapped(str.lower)),
    'LTrim': (1, 1, mapped(lambda t: t.lstrip(SPACE))),
    'Left': (2, 2, mapped(left, '')),
    'Len': (1, 1, length),
    'Mid': (2, 3, middle),
    'Now': (0, 0, lambda env: env.now),
    'NumFromDate': (1, 1, to_number),
    'PCase': (1, 1, mapped(proper)),
    'PadLeft': (3, 3, mapped(lambda t, n, c: pad(t, n, c, True), '')),
    'PadRight': (3, 3, mapped(lambda t, n, c: pad(t, n, c, False), '')),
    'RTrim': (1, 1, mapped(lambda t: t.rstrip(SPACE))),
    'RandomNum': (2, 2, pure(lambda low, high: random.randint(values.number(low),
                                                             values.number(high)))),
    'RemoveDuplicates': (1, 1, unique),
    'Replace': (3, 3, mapped(replaced)),
    'ReplaceChars': (2, 2, mapped(replace_characters)),
    'Right': (2, 2, mapped(right, '')),
    'Split': (2, 3, split_all),
    'StringFromGuid': (1, 1, guid_text),
    'StringFromSid': (1, 1, sid_text),
    'Thumbprint': (1, 1, thumbprint),
    'Trim': (1, 1, mapped(lambda t: t.strip(SPACE))),
    'UCase': (1, 1, mapped(str.upper)),
    'ValueCount': (1, 1, lambda env, name: len(many(env.attribute(name)))),
    'Word': (3, 3, mapped(word, '')),
    **{name: (1, 1, function) for name, function in certificates.TABLE.items()},
}
