# SPDX-License-Identifier: Apache-2.0
"""Scoping filters: groups are OR-ed, the clauses of a group AND-ed, no group means everything.

Readings chosen where the published text is open:
  - Text is compared without case (real files write TRUE, True and true for the same Boolean).
  - The page calls every comparison one of texts; as texts, 9 members would not be LESSTHAN 50000.
    Attributes that hold numbers are compared as numbers when the value is one, all others as text.
  - The negative form of an operator holds exactly when the positive form does not, so it also holds
    for an absent attribute; LESSTHAN and its kin never hold for one.
  - One value of a multi-valued attribute is enough for a positive operator.
  - ISMEMBEROF needs the group's members: the caller gives them by DN.
"""

from export import values
from export.functions import many


def key(value):
    return values.text(value).strip().lower()


def texts(test):
    return lambda found, wanted, _: any(test(key(v), key(wanted)) for v in found)


def order(test):
    def compare(found, wanted, _):
        for value in found:
            if isinstance(value, int) and not isinstance(value, bool):
                try:
                    if test(value, values.number(wanted)):
                        return True
                    continue
                except values.EvaluationError:
                    pass
            if test(key(value), key(wanted)):
                return True
        return False
    return compare


def bit(found, wanted, _):
    mask = int(wanted, 0)
    return any(isinstance(v, int) and v & mask == mask for v in found)


def member(_, wanted, groups):
    return key(wanted) in groups


POSITIVE = {
    'EQUAL': texts(lambda a, b: a == b), 'ISIN': texts(lambda a, b: a == b),
    'CONTAINS': texts(lambda a, b: b in a), 'STARTSWITH': texts(lambda a, b: a.startswith(b)),
    'ENDSWITH': texts(lambda a, b: a.endswith(b)),
    'LESSTHAN': order(lambda a, b: a < b), 'LESSTHAN_OR_EQUAL': order(lambda a, b: a <= b),
    'GREATERTHAN': order(lambda a, b: a > b), 'GREATERTHAN_OR_EQUAL': order(lambda a, b: a >= b),
    'ISNOTNULL': lambda found, _, __: bool(found), 'ISBITSET': bit, 'ISMEMBEROF': member,
}
NEGATIVE = {
    'NOTEQUAL': 'EQUAL', 'ISNOTIN': 'ISIN', 'NOTCONTAINS': 'CONTAINS',
    'NOTSTARTSWITH': 'STARTSWITH', 'NOTENDSWITH': 'ENDSWITH', 'ISNULL': 'ISNOTNULL',
    'ISNOTBITSET': 'ISBITSET', 'ISBITNOTSET': 'ISBITSET', 'ISNOTMEMBEROF': 'ISMEMBEROF',
}


def holds(operator, found, wanted, groups=()):
    """found: the attribute's value, None when absent; groups: DNs the object is a member of."""
    positive = NEGATIVE.get(operator, operator)
    if positive not in POSITIVE:
        raise values.EvaluationError('unknown operator %s' % operator)
    return POSITIVE[positive](many(found), wanted, groups) != (operator in NEGATIVE)


def in_scope(groups, environment, member_of=()):
    """groups: of (attribute, operator, value); %parameters% in the value are replaced."""
    def one(attribute, operator, wanted):
        if wanted.startswith('%') and wanted.endswith('%') and len(wanted) > 2:
            wanted = environment.parameter(wanted[1:-1]) or ''
        return holds(operator, environment.attribute(attribute), wanted, member_of)
    return not groups or any(all(one(*clause) for clause in group) for group in groups)
