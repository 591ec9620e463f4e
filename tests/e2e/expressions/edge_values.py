"""Values at the edges of each type, and texts that mean something to some functions: the pools that catalogue.py draws from.

A pool has the type of its column, the cast that follows it ("" for none), and its values as PostgreSQL reads them; None is null."""
import collections
import random

Pool = collections.namedtuple("Pool", "column cast values")

SMALL = "0 1 -1 2 -2 3 4 5 7 10 -10 12 31 59 60 100 -100 365 1000 2021 9999 32767 -32768".split()
INTEGERS = SMALL + "65536 86400 1000000 2147483647 -2147483648".split()
BIGINTS = INTEGERS + ("2147483648 -2147483649 4294967296 1609459200 9007199254740992 9007199254740993 -9007199254740993 253402300799 "
                      "999999999999999999 4611686018427387904 9223372036854775806 9223372036854775807 -9223372036854775807 "
                      "-9223372036854775808").split()
NUMERICS = ("0 1 -1 2 -2 0.5 -0.5 1.5 2.5 -2.5 0.1 0.2 0.3 -0.3 0.6 0.7 1.10 12.3 100.00 0.001 -0.001 3.14159 123.456 -123.456 99.995 0.05 1e3 1e10 "
            "1234567.891 999999999999999 0.000001 2147483647.5 0.00 1.50 -0.005 0.015 2.675 10000 0.0001 9999.9999 99999999999999999999 "
            "12345678901234567890.123456789012345678 99999999999999999999999999999999999999 -0.99999999999999999999999999999999999999 "
            "0.00000000000000000000000000000000000001 9223372036854775807.5 -9223372036854775808.5 0.10000000000000000000 1e37 7").split()
DOUBLES = ("0 -0 1 -1 2 -2 0.5 -0.5 1.5 2.5 3.5 -2.5 0.1 0.2 0.3 3.141592653589793 -1.5707963267948966 1e-5 123456.789 1e15 1e16 -1e22 1e23 "
           "9007199254740993 9223372036854775807 -9223372036854775808 4294967296 1e100 1e308 1.7976931348623157e308 2.2250738585072014e-308 "
           "5e-324 -5e-324 NaN Infinity -Infinity").split()
ZALGO = "e\u0301"
TEXTS = ["", " ", "a", "A", "b", "abc", "ABC", "abcabc", "hello world", "  padded  ", "a,b,,c", ",", "%", "_", "100%_x", "42", "-7",
         "3.5", "true", "null", "NULL", "Hà Nội", "ội", ZALGO, "🎉", "x🎉y", "👨‍👩‍👧", "日本語", "ß", "ẞ", "İ", "ı", "ŉ", "ǅ", "ﬁ", "Σίσυφος", "ЖЗИ",
         "\u00a0",
         "\u2028", "\ufeff", "{}", "{a,b}", "[1,2]", "'quoted'", "it''s", "\"", "\\", "a\\b", "a\nb", "a\tb", "\n", "a" * 300, "🎉" * 70,
         "key=value", "$1", "(a)", "[b]", "a|b", "x*y+z?", "one-two three_four", "MiXeD cAsE", "O'Neil's", "2021-04-24", "\u0001", "\x7f"]
INSTANTS = ["1970-01-01 00:00:00+00", "2021-04-24 19:55:00.796+00", "2020-02-29 23:59:59.999999+00", "2019-12-31 23:30:00+00",
            "0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00", "2024-03-10 07:30:00+00", "2024-11-03 06:30:00+00",
            "2021-03-28 01:30:00+00", "2021-10-31 00:30:00+00", "1969-12-31 23:59:59.5+00", "2000-01-01 00:00:00+00",
            "2021-01-03 00:00:00+00", "2016-12-31 23:59:59+00", "1900-02-28 12:00:00+00", "1883-11-18 17:00:00+00", "2024-02-29 12:00:00+00"]
FAR = ["0044-03-15 12:00:00 BC", "0001-12-31 23:59:59 BC", "4713-01-01 00:00:00 BC", "0100-02-28 00:00:00 BC", "10000-01-01 00:00:00",
       "99999-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999", "12024-02-29 06:00:00"]
DAYS = ["1970-01-01", "2021-04-24", "2020-02-29", "0001-01-01", "9999-12-31", "1969-12-31", "2021-01-03", "2016-12-31", "1900-02-28",
        "2000-01-01", "2021-03-28"]
FAR_DAYS = ["0044-03-15 BC", "0001-12-31 BC", "4713-01-01 BC", "4714-11-24 BC", "10000-01-01", "99999-12-31", "294000-12-31"]
WALLS = [t.removesuffix("+00") for t in INSTANTS]
CLOCK_TIMES = ["00:00:00", "24:00:00", "10:30:00", "10:30:15.5", "23:59:59.999999", "00:00:00.000001", "12:00:00", "19:55:00.796", "01:02:03.000005",
               "06:07:59.995"]
INTERVALS = ["0", "1 day", "-1 day", "1 month", "-13 months", "1 year 2 mons 3 days 04:05:06.789", "36 hours", "0.5 seconds",
             "-00:00:00.000001", "100 days -1 hour", "1 mon -30 days", "30 days", "24:00:00", "15 minutes", "-1 year 1 day", "1000 years",
             "100000000 hours", "-178000000 years", "2147483647 days", "1.5 months", "90 days 23:59:59.999999", "1 week", "29 days 24:00:00"]
JSONS = ["{}", "[]", "null", "true", "false", "\"text\"", "\"\"", "12.50", "-0", "0.0", "1E5", "1e400", "12345678901234567890",
         "{\"a\":1,\"b\":\"x\",\"k\":null}", "{\"a\":{\"b\":[10,{\"c\":true}]},\"k\":\"Hà Nội\"}", "[1, [2, 3], {\"k\": \"v\"}, null, \"\"]",
         " { \"k\" : [ 1 , 2 ] , \"a\" : { } } ", "{\"\":0,\"1\":\"one\",\"a b\":2}", "{\"a\":1,\"a\":2}", "\"\\ud83c\\udf89\"", "\"\\ud83c\"",
         "{\"a\":\"\\udf89\"}", "[\"\\ud83cx\"]", "\"\\u0000\"", "{\"a\":\"\\u0000\",\"k\":1}", "\"\\n\\t\\\\\\\"\"", "\"\\u00e9\"",
         "{\"\\u0061\":5}",
         "[[[[1]]]]", "[\"a\",\"b\"]", "[1,2.50,\"z\"]"]
LISTS = ["{}", "{a}", "{a,b,c}", "{NULL}", "{NULL,\"\",a}", "{\"two words\",\"comma,\"}", "{42,-7}", "{ội,🎉}", "{abc,abc}", "{a,\"null\",NULL}",
         "{\"{\",\"}\"}", "{k}", "{a,b,1}", "{1,0}", "{-1}"]
BIGINT_LISTS = ["{}", "{1}", "{1,2,3}", "{NULL,-7}", "{9223372036854775807,-9223372036854775808}", "{0,0}", "{10,NULL,100}"]
DOUBLE_LISTS = ["{}", "{1.5}", "{NaN,Infinity,-0}", "{0.1,NULL,1e300}", "{2,-2.5}"]
NUMERIC_LISTS = ["{}", "{1.5}", "{1.50,NULL,-2}", "{0.1,0.10,7}", "{99999999999999999999}"]
TIME_LISTS = ["{}", "{2021-04-24 19:55:00.796+00}", "{NULL,1970-01-01 00:00:00+00}", "{2020-02-29 23:59:59.999999+00,1970-01-01 00:00:00+00}"]
DAY_LISTS = ["{}", "{2021-04-24}", "{NULL,1970-01-01}", "{2020-02-29,1970-01-01}"]
BOOLEAN_LISTS = ["{}", "{t}", "{f,NULL,t}"]

FIELDS = ("epoch year month day hour minute second dow isodow doy week quarter isoyear century decade millennium millisecond milliseconds "
          "microseconds julian timezone timezone_hour timezone_minute YEAR years Day nonsense").split()
UNITS = ("microseconds milliseconds second minute hour day week month quarter year decade century millennium Hour days dow nonsense").split() + [""]
ZONES = ["UTC", "Asia/Ho_Chi_Minh", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
         "europe/paris", "+02:00", "-5", "EST", "Nowhere/Land", ""]
PATTERNS = ["a", "b", "^a", "c$", "[a-c]+", "[^a-z]", ".", ".*", "a*", "o?", "x{1,2}", "\\d+", "\\s", "\\w+", "(ab)(c)?", "(?:a|b)", "a|b|", "(",
            "[", "*", "[[:upper:]]", "[[:alpha:]]+", "\\.", ",", "ội", "🎉", "%", "", "^", "$", "^$", "\\", "(a)(b)?", "a.c", "(?i)ABC", "\\Ba",
            "(.)\\1",
            "b*", "\\n", "[a\\]]", "a{2}", "x+?", "\\mt", "\\m\\w+\\M", "\\w\\y", "b\\Y", "[[:<:]]Nội[[:>:]]", ".\\M", "(?x)b # c", "(?n)^b$",
            "[^\\W]", "\\x61", "\\141", "***=.", "(?q).", "^*a"]
FLAGS = ["", "g", "i", "gi", "c", "ic", "x", "n", "p", "w", "s", "m", "t", "q", "xi", "qi", "qx", "z"]
LIKES = ["%", "_", "a%", "%a", "%b%", "abc", "a_c", "\\%", "\\", "a\\", "%\\_%", "", "_🎉_", "%%", "__", "%ội", "A%"]
SIMILARS = ["%", "a%", "(a|b)%", "%(b|c)", "[a-c]+", "_+", "", "a{1,3}%", "abc|xyz", "%#%%"]
TIME_TEMPLATES = ["YYYY-MM-DD HH24:MI:SS", "YYYYMMDD", "FMMonth DD, YYYY", "Day DY D ID", "HH12:MI AM", "HH:MI:SS p.m.", "MS US", "IYYY-IW-ID",
                  "Q WW W DDD J",
                  "\"at\" HH24", "Y,YYY CC", "TH DDth", "MON mon Mon", "RM rm", "YYYY BC", "YYY YY Y", "TZ tz OF TZH:TZM", "SSSS SSSSS",
                  "FF1 FF3 FF6", "",
                  "no pattern", "FMDD/FMMM/FMHH24", "MONTH|DAY", "DDTH", "\\\"x\\\"", "IYY IY I", "Day, FMDDth FMMonth"]
INTERVAL_TEMPLATES = ["HH24:MI:SS", "HH24:MI:SS.MS", "FMHH24:FMMI:FMSS.US", "HH12 AM", "FMHH a.m.", "DD HH24", "FMDD", "DDD WW W", "FMDDD FMWW",
                      "YYYY-MM-DD", "FMYYYY-FMMM", "YYY YY Y", "FMYYY FMYY", "Y,YYY CC FMCC", "Q QTH", "RM rm FMRM", "SSSS SSSSS", "SSSSSTH",
                      "FF1 FF2 FF3 FF4 FF5 FF6", "MSth USTH", "DDth HH24TH MIth", "DDDTH YYYYth MMTH", "\"in\" HH24 \"h\"", "", "Month", "Day", "TZ",
                      "BC", "ID", "CCTH WTH"]
FORMATTED = ["12", "-12", "12-", "+12", "<12>", "< 12>", " 12", "  12 ", "1,234", "1,234.5", "-1,234.567", "1234.5-", "1234.5+", "$12.30", "12.5 %",
             ".5", "-.5", "5.", "-", ".", "", " ", "abc", "a1b2c3", "12th", "1st", "1 2 3", "--5", "+-5", "1.2.3", "1,2,3", "9999999999", "0012.3400",
             "ội12", "🎉5", "12é34", "1e5", "NaN", "12<", "12,", "- 5", "5 -", "00", "-0", "12345678901234567890", "0.00001", "n5", "(5)"]
NUMBER_TEMPLATES = ["999", "0000", "FM999", "9,999", "S9999", "9999S", "9999MI", "MI9999", "PL999", "SG999", "999PR", "99.9", "FM90.09",
                    "9999999999999999999",
                    "FM9G999G999th", "999D99", "0.00", ".99", "FM.99", "9.9EEEE", "RN", "FMRN", "99V99", "L999", "", "abc", "9 9",
                    "FM999999999.999999", "999%", "\"n\"99",
                    "00009999", "B999", "9TH"]
FORMATS = ["%s", "%s|%s", "%2$s-%1$s", "%10s|", "%-5s|", "%L", "%L %s %%", "%", "%z", "plain", "", "%1$s%1$s", "%I", "%*s", "%3$s"]
TIME_TEXTS = ["2021-04-24", "2021-04-24 19:55:00", "2021-04-24T19:55:00Z", "2021-04-24 19:55:00.796+07", "24.04.2021", "Apr 24, 2021 7:55 PM",
              "20210424",
              "20210424T195500", "2024-02-29", "2023-02-29", "2021-13-01", "2021-04-24 24:00:00", "2021-04-24 23:59:60", "2021-04-24 25:00", "",
              "x", "epoch",
              "infinity", "now", "0044-03-15 BC", "10000-01-01", "2021-114", "Sat Apr 24 2021", "2021-04-24 19:55 America/New_York",
              "2021-03-14 02:30 America/New_York",
              "1/2/2003", "99-01-02", "2021-04-24 19:55:00 PST", " 2021-04-24 ", "10:30"]
CLOCK_TEXTS = ["10:30", "10:30:15.123", "103015", "1030", "103015.5", "10:30.5", "10:30 PM", "12:00 am", "13:00 pm", "24:00", "24:00:01", "25:00",
               "23:59:60", "23:59:59.9999999", "10:60", " 10:30 ", "10:", "", "x", "10", "allballs", "T10:30", "t1030", "10:30+07", "040506-08",
               "10:30 PST", "10:30 MSK", "10:30 UTC", "10:30 America/New_York", "2021-03-04 10:30 America/New_York", "2021-03-04 10:30", "2021-03-04",
               "2021-02-30 10:30", "10:30 2021-02-03", "10:30 feb", "Mon 10:30", "10:30 bc", "2021-03-04T10:30:15Z", "1 day", "10:30 10:31", "now"]
INTERVAL_TEXTS = ["1 day", "1 day 1 day", "5 5 minutes", "P1Y2M3DT4H5M6S", "PT36H", "PT0.5S", "1d2h", "1-2", "1 2:03:04", "-1 day ago",
                  "1 fortnight", "1.5 hours",
                  "1 month - 1 second", "@ 1 minute", "04:05", "04:05:06.789", "", "x", "1", "1.5", "infinity", "999999999 years", "2 weeks",
                  "1 decade", "1 us", "+1 h", "- 1 h", "1 yr 3 mon"]
NUMBER_TEXTS = ["0", "1", "-1", "+5", " 12 ", "1e5", "1E-5", "0x1F", "1_000", "NaN", "nan", "inf", "-Infinity", "infinity", "-0", ".", "", " ",
                "1.", ".5", "-.5e1", "1e",
                "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "2147483648", "32768", "1e400",
                "1e-400", "--1", "1 2", "\u00a012",
                "\t7\n", "0.1", "007", "1,5", "x", "12345678901234567890", "true"]
BOOLEAN_TEXTS = ["t", "f", "true", "false", "TRUE", "tr", "fa", "yes", "no", "y", "n", "on", "off", "of", "o", "1", "0", " true ", "", "2",
                 "truex", "null"]
LIST_TEXTS = LISTS + ["", "{", "a,b", "{a,}", "{a b}", " { a , b } ", "{\"a\\\"b\"}", "{{a},{b}}", "[0:1]={a,b}", "{a}x", "{,a}", "{\\a}",
                      "{NuLL}", "{\"a\"b}"]
JSON_TEXTS = JSONS + ["", "{", "{a:1}", "[1,]", "01", "1.", ".5", "+1", "'x'", "\"a", "nul", "{} {}", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "NaN",
                      " 1 ", "[1 2]"]


def documents(count):
    """Random JSON: members in any order and twice, numbers in any form, escapes, blanks."""
    source = random.Random(15)
    names = ["a", "b", "k", "bb", "", "\\u0061", "\u00e9", "a b", "\\n", 'z\\"', "abc"]
    numbers = ["0", "-0", "1", "1.0", "1.50", "1e2", "1E-3", "-2.5e1", "12345678901234567890", "0.10", "1e0", "-0.0e3", "2", "3"]
    strings = ["a", "b", "", "\\/", "\\u0041", "x\\ty", "\\ud83c\\udf89", "\u1ed9i", "\\u001f"]

    def blank():
        return source.choice(["", "", "", " ", "\t"])

    def value(depth):
        kind = source.randrange(7 if depth < 3 else 5)
        if kind < 2:
            return source.choice(numbers)
        if kind < 4:
            return '"' + source.choice(strings) + '"'
        if kind == 4:
            return source.choice(["null", "true", "false"])
        items = [value(depth + 1) for _ in range(source.randrange(4))]
        if kind == 6:
            items = [f'"{source.choice(names)}"{blank()}:{blank()}{v}' for v in items]
        inside = ",".join(f"{blank()}{i}{blank()}" for i in items)
        return "{" + inside + "}" if kind == 6 else "[" + inside + "]"

    def container():
        text = value(0)
        return text if text[0] in "[{" else f'{{"a":{text},"k":[{value(1)}]}}'

    return [container() for _ in range(count)]


DOCUMENTS = documents(300)
IDENTIFIERS = ["a", "_", "A", "a b", "1a", "a1", "a$", "select", "Select", "null", "text", "int", "order_id", "over", "value", "year", "json", "table",
               "ội", "a\"b", "", "left", "between", "xmlroot", "not_la", "nulls_la", "ident", "no", "off"]
KEYS = ["a", "b", "k", "", "1", "0", "a b", "nope", "A"]
DELIMITERS = [",", "", " ", "a", "ab", "🎉", "nope", ", ", "\\"]
ESCAPES = ["\\", "#", "", "!!", "🎉", "a"]


def texts(values):
    return Pool("text", "", values)


POOLS = {
    "boolean": Pool("boolean", "", ["t", "f"]),
    "bigint": Pool("bigint", "", BIGINTS),
    "integer": Pool("bigint", "", INTEGERS),
    "small": Pool("bigint", "", SMALL),
    "numeric": Pool("numeric", "", NUMERICS),
    "numeric text": Pool("text", "numeric", NUMERICS + ["NaN", "Infinity", "-Infinity", "1e38", "1e-39", "1e60"]),
    "double": Pool("double", "", DOUBLES),
    "text": texts(TEXTS),
    "instant": Pool("timestamp", "", INSTANTS),
    "far instant": Pool("text", "timestamptz", FAR + INSTANTS[:4]),
    "wall": Pool("text", "timestamp", WALLS + FAR),
    "day": Pool("date", "", DAYS),
    "far day": Pool("text", "date", FAR_DAYS + DAYS[:3]),
    "interval": Pool("text", "interval", INTERVALS),
    "time": Pool("text", "time", CLOCK_TIMES), "clock text": texts(CLOCK_TEXTS),
    "json": Pool("json", "", JSONS),
    "jsonb": Pool("json", "jsonb", JSONS),
    "document": Pool("json", "jsonb", DOCUMENTS),
    "json document": Pool("json", "", DOCUMENTS),
    "list": Pool("text[]", "", LISTS),
    "bigints": Pool("bigint[]", "", BIGINT_LISTS),
    "doubles": Pool("double[]", "", DOUBLE_LISTS),
    "booleans": Pool("boolean[]", "", BOOLEAN_LISTS),
    "numerics": Pool("numeric[]", "", NUMERIC_LISTS),
    "times": Pool("timestamp[]", "", TIME_LISTS),
    "days": Pool("date[]", "", DAY_LISTS),
    "path": Pool("text[]", "", ["{a}", "{a,b}", "{a,b,1}", "{a,b,1,c}", "{1}", "{1,0}", "{k}", "{}", "{NULL}", "{-1}", "{\"\"}", "{2,k}", "{0}",
                                "{a,NULL}"]),
    "field": texts(FIELDS), "unit": texts(UNITS), "zone": texts(ZONES), "pattern": texts(PATTERNS), "flags": texts(FLAGS), "like": texts(LIKES),
    "similar": texts(SIMILARS), "time template": texts(TIME_TEMPLATES), "number template": texts(NUMBER_TEMPLATES), "interval template": texts(INTERVAL_TEMPLATES), "formatted": texts(FORMATTED), "template": texts(FORMATS),
    "time text": texts(TIME_TEXTS), "interval text": texts(INTERVAL_TEXTS), "number text": texts(NUMBER_TEXTS),
         "boolean text": texts(BOOLEAN_TEXTS),
    "list text": texts(LIST_TEXTS), "json text": texts(JSON_TEXTS), "key": texts(KEYS), "identifier": texts(IDENTIFIERS), "delimiter": texts(DELIMITERS), "escape": texts(ESCAPES),
}
# The pools of a type, as the binder calls it.
OF_KIND = {
    "boolean": ["boolean"], "bigint": ["bigint"], "numeric": ["numeric", "numeric", "numeric text"], "double": ["double"], "text": ["text"],
    "timestamp": ["instant", "instant", "far instant"], "timestamp without time zone": ["wall"], "date": ["day", "day", "far day"], "interval": ["interval"], "time": ["time"],
    "json": ["json", "json document"], "jsonb": ["jsonb", "document", "document"],
    "list": ["list", "list", "bigints", "doubles", "booleans"],
}
