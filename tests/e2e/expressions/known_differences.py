"""Differences from PostgreSQL that are allowed: each entry names the row of docs/functions.md, "Differences from PostgreSQL", that gives the
reason."""
import decimal
import fractions
import json
import math
import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs/functions.md"
# Signatures that PostgreSQL has not.
NOT_THERE = {
    "cast to bigint(boolean)": "integer, smallint", "cast to smallint(boolean)": "integer, smallint",
    **{f"{name}(text)": "hashes and encodings of text" for name in ("sha256_hex", "base64_encode", "base64_decode", "url_encode", "url_decode")},
    "hmac_sha256_hex(text, text)": "hashes and encodings of text",
    "round(double, bigint)": "round and trunc of a double to digits", "trunc(double, bigint)": "round and trunc of a double to digits",
}


def problem(result):
    """Our message, or none; at check or for a row."""
    if "problem" in result.ours:
        return result.ours["problem"]
    value = result.ours["values"][0]
    return value["error"] if isinstance(value, dict) else ""


def value(result):
    return None if problem(result) else result.ours["values"][0]


def their_value(result):
    return result.theirs[1] if result.theirs[0] == "value" else None


def refused_as(pattern):
    """We refuse it with such a message, where PostgreSQL gives a value."""
    compiled = re.compile(pattern)
    return lambda result: result.theirs[0] == "value" and compiled.search(problem(result))


def said_there(pattern):
    compiled = re.compile(pattern)
    return lambda result: result.theirs[0] == "error" and not problem(result) and compiled.search(result.theirs[1])


def near(a, b, tolerance=1e-14):
    x, y = float(a), float(b)
    return x == y or math.isclose(x, y, rel_tol=tolerance)


MOST_DIGITS = 38
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def is_beyond(number):
    """A numeric that is none here: more than 38 digits, before or behind the point, NaN and the infinities."""
    if number in ("NaN", "Infinity", "-Infinity"):
        return True
    whole, _, behind = number.lstrip("-").partition(".")
    return len((whole + behind).lstrip("0")) > MOST_DIGITS or len(behind) > MOST_DIGITS


def of_numerics(result):
    """We refuse what has more digits, an argument or a result, or a numeric on the way to it."""
    if result.theirs[0] == "value" and re.search(rf"has more than {MOST_DIGITS} digits|is out of range for numeric|more than (the )?38 digits", problem(result)):
        return True
    # a literal beyond is a double
    if result.form == "literals" and any(a is not None and NUMBER.fullmatch(a) and is_beyond(f"{decimal.Decimal(a):f}") for a in result.arguments):
        return True
    # a zero with more digits behind the point than there are
    mine, other = value(result), their_value(result)
    return mine is not None and other is not None and re.fullmatch(r"0\.0{38}", mine) and re.fullmatch(r"0\.0{39,}", other)


def of_json(text, dates):
    """A json's value, with its numbers as doubles; `dates` without their offset."""
    def pairs(members):
        return {k: v for k, v in members}
    parsed = json.loads(re.sub(r'("\d{4}-\d\d-\d\dT[\d:.]+)(Z|\+00:00)"', r'\1"', text) if dates else text,
                        object_pairs_hook=pairs, parse_int=float)
    return parsed


def same_json(result, dates):
    mine, other = value(result), their_value(result)
    if mine is None or other is None:
        return False
    try:
        return of_json(mine, dates) == of_json(other, dates)
    except ValueError:
        return False


def of_to_json(result):
    return re.match(r"(array_)?to_jsonb?|jsonb?_build", result.case.signature.name) and same_json(result, True)


def of_times_beyond(result):
    """A time that PostgreSQL has and we have not: an infinity, or one of a year beyond 294246."""
    message = problem(result)
    return result.theirs[0] == "value" and (
        (message and their_value(result) in ("infinity", "-infinity"))
        or re.search(r"'(29427\d|infinity|now|epoch)[^']*' is (no|out of range for) (time(stamp)?|date)", message))


def of_long_intervals(result):
    """PostgreSQL's parts overflow."""
    return result.case.signature.name == "make_interval" and refused_as("^interval out of range$")(result)


def of_far_results(result):
    """A time in a result, within a list or a json, too, lies outside of the years 1 to 9999."""
    if result.form == "aggregate" and "lies outside of the years 1 to 9999" in problem(result):
        return True  # one row's
    return "lies outside of the years 1 to 9999" in problem(result) and re.search(r"\d{5,}-\d\d-\d\d| BC|infinity", their_value(result) or "")


def with_null_beside(result):
    """A constant that no row could use is refused at check, though a null beside it makes the call null."""
    return result.form in ("constants", "literals") and "problem" in result.ours and result.theirs == ("value", None) and None in result.arguments


def of_buckets(result):
    """There a product overflows, too."""
    mine, other = value(result), their_value(result)
    return result.case.signature.name == "width_bucket" and mine and other and (int(mine) == int(other) - 1 or int(other) < 0)


def of_integers(result):
    """PostgreSQL's function takes an integer, and fails or goes wrong at its ends."""
    if value(result) is None and problem(result):
        return False
    if result.theirs[0] == "error":
        return re.search(r"integer out of range|out of range for type integer", result.theirs[1])
    name = result.case.signature.name
    return (name == "right" and "-2147483648" in result.arguments) or (result.form == "literals" and name in ("<<", ">>", "to_hex"))


def of_open_literals(result):
    """PostgreSQL finds several types or none for a literal, or compares a pair of three values by a type of its own."""
    if result.form != "literals":
        return False
    if result.case.signature.name in ("between", "between_symmetric", "case_of") and re.search("'|null", result.expression):
        return result.theirs[0] == "value" or said_there("invalid input syntax for|operator does not exist|is not unique")(result)
    return said_there("is not unique|could not determine polymorphic type")(result)


def of_wide_zones(result):
    """PostgreSQL's offset of a zone in seconds overflows."""
    return result.case.signature.name == "timezone" and result.case.kinds[0] == "interval" and "100000000 hours" in result.arguments


def exact(name, numbers):
    """The aggregate of numbers without an error, or none where it has no such value."""
    n = len(numbers)
    total = sum(numbers)
    if name == "sum" or n == 0:
        return total
    if name == "avg":
        return total / n
    sample = name in ("variance", "var_samp", "stddev", "stddev_samp")
    if n == 1 and sample:
        return None
    return sum((x - total / n) ** 2 for x in numbers) / (n - sample)


def exact_of_pairs(name, ys, xs):
    """The same of an aggregate of pairs; of corr its square, with its sign."""
    n = len(xs)
    mean_x, mean_y = sum(xs) / n, sum(ys) / n
    sxx, syy = sum((x - mean_x) ** 2 for x in xs), sum((y - mean_y) ** 2 for y in ys)
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys))
    if (name in ("corr", "regr_r2", "regr_slope", "regr_intercept") and sxx == 0) or (name == "corr" and syy == 0) or (name == "covar_samp" and n == 1):
        return None
    return {"corr": lambda: sxy * abs(sxy) / (sxx * syy), "regr_r2": lambda: sxy**2 / (sxx * syy) if syy else fractions.Fraction(1),
            "regr_slope": lambda: sxy / sxx, "regr_intercept": lambda: mean_y - mean_x * sxy / sxx,
            "regr_sxx": lambda: sxx, "regr_syy": lambda: syy, "regr_sxy": lambda: sxy, "regr_avgx": lambda: mean_x, "regr_avgy": lambda: mean_y,
            "covar_pop": lambda: sxy / n, "covar_samp": lambda: sxy / (n - 1)}[name]()


def of_exact_pairs(result):
    """Ours is the exact value, rounded; PostgreSQL rounds at each row, or fails on the way."""
    name = result.case.signature.name
    if result.form != "aggregate" or not re.match(r"corr$|covar_|regr_(?!count)", name):
        return False
    pairs = [(float(y), float(x)) for y, x in result.arguments if y is not None and x is not None]
    if re.match("is beyond double: .*; a product", problem(result)):
        return any(abs(a * b) >= 2.0**1022 for pair in pairs for a in pair for b in pair)
    if problem(result):
        return False
    if value(result) in ("NaN", "Infinity", "-Infinity") and result.theirs[0] == "error":
        return "value out of range: overflow" in result.theirs[1]
    read = [v for pair in pairs for v in (pair[1:] if name in ("regr_sxx", "regr_avgx") else pair[:1] if name in ("regr_syy", "regr_avgy") else pair)]
    if not all(map(math.isfinite, read)):
        return result.theirs[0] == "error" and "value out of range: overflow" in result.theirs[1]
    right = exact_of_pairs(name, *([fractions.Fraction(v if math.isfinite(v) else 0) for v in values] for values in zip(*pairs)))
    if value(result) is None or right is None:
        return value(result) is None and right is None
    mine = fractions.Fraction(float(value(result)))
    if name == "corr":
        mine *= abs(mine)
    return mine == right or abs(mine - right) <= max(abs(right) * fractions.Fraction(1, 10**15), fractions.Fraction(5e-324))


def of_distinct_scales(result):
    """Of equal numerics PostgreSQL takes any."""
    mine, other = value(result), their_value(result)
    return (result.form == "aggregate" and result.case.kinds == ["numeric"] and "(distinct " in result.expression
            and re.match(r"sum|avg|var|stddev", result.case.signature.name) and mine and other and near(mine, other))


def of_exact_aggregates(result):
    """Ours is the exact value, rounded; PostgreSQL rounds at each row, or to the digits of a numeric, or fails on the way."""
    name = result.case.signature.name
    if result.form != "aggregate" or not re.match(r"sum|avg|var|stddev", name) or result.case.kinds == ["numeric"]:
        return False
    if value(result) is None:
        return re.match("is beyond double: .*; the square|is beyond its type: ", problem(result))
    if result.theirs[0] == "error" and value(result) in ("NaN", "Infinity", "-Infinity"):
        return "value out of range: overflow" in result.theirs[1]
    numbers = [float(v) for v in result.arguments if v is not None] if result.case.kinds != ["bigint"] else []
    if not all(map(math.isfinite, [*numbers, float(value(result))])):
        return False
    numbers = [fractions.Fraction(v) if result.case.kinds == ["bigint"] else fractions.Fraction(float(v))
               for v in result.arguments if v is not None]
    if "(distinct " in result.expression:
        numbers = list(dict.fromkeys(numbers))
    mine, right = fractions.Fraction(float(value(result))), exact(name, numbers)
    if right is None:
        return False
    if name.startswith("stddev"):
        mine **= 2
    return mine == right or abs(mine - right) <= abs(right) * fractions.Fraction(1, 10**15)


def of_bigint_sums(result):
    """It has another type, and fails beyond bigint; means and variances are double."""
    if result.form == "aggregate" and result.case.kinds == ["bigint"] and re.match("avg|var|stddev", result.case.signature.name):
        return their_value(result) is None and value(result) is None and not problem(result)
    if result.form != "aggregate" or result.case.signature.name != "sum" or result.case.kinds != ["bigint"]:
        return False
    theirs = their_value(result)
    if theirs is None:
        return value(result) is None and not problem(result)
    return value(result) == theirs or (re.match("is beyond (bigint|its type)", problem(result)) and abs(int(theirs)) >= 2**63)


def of_date_parts(result):
    mine, other = value(result), their_value(result)
    return result.case.signature.name == "date_part" and mine and other and near(mine, other)


def of_zeros(result):
    """Zeros of either sign are one value to an aggregate."""
    mine, other = value(result), their_value(result)
    return (result.form == "aggregate" and result.case.kinds == ["double"] and mine and other
            and re.sub(r"-0(?![.\d])", "0", mine) == re.sub(r"-0(?![.\d])", "0", other))


def of_lone_surrogates(result):
    """PostgreSQL reads all of a json, also where the lookup finds something else in it, or nothing."""
    return (said_there("invalid input syntax for type json")(result)
            and any(re.search(r"\\u[dD][89a-fA-F]", a) for a in result.arguments if isinstance(a, str)))


def of_comparable(result):
    name, kind = result.case.signature.name, result.case.kinds[0]
    if result.form != "aggregate" or result.theirs[0] != "error" or problem(result):
        return False
    return (name in ("min", "max") and kind == "boolean") or (name in ("count", "array_agg", "percentile_disc", "min", "max") and kind == "json")


KNOWN = [
    ("aggregates of numbers", of_exact_aggregates),
    ("aggregates of numbers", of_exact_pairs),
    ("aggregates of numbers", of_distinct_scales),
    ("aggregates of -0", of_zeros),
    ("sum of bigint", of_bigint_sums),
    ("min and max of booleans, distinct of json", of_comparable),
    ("lists and objects", refused_as(r"cannot compare values of type \[|takes no \[|takes lists of boolean|has no order; compare|lists have no such operator|^there is no such aggregate")),
    ("integer, smallint", of_integers),
    ("a literal without a type", of_open_literals),
    ("timestamp, date", of_far_results),
    ("interval", refused_as(r"^an interval cannot be a column|^intervals cannot stand in a list")),
    ("interval", of_long_intervals),
    ("time", refused_as(r"^a time of day cannot be a column|^times of day cannot stand in a list")),
    ("a constant that no row can use", with_null_beside),
    ("numeric", of_numerics),
    ("to_json of timestamps and doubles", of_to_json),
    ("jsonb", lambda result: "between" in result.case.signature.name and refused_as(r"' cannot be jsonb: ")(result)),
    ("jsonb", refused_as(r"makes a jsonb that is too long|would compare too many lists within lists")),
    ("timestamps and times of texts", of_times_beyond),
    ("regular expressions", refused_as(r"^the regular expression (?s:.*) cannot be used: (\\\d+ is a back reference|\(\?<?[=!] \.\.\. \) looks "
                                       r"|\\[mMyY], its character \d+, |a word begins or ends at an end of one of its choices|of options there are .* and no [be]$)")),
    ("regular expressions", refused_as(r"^the flag '.' of a regular expression is not offered")),
    ("regular expressions", refused_as(r"^the pattern '.*' ends with its escape character")),
    ("at time zone", refused_as(r"^there is no time zone '")),
    ("at time zone", of_wide_zones),
    ("to_char of numbers", refused_as(r"^the template '(?s:.*)' of a number cannot be used: (\S+ is not offered|TH needs a digit|PostgreSQL writes nothing)")),
    ("to_char of an interval", refused_as(r"^to_char cannot write (I|J|j|i)\w* of an interval")),
    ("to_char of numbers", said_there(r'"\S*" is not a number')),  # PostgreSQL's own fault
    ("json", said_there(r"unsupported Unicode escape sequence")),
    ("json", of_lone_surrogates),
    ("format", refused_as(r"^format: the place %\S+ is not offered")),
    ("substring(text similar pattern escape character)", refused_as(r"^substring\(text similar pattern escape character\) is not offered")),
    ("date_part", of_date_parts),
    ("width_bucket", of_buckets),
    ("numbers of texts", refused_as(r"^'0x1F' is not a double")),
    ("rows", refused_as(r"^a row (of several values|cannot stand within a row)|^a comparison of rows by in")),
    ("lists in a list", refused_as(r"the lists in it would become its elements|^a slice beside another subscript|^array_ndims\(...\) of lists in")),
    ("lists of texts", refused_as(r"^'\[0:1\]=\{a,b\}' is not a list")),
    ("lists of texts", refused_as(r"^'\{\{a\},\{b\}\}' is not a list")),
]


def known(result):
    """The row of the page that has this difference, or none."""
    return next((row for row, holds in KNOWN if holds(result)), "")


def missing_rows():
    """The rows that the page does not have."""
    page = PAGE.read_text(encoding="utf-8").partition("## Differences from PostgreSQL")[2]
    return sorted({row for row in [*NOT_THERE.values(), *(row for row, _ in KNOWN)] if f"\n| {row} | " not in page})
