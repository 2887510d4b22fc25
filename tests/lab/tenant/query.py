# SPDX-License-Identifier: Apache-2.0
"""OData query options: $filter (the documented subset), $orderby, and opaque page tokens.

A filter is compiled to a function of an object.  Compiling also finds out whether the filter needs
the advanced query mode, and refuses properties that cannot be filtered.
"""

import base64
import hashlib
import hmac
import json
import re
import urllib.parse

import state
from errors import GraphError, bad_request, unsupported

TOKEN = re.compile(r"""\s*(?:
    (?P<str>'(?:[^']|'')*') |
    (?P<time>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)?) |
    (?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}) |
    (?P<num>-?\d+(?:\.\d+)?) |
    (?P<word>[A-Za-z_@$][A-Za-z0-9_.$@]*(?:/[A-Za-z_$][A-Za-z0-9_.$]*)*) |
    (?P<punct>[(),:])
    )""", re.X)
OPERATORS = {
    'eq': lambda a, b: a == b, 'ne': lambda a, b: a != b,
    'ge': lambda a, b: a is not None and b is not None and a >= b,
    'le': lambda a, b: a is not None and b is not None and a <= b,
    'gt': lambda a, b: a is not None and b is not None and a > b,
    'lt': lambda a, b: a is not None and b is not None and a < b,
}
FUNCTIONS = {'startswith': lambda a, b: a is not None and a.startswith(b),
             'endswith': lambda a, b: a is not None and a.endswith(b),
             'contains': lambda a, b: a is not None and b in a}
CASE_SENSITIVE = ('onPremisesImmutableId',)


def invalid(text):
    return bad_request("Invalid filter clause: %s" % text)


class Filter:
    """A compiled $filter: call it with an object; .advanced tells the mode it needs."""

    def __init__(self, text, check, value_of):
        """check(path, operator) -> True when advanced is needed; raises when not filterable."""
        self.text, self.check, self.value_of = text, check, value_of
        self.advanced = False
        self.tokens = self._scan(text)
        self.at = 0
        self.variables = {}
        self.test = self._or()
        if self.at != len(self.tokens):
            raise invalid('Syntax error at position %d in %r.' % (self.at, text))

    def __call__(self, obj):
        return self.test(obj)

    @staticmethod
    def _scan(text):
        tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise invalid('Syntax error at position %d in %r.' % (at, text))
            tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        return tokens

    def _peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, '')

    def _next(self, wanted=None):
        kind, text = self._peek()
        if kind is None or (wanted and text.lower() != wanted):
            raise invalid('Syntax error in %r.' % self.text)
        self.at += 1
        return kind, text

    def _word(self, word):
        kind, text = self._peek()
        if kind == 'word' and text.lower() == word:
            self.at += 1
            return True
        return False

    def _or(self):
        parts = [self._and()]
        while self._word('or'):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda o: any(p(o) for p in parts)

    def _and(self):
        parts = [self._not()]
        while self._word('and'):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda o: all(p(o) for p in parts)

    def _not(self):
        if self._word('not'):
            self.advanced = True
            inner = self._not()
            return lambda o: not inner(o)
        if self._peek() == ('punct', '('):
            self._next()
            inner = self._or()
            self._next(')')
            return inner
        return self._clause()

    def _clause(self):
        kind, path = self._next()
        if kind != 'word':
            raise invalid('Syntax error in %r.' % self.text)
        if path.lower() in FUNCTIONS and self._peek() == ('punct', '('):
            return self._function(path.lower())
        head, _, last = path.rpartition('/')
        if last.lower() in ('any', 'all') and self._peek() == ('punct', '('):
            return self._lambda(head, last.lower())
        return self._comparison(path)

    def _function(self, name):
        self._next('(')
        path = self._next()[1]
        self._next(',')
        value = self._literal()
        self._next(')')
        if not isinstance(value, str):
            raise invalid('Syntax error in %r.' % self.text)
        get = self._getter(path, name)
        test = FUNCTIONS[name]
        return lambda o: test(get(o), value.lower())

    def _lambda(self, path, how):
        self._next('(')
        variable = self._next()[1]
        self._next(':')
        self.variables[variable] = path
        self.check(path.split('/'), 'any')
        inner = self._or()
        self._next(')')
        del self.variables[variable]
        get = self.value_of
        test = any if how == 'any' else all
        keys = path.split('/')
        return lambda o: test(inner(one) for one in (get(o, keys) or ()))

    def _comparison(self, path):
        operator = self._next()[1].lower()
        if operator == 'in':
            self._next('(')
            values = [self._literal()]
            while self._peek() == ('punct', ','):
                self._next()
                values.append(self._literal())
            self._next(')')
            get = self._getter(path, 'in')
            values = [self._fold(path, v) for v in values]
            return lambda o: get(o) in values
        if operator not in OPERATORS:
            raise invalid('Syntax error in %r.' % self.text)
        value = self._fold(path, self._literal())
        get, test = self._getter(path, operator), OPERATORS[operator]
        if operator == 'ne':
            self.advanced = True

        def compare(obj):
            left = get(obj)
            if left is not None and value is not None and type(left) is not type(value):
                return operator == 'ne'
            return test(left, value)
        return compare

    @staticmethod
    def _fold(path, value):
        if isinstance(value, str) and path.rpartition('/')[2] not in CASE_SENSITIVE:
            return value.lower()
        return value

    def _getter(self, path, operator):
        keys = path.split('/')
        if keys[0] in self.variables:
            inner = keys[1:]

            def get(one):
                for key in inner:
                    one = one.get(key) if isinstance(one, dict) else None
                return self._normal(one)
            return get
        if keys[-1] == '$count':
            self.advanced = True
            self.check(keys[:-1], '$count')
            return lambda o: len(self.value_of(o, keys[:-1]) or ())
        if operator == 'endswith':
            self.advanced = True
        if self.check(keys, operator):
            self.advanced = True
        exact = keys[-1] in CASE_SENSITIVE
        return lambda o: self._normal(self.value_of(o, keys), exact)

    @staticmethod
    def _normal(value, exact=False):
        if isinstance(value, str):
            if len(value) > 18 and value[4] == '-' and value[10] == 'T':
                try:
                    return state.parse_time(value).timestamp()
                except ValueError:
                    pass
            return value if exact else value.lower()
        if isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return value if value != [] else None

    def _literal(self):
        kind, text = self._next()
        if kind == 'str':
            return text[1:-1].replace("''", "'")
        if kind == 'time':
            try:
                return state.parse_time(text).timestamp()
            except ValueError:
                raise invalid('Invalid date in %r.' % self.text) from None
        if kind == 'num':
            return float(text)
        if kind == 'guid':
            return text.lower()
        if kind == 'word' and text in ('null', 'true', 'false'):
            return {'null': None, 'true': True, 'false': False}[text]
        raise invalid('Syntax error in %r.' % self.text)


def value_of(obj, keys):
    """Value of a property path of an Obj, for filters and ordering."""
    if keys == ['id']:
        return obj.id
    value = obj.props.get(keys[0])
    for key in keys[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def property_check(table, type_name):
    """check() for the properties of a metadata table."""
    label = type_name[0].upper() + type_name[1:]

    def check(keys, operator):
        row = table.get(keys[0])
        if row is None:
            if keys[0].startswith('extension_'):
                return True
            raise bad_request("Unsupported or invalid query filter clause specified for property "
                              "'%s' of resource '%s'." % (keys[0], label))
        if not set('FA') & set(row.flags):
            raise unsupported("Unsupported or invalid query filter clause specified for property "
                              "'%s' of resource '%s'." % (keys[0], label))
        if operator == 'contains' or row.many and operator not in ('any', '$count', 'eq'):
            raise unsupported("Unsupported or invalid query filter clause specified for property "
                              "'%s' of resource '%s'." % (keys[0], label))
        return 'A' in row.flags
    return check


def parse_order(text, table):
    """[(name, descending)] of $orderby."""
    result = []
    for part in text.split(','):
        words = part.split()
        if not words or len(words) > 2 or (len(words) == 2 and
                                           words[1].lower() not in ('asc', 'desc')):
            raise bad_request("Syntax error in $orderby '%s'." % text)
        if words[0] not in table:
            raise bad_request("Invalid $orderby property '%s'." % words[0])
        result.append((words[0], len(words) == 2 and words[1].lower() == 'desc'))
    return result


def parse_top(text, default, longest):
    """$top: absent -> default; above the maximum -> the maximum."""
    if text is None:
        return default
    if not text.isdigit() or int(text) == 0:
        raise bad_request("Invalid page size specified: '%s'. Must be between 1 and %d inclusive."
                          % (text, longest))
    return min(int(text), longest)


# -- page tokens --------------------------------------------------------------------------------

def _mac(tenant, raw):
    key = tenant.extra['page_key'].encode()
    return hmac.new(key, raw, hashlib.sha256).digest()[:12]


def make_token(tenant, path, data):
    """Opaque text with quotes, blanks, '+', '/' and '=': only a verbatim nextLink survives."""
    data = dict(data, path=path, born=tenant.now().timestamp())
    raw = json.dumps(data, separators=(',', ':')).encode()
    text = base64.b64encode(_mac(tenant, raw) + raw).decode()
    return "m~AQAnO+%s 'z%%41';" % text


def read_token(tenant, path, text, dated=True):
    """What make_token was given; dated: a page token that is too old is refused."""
    bad = GraphError(400, 'Request_BadRequest', 'The specified page token value is not valid.')
    if not (text.startswith('m~AQAnO+') and text.endswith(" 'z%41';")):
        raise bad
    try:
        both = base64.b64decode(text[8:-8], validate=True)
        data = json.loads(both[12:])
    except ValueError:
        raise bad from None
    if not hmac.compare_digest(_mac(tenant, both[12:]), both[:12]) or data['path'] != path:
        raise bad
    age = tenant.now().timestamp() - data['born']
    if dated and (age > tenant.settings['page_token_lifetime_seconds'] or
                  data.get('expired')):
        raise GraphError(400, 'Directory_ExpiredPageToken',
                         'The specified page token value has expired and can no longer be '
                         'included in your request.')
    return data


def next_link(request, token):
    return '%s%s?$skiptoken=%s' % (request.origin, urllib.parse.quote(request.path, safe="/(),%"),
                                   urllib.parse.quote(token, safe=''))
