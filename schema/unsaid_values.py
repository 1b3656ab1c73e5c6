"""What graphql-core says of values that are no good, without the values: an ill-typed password is still a password.

Clients and proxies write messages of errors into their logs. A message of a form that is not known here is replaced.
"""

import re

UNKNOWN = "The value is not one that its type allows."
PREFIX = re.compile(
    r"(?:Variable|Argument) '[$\w]+'(?: defined by fragment '\w+')? has invalid (?:default )?value(?: at [\w.\[\]]+)?: "
)
"""Before what is said of a variable or an argument; the path holds names that the schema declares, and indices."""
LEAF = re.compile(r"(\w+ cannot represent [\w -]+): .*", re.DOTALL)
ENUM_TYPE = re.compile(
    r"(Enum '\w+' cannot represent [\w -]+): .*?\.( Did you mean the enum value [\w ,']+\?)?", re.DOTALL
)
OBJECT = re.compile(
    r"(Expected value of type '[^']*' (?:to be an object|to include required field '\w+'|not to include unknown field '\w{1,64}'))"
    r"(?:, found: |\.( Did you mean [\w ,']+\?) Found: ).*",
    re.DOTALL,
)
ENUM = re.compile(r"Value '.*' does not exist in '(\w+)' enum\.( Did you mean [\w ,']+\?)?", re.DOTALL)
WITHOUT = re.compile(
    r"Expected (?:a )?value of non-null type '[^']*' (?:to be provided|not to be None)\."
    r"|Expected variable '\$\w+' provided to (?:non-null |field '\w+' for OneOf Input Object )?type '[^']*' "
    r"(?:to provide a runtime value|not to be None)\."
    r"|Within OneOf Input Object type '[^']*', exactly one field must be specified, and the value for that field must be "
    r"non-null\."
)
TOKEN = re.compile(r"\b(String|BlockString|Int|Float) (?:'.*'|\".*\")", re.DOTALL)


def without_value(message: str) -> str:
    """Of what is wrong with one value."""
    if found := LEAF.fullmatch(message):
        return f"{found[1]}."
    if found := OBJECT.fullmatch(message) or ENUM_TYPE.fullmatch(message):
        return f"{found[1]}.{found[2] or ''}"
    if found := ENUM.fullmatch(message):
        return f"The value does not exist in '{found[1]}' enum.{found[2] or ''}"
    return message if WITHOUT.fullmatch(message) else UNKNOWN


def without_input(message: str) -> str:
    """Of any error at all: one about the value of a variable or an argument is told without it."""
    found = PREFIX.match(message)
    return message if found is None else f"{found[0]}{without_value(message[found.end() :])}"


def without_token(message: str) -> str:
    """Of an error of syntax: which kind of literal is in the way, and not what it says."""
    return TOKEN.sub(r"\1", message)
