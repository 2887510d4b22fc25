# SPDX-License-Identifier: Apache-2.0
"""The expression language of Connect: tokens, parser, and closures that evaluate.

Readings chosen where the published text is open or contradicts itself:
  - Operators are said to have one priority, left to right.  Taken to the letter the shipped filter
    `IsPresent([a]) || IsPresent([b]) = False || [b] = "x"` would compare the outcome of || with
    False and could never mean what its own documentation says.  So && and || join operands; within
    an operand everything else goes left to right with one priority, and so do && and || among
    themselves: `a || b && c` is `(a || b) && c`.
  - && and || stop as soon as the outcome is known: the shipped mailEnabled expression would fail on
    Item(x, 0) otherwise.  IIF evaluates only the branch it takes.
  - Text comparison minds case, as VBA does without Option Compare.  NULL equals nothing but NULL,
    and no order holds for it.
  - A multi-value in && or || is true when any of its values is.
  - In a text, backslash escapes itself, the quote, n, r and t; before anything else it stays.
"""

import re

from export import functions, values
from export.values import AUTHORITATIVE, IGNORE, EvaluationError

TOKEN = re.compile(r'''\s*(?:
    (?P<text>"(?:\\.|[^"\\])*") | \[(?P<attribute>[^\]]+)\] | %(?P<parameter>[^%\s]+)% |
    (?P<number>\d+) | (?P<name>\$?[A-Za-z_][A-Za-z0-9_]*) |
    (?P<operator>&&|\|\||<=|>=|<>|[-<>=+*&(),]))''', re.X)
HEX = re.compile(r'\s*&H([0-9A-Fa-f]+)\b')
ESCAPES = {'\\': '\\', '"': '"', 'n': '\n', 'r': '\r', 't': '\t'}
LITERALS = {'NULL': None, 'AuthoritativeNull': AUTHORITATIVE, 'IgnoreThisFlow': IGNORE,
            'CRLF': '\r\n', 'True': True, 'False': False}
LOGICAL = ('&&', '||')
OTHER = ('<', '<=', '<>', '=', '>', '>=', '+', '-', '*', '&')
DEPTH = 200


class SyntaxProblem(Exception):
    """The text is no expression; says where."""


class Expression:
    """run(environment) -> value; attributes: the names in brackets, in order; branches: how many
    IIF it has."""

    def __init__(self, text, run, attributes, branches):
        self.text, self.run, self.attributes, self.branches = text, run, attributes, branches


class Parser:
    def __init__(self, text):
        self.text, self.at, self.depth = text, 0, 0
        self.attributes, self.branches = [], 0

    def problem(self, wanted):
        raise SyntaxProblem('%s expected at position %d of %s' % (wanted, self.at + 1, self.text))

    def token(self):
        """(kind, content, end) of the next token; kind None at the end."""
        if not self.text[self.at:].strip():
            return None, '', len(self.text)
        match = TOKEN.match(self.text, self.at)
        if match is None:
            self.problem('a token')
        return match.lastgroup, match.group(match.lastgroup), match.end()

    def accept(self, *operators):
        kind, content, end = self.token()
        if kind == 'operator' and content in operators:
            self.at = end
            return content
        return None

    def expect(self, operator):
        if not self.accept(operator):
            self.problem(operator)

    def whole(self):
        run = self.logical()
        if self.token()[0] is not None:
            self.problem('an operator or the end')
        return run

    def logical(self):
        self.depth += 1
        if self.depth > DEPTH:
            self.problem('less nesting')
        run = self.chain()
        while True:
            operator = self.accept(*LOGICAL)
            if operator is None:
                self.depth -= 1
                return run
            run = logical(operator, run, self.chain())

    def chain(self):
        run = self.operand()
        while True:
            operator = self.accept(*OTHER)
            if operator is None:
                return run
            run = binary(operator, run, self.operand())

    def operand(self):
        match = HEX.match(self.text, self.at)
        if match:
            self.at = match.end()
            return constant(int(match.group(1), 16))
        if self.accept('('):
            run = self.logical()
            self.expect(')')
            return run
        if self.accept('-'):
            return binary('-', constant(0), self.operand())
        kind, content, end = self.token()
        if kind in (None, 'operator'):
            self.problem('a value')
        self.at = end
        return getattr(self, 'take_' + kind)(content)

    def take_text(self, content):
        return constant(re.sub(r'\\(.)', lambda m: ESCAPES.get(m.group(1), m.group(0)),
                               content[1:-1], flags=re.S))

    def take_number(self, content):
        return constant(int(content))

    def take_attribute(self, content):
        if content not in self.attributes:
            self.attributes.append(content)
        return lambda env: env.attribute(content)

    def take_parameter(self, content):
        return lambda env: env.parameter(content)

    def take_name(self, content):
        if content.startswith('$'):
            return lambda env: env.variables[content]
        if self.accept('('):
            return self.call(content)
        if content in LITERALS:
            return constant(LITERALS[content])
        if content in functions.WORDS:
            return constant(content)
        return self.problem('a known name instead of %s' % content)

    def call(self, name):
        if name not in functions.TABLE and name not in FORMS:
            self.problem('a known function instead of %s' % name)
        start, arguments = self.at, []
        if not self.accept(')'):
            while True:
                arguments.append(self.variable() or self.logical())
                if not self.accept(','):
                    break
            self.expect(')')
        if name in FORMS:
            low, high, make = FORMS[name]
        else:
            low, high, function = functions.TABLE[name]
            make = strict(function)
        if not low <= len(arguments) <= high:
            self.at = start
            self.problem('another number of arguments of ' + name)
        if name == 'IIF':
            self.branches += 1
            return iif(arguments, (self.text, self.branches))
        return make(arguments)

    def variable(self):
        """The name of a variable where one is introduced (Select, Where, With)."""
        kind, content, end = self.token()
        if kind != 'name' or not content.startswith('$'):
            return None
        before, self.at = self.at, end
        if self.token()[:2] == ('operator', ','):
            name = content

            def run(env):
                return env.variables[name]
            run.variable = name
            return run
        self.at = before
        return None


def compile_text(text):
    parser = Parser(text)
    run = parser.whole()
    return Expression(text, run, parser.attributes, parser.branches)


def constant(value):
    return lambda env: value


def logical(operator, left, right):
    if operator == '&&':
        return lambda env: functions.truth(left(env)) and functions.truth(right(env))
    return lambda env: functions.truth(left(env)) or functions.truth(right(env))


def binary(operator, left, right):
    function = functions.OPERATORS[operator]
    return lambda env: functions.lift(function, left(env), right(env))


def strict(function):
    return lambda arguments: lambda env: function(env, *[a(env) for a in arguments])


# -- forms that do not evaluate all their arguments first ------------------------------------------

def iif(arguments, mark):
    condition, yes, no = arguments

    def run(env):
        outcome = condition(env)
        if isinstance(outcome, list):
            return split_iif(env, outcome, yes, no)
        taken = functions.truth(outcome)
        env.branch(mark, taken)
        return yes(env) if taken else no(env)
    return run


def split_iif(env, outcome, yes, no):
    """A condition over a multi-value decides value by value."""
    either, other, found = yes(env), no(env), []
    for at, one in enumerate(outcome):
        branch = either if functions.truth(one) else other
        if isinstance(branch, list):
            branch = branch[at] if at < len(branch) else None
        if branch is not None and not isinstance(branch, values.Special):
            found.append(branch)
    return found or None


def switch(arguments):
    if len(arguments) % 2:
        raise SyntaxProblem('Switch needs pairs')

    def run(env):
        """All conditions and values are evaluated, as the reference says; an Error() of a pair
        that is not chosen would end every use of it, so it counts only where it is chosen."""
        chosen, found = None, False
        for at in range(0, len(arguments), 2):
            condition = functions.truth(arguments[at](env))
            if condition and not found:
                found, chosen = True, arguments[at + 1]
        return chosen(env) if found else None
    return run


def bound(arguments):
    name = getattr(arguments[0], 'variable', None)
    if name is None:
        raise SyntaxProblem('a variable ($name) expected')
    return name


def each(arguments, keep):
    name = bound(arguments)

    def run(env):
        source, found = arguments[1](env), []
        for one in functions.many(source):
            with env.binding(name, one):
                outcome = arguments[2](env)
            if keep:
                if functions.truth(outcome):
                    found.append(one)
            elif outcome is not None:
                found.append(outcome)
        return found or None
    return run


def with_value(arguments):
    name = bound(arguments)

    def run(env):
        with env.binding(name, arguments[1](env)):
            return arguments[2](env)
    return run


FORMS = {
    'IIF': (3, 3, None),
    'Switch': (2, 1000, switch),
    'Select': (3, 3, lambda arguments: each(arguments, False)),
    'Where': (3, 3, lambda arguments: each(arguments, True)),
    'With': (3, 3, with_value),
}
__all__ = ['compile_text', 'SyntaxProblem', 'Expression', 'EvaluationError']
