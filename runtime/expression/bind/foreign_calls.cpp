#include "runtime/expression/bind/foreign_calls.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/foreign_templates.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace millrace::expression {
namespace {

/// A name that stands twice has a remedy for each number of arguments.
constexpr auto table = std::to_array<foreign_call>({
    {"nvl", 2, "coalesce($1, $2)", "", "null::text|'b'", "b"},
    {"ifnull", 2, "coalesce($1, $2)", "", "null::text|'b'", "b"},
    {"if", 3, "case when $1 then $2 else $3 end", "", "1 > 0|'a'|'b'", "a"},
    {"iif", 3, "case when $1 then $2 else $3 end", "", "1 > 0|'a'|'b'", "a"},
    {"nvl2", 3, "case when $1 is not null then $2 else $3 end", "", "1|'a'|'b'", "a"},
    {"nullifzero", 1, "nullif($1, 0)", "", "5", "5"},
    {"zeroifnull", 1, "coalesce($1, 0)", "", "null::bigint", "0"},
    {"nanvl", 2, "coalesce(nullif($1, 'NaN'::double precision), $2)", "", "1.5::double precision|2", "1.5"},
    {"isnull", 1, "@1 is null", "", "1", "false"},
    {"isnotnull", 1, "@1 is not null", "", "1", "true"},
    {"isnan", 1, "@1 = 'NaN'::double precision", "", "1.5::double precision", "false"},
    {"is_nan", 1, "@1 = 'NaN'::double precision", "", "1.5::double precision", "false"},
    {"equal_null", 2, "@1 is not distinct from $2", "", "1|1", "true"},
    {"is_decimal", 1, "", "write x ~ a pattern, such as x ~ '^[0-9]+$'", "", ""},
    {"is_digit", 1, "", "write x ~ a pattern, such as x ~ '^[0-9]+$'", "", ""},
    {"is_alpha", 1, "", "write x ~ a pattern, such as x ~ '^[0-9]+$'", "", ""},
    {"decode", 4, "case $1 when $2 then $3 else $4 end", "", "1|1|2|3", "2"},
    {"decode", -1, "", "write base64_decode(x), which gives text, or case x when 1 then 'a' else 'b' end", "",
     ""},
    {"hmac", -1, "", "write hmac_sha256_hex(key, x)", "", ""},
    {"decode", 2, "base64_decode($1)", "it gives text", "'YQ=='|'base64'", "a"},
    {"safe_divide", 2, "@1 / nullif($2, 0)", "", "6|3", "2"},
    {"try_divide", 2, "@1 / nullif($2, 0)", "", "6|3", "2"},
    {"safe_add", 2, "@1 + @2", "a record for which it overflows goes to the dead letters", "1|2", "3"},
    {"try_add", 2, "@1 + @2", "a record for which it overflows goes to the dead letters", "1|2", "3"},
    {"safe_subtract", 2, "@1 - @2", "a record for which it overflows goes to the dead letters", "3|2", "1"},
    {"try_subtract", 2, "@1 - @2", "a record for which it overflows goes to the dead letters", "3|2", "1"},
    {"safe_multiply", 2, "@1 * @2", "a record for which it overflows goes to the dead letters", "3|2", "6"},
    {"try_multiply", 2, "@1 * @2", "a record for which it overflows goes to the dead letters", "3|2", "6"},
    {"safe_negate", 1, "-@1", "", "(3)", "-3"},
    {"negative", 1, "-@1", "", "(3)", "-3"},
    {"positive", 1, "$1", "", "3", "3"},
    {"assert_true", 1, "", "write the condition in a where", "", ""},
    {"bround", 1, "round(@1::double precision)", "", "2.5", "2"},
    {"truncate", 2, "trunc($1, $2)", "", "2.99|1", "2.9"},
    {"rint", 1, "round(@1::double precision)", "", "2.5", "2"},
    {"signum", 1, "sign($1)", "", "-3", "-1"},
    {"log2", 1, "log(2, $1)", "", "8", "3.0000000000000000"},
    {"log1p", 1, "ln(1 + @1)", "", "0::double precision", "0"},
    {"expm1", 1, "exp($1) - 1", "", "0::double precision", "0"},
    {"e", 0, "exp(1::double precision)", "", "", "2.718281828459045"},
    {"euler", 0, "exp(1::double precision)", "", "", "2.718281828459045"},
    {"pmod", 2, "mod(mod($1, $2) + @2, $2)", "", "-7|3", "2"},
    {"ieee_divide", 2, "@1 / nullif($2, 0)", "", "6|3", "2"},
    {"hypot", 2, "sqrt(@1 ^ 2 + @2 ^ 2)", "", "3::double precision|4::double precision", "5"},
    {"sinh", 1, "(exp($1) - exp(-@1)) / 2", "", "0::double precision", "0"},
    {"cosh", 1, "(exp($1) + exp(-@1)) / 2", "", "0::double precision", "1"},
    {"tanh", 1, "(exp(2 * @1) - 1) / (exp(2 * @1) + 1)", "", "0::double precision", "0"},
    {"cot", 1, "1 / tan($1)", "", "0.7853981633974483", "1.0000000000000002"},
    {"sec", 1, "1 / cos($1)", "", "0", "1"},
    {"csc", 1, "1 / sin($1)", "", "1.5707963267948966", "1"},
    {"hex", 1, "upper(to_hex($1))", "", "255", "FF"},
    {"bin", 1, "", "there are no binary digits; to_hex(x) gives hexadecimal ones", "", ""},
    {"conv", -1, "", "bases but those of to_hex(x) are not offered", "", ""},
    {"unhex", -1, "", "bases but those of to_hex(x) are not offered", "", ""},
    {"from_hex", -1, "", "bases but those of to_hex(x) are not offered", "", ""},
    {"oct", -1, "", "bases but those of to_hex(x) are not offered", "", ""},
    {"shiftleft", 2, "@1 << @2", "", "1|3", "8"},
    {"shiftright", 2, "@1 >> @2", "", "8|3", "1"},
    {"bitand", 2, "@1 & @2", "", "6|3", "2"},
    {"bitor", 2, "@1 | @2", "", "6|3", "7"},
    {"bitxor", 2, "@1 # @2", "", "6|3", "5"},
    {"bitnot", 1, "~@1", "", "5", "-6"},
    {"range_bucket", -1, "", "write width_bucket(x, low, high, count)", "", ""},
    {"rand", -1, "", "a result must depend on the input alone", "", ""},
    {"random", -1, "", "a result must depend on the input alone", "", ""},
    {"randn", -1, "", "a result must depend on the input alone", "", ""},
    {"uniform", -1, "", "a result must depend on the input alone", "", ""},
    {"rand_integer", -1, "", "a result must depend on the input alone", "", ""},
    {"generate_uuid", -1, "", "a result must depend on the input alone", "", ""},
    {"uuid", -1, "", "a result must depend on the input alone", "", ""},
    {"gen_random_uuid", -1, "", "a result must depend on the input alone", "", ""},
    {"uuid_short", -1, "", "a result must depend on the input alone", "", ""},
    {"nextval", -1, "", "a result must depend on the input alone", "", ""},
    {"len", 1, "length($1)", "", "'abc'", "3"},
    {"ucase", 1, "upper($1)", "", "'abc'", "ABC"},
    {"lcase", 1, "lower($1)", "", "'ABC'", "abc"},
    {"mid", 3, "substr($1, $2, $3)", "", "'alphabet'|3|2", "ph"},
    {"mid", 2, "substr($1, $2)", "", "'alphabet'|7", "et"},
    {"substring_index", 3, "split_part($1, $2, $3)", "it gives the part of that number alone",
     "'a.b.c'|'.'|1", "a"},
    {"split_index", 3, "split_part($1, $2, @3 + 1)", "", "'a,b'|','|1", "b"},
    {"instr", 2, "strpos($1, $2)", "", "'high'|'ig'", "2"},
    {"locate", 2, "strpos($2, $1)", "", "'ig'|'high'", "2"},
    {"charindex", 2, "strpos($2, $1)", "", "'ig'|'high'", "2"},
    {"find_in_set", 2, "coalesce(array_position(string_to_array($2, ','), $1), 0)", "", "'b'|'a,b'", "2"},
    {"field", -1, "", "write array_position(array[...], x)", "", ""},
    {"elt", -1, "", "write (array[...])[n]", "", ""},
    {"insert", 4, "overlay($1 placing $4 from $2 for $3)", "", "'abcd'|2|2|'x'", "axd"},
    {"contains", 2, "strpos($1, $2) > 0", "", "'abc'|'b'", "true"},
    {"contains_substr", 2, "strpos(lower($1), lower($2)) > 0", "", "'aBc'|'b'", "true"},
    {"startswith", 2, "starts_with($1, $2)", "", "'abc'|'a'", "true"},
    {"endswith", 2, "right($1, length($2)) = $2", "", "'abc'|'bc'", "true"},
    {"ends_with", 2, "right($1, length($2)) = $2", "", "'abc'|'bc'", "true"},
    {"space", 1, "repeat(' ', $1)", "", "0", ""},
    {"soundex", 1, "", "there are no functions of sounds", "", ""},
    {"levenshtein", -1, "", "there are no functions of similar texts", "", ""},
    {"edit_distance", -1, "", "there are no functions of similar texts", "", ""},
    {"metaphone", -1, "", "there are no functions of similar texts", "", ""},
    {"soundex_match", -1, "", "there are no functions of similar texts", "", ""},
    {"difference", -1, "", "there are no functions of similar texts", "", ""},
    {"char", 1, "chr($1)", "", "65", "A"},
    {"unicode", 1, "ascii($1)", "", "'A'", "65"},
    {"ord", 1, "ascii($1)", "", "'A'", "65"},
    {"code_points", 1, "ascii($1)", "", "'A'", "65"},
    {"to_code_points", 1, "ascii($1)", "", "'A'", "65"},
    {"to_base64", 1, "base64_encode($1)", "", "'a'", "YQ=="},
    {"base64", 1, "base64_encode($1)", "", "'a'", "YQ=="},
    {"from_base64", 1, "base64_decode($1)", "", "'YQ=='", "a"},
    {"unbase64", 1, "base64_decode($1)", "", "'YQ=='", "a"},
    {"url_decode_component", 1, "url_decode($1)", "", "'a%20b'", "a b"},
    {"try_url_decode", 1, "url_decode($1)", "", "'a%20b'", "a b"},
    {"urlencode", 1, "url_encode($1)", "", "'a b'", "a%20b"},
    {"urldecode", 1, "url_decode($1)", "", "'a%20b'", "a b"},
    {"sha256", 1, "sha256_hex($1)", "", "'abc'",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"sha2", 2, "sha256_hex($1)", "of 256 bits alone", "'abc'|256",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"sha", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"sha1", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"sha224", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"sha384", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"sha512", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"crc32", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"xxhash64", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"hash", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"murmur_hash", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"farm_fingerprint", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"digest", -1, "", "the hashes are sha256_hex(x) and md5(x)", "", ""},
    {"encode", -1, "", "sha256_hex(x), hmac_sha256_hex(key, x) and base64_encode(x) take and give text", "",
     ""},
    {"convert_to", -1, "", "texts are UTF-8, and there is no type of bytes", "", ""},
    {"convert_from", -1, "", "texts are UTF-8, and there is no type of bytes", "", ""},
    {"to_utf8", -1, "", "texts are UTF-8, and there is no type of bytes", "", ""},
    {"safe_convert_bytes_to_string", -1, "", "texts are UTF-8, and there is no type of bytes", "", ""},
    {"code_points_to_bytes", -1, "", "texts are UTF-8, and there is no type of bytes", "", ""},
    {"aes_encrypt", -1, "", "there is no encryption and no compression in an expression", "", ""},
    {"aes_decrypt", -1, "", "there is no encryption and no compression in an expression", "", ""},
    {"compress", -1, "", "there is no encryption and no compression in an expression", "", ""},
    {"uncompress", -1, "", "there is no encryption and no compression in an expression", "", ""},
    {"format_string", -1, "format($*)", "its places are %s alone", "'a%s'|1", "a1"},
    {"printf", -1, "format($*)", "its places are %s alone", "'a%s'|1", "a1"},
    {"format_number", 2, "to_char($1, 'FM999,999,999,990.00')",
     "with as many 0 behind the point as there are to be digits", "1234.5|2", "1,234.50"},
    {"split", 2, "string_to_array($1, $2)", "regexp_split_to_array(x, pattern) takes a pattern", "'a,b'|','",
     "{a,b}"},
    {"split", 1, "string_to_array($1, ',')", "", "'a,b'", "{a,b}"},
    {"str_to_map", -1, "", "there are no maps; write split_part(x, delimiter, n) or a column of type json",
     "", ""},
    {"parse_url", -1, "",
     "write substring(x from pattern), such as substring(x from '://([^/]+)') for the host", "", ""},
    {"regexp_extract", 2, "substring($1 from $2)", "it gives the group in parentheses", "'a12'|'([0-9]+)'",
     "12"},
    {"regexp_extract", 3, "(regexp_match($1, $2))[$3]", "group 0 is regexp_substr(x, pattern)",
     "'a12b'|'([a-z])([0-9]+)'|2", "12"},
    {"regexp_extract_all", 2, "", "write regexp_substr(x, pattern, 1, n) for the n-th match", "", ""},
    {"regexp_extract_all", 3, "", "write regexp_substr(x, pattern, 1, n) for the n-th match", "", ""},
    {"regexp_contains", 2, "@1 ~ $2", "", "'abc'|'b+'", "true"},
    {"rlike", 2, "@1 ~ $2", "", "'abc'|'b+'", "true"},
    {"regexp", 2, "@1 ~ $2", "", "'abc'|'b+'", "true"},
    {"regexp_matches", 2, "regexp_match($1, $2)", "it gives the groups of the first match as a list",
     "'foobar'|'(o+)(b)'", "{oo,b}"},
    {"regexp_split_to_table", 2, "unnest(regexp_split_to_array($1, $2))", "", "'a,b'|','", ""},
    {"like", 2, "@1 like $2", "", "'abc'|'a%'", "true"},
    {"ilike", 2, "@1 ilike $2", "", "'abc'|'A%'", "true"},
    {"normalize", -1, "", "texts are compared by their bytes; lower(x) takes away the case", "", ""},
    {"normalize_and_casefold", -1, "", "texts are compared by their bytes; lower(x) takes away the case", "",
     ""},
    {"collate", -1, "", "texts are compared by their bytes; lower(x) takes away the case", "", ""},
    {"to_binary", -1, "", "there is no type of bytes", "", ""},
    {"try_to_binary", -1, "", "there is no type of bytes", "", ""},
    {"strcmp", 2, "case when $1 < $2 then -1 when $1 > $2 then 1 else 0 end", "", "'a'|'b'", "-1"},
    {"sentences", -1, "", "there is no such function; regexp_replace(x, pattern, by) changes a text", "", ""},
    {"mask", -1, "", "there is no such function; regexp_replace(x, pattern, by) changes a text", "", ""},
    {"luhn_check", -1, "", "there is no such function; regexp_replace(x, pattern, by) changes a text", "",
     ""},
    {"to_varchar", 2, "to_char($1, $2)", "", "timestamp '2021-04-24 19:55:08'|'YYYY'", "2021"},
    {"string", 1, "@1::text", "", "1", "1"},
    {"int", 1, "@1::bigint", "", "'5'", "5"},
    {"integer", 1, "@1::bigint", "", "'5'", "5"},
    {"bigint", 1, "@1::bigint", "", "'5'", "5"},
    {"int64", 1, "@1::bigint", "", "'5'", "5"},
    {"to_int", 1, "@1::bigint", "", "'5'", "5"},
    {"float64", 1, "@1::double precision", "", "'1.5'", "1.5"},
    {"double", 1, "@1::double precision", "", "'1.5'", "1.5"},
    {"to_double", 1, "@1::double precision", "", "'1.5'", "1.5"},
    {"float", 1, "@1::double precision", "", "'1.5'", "1.5"},
    {"bool", 1, "@1::boolean", "", "'true'", "true"},
    {"to_boolean", 1, "@1::boolean", "", "'true'", "true"},
    {"typeof", 1, "",
     "the plan that check prints has the type of each column; json_typeof(x) is that of a json", "", ""},
    {"year", 1, "extract(year from $1)", "", "timestamp '2021-04-24 19:55:08'", "2021"},
    {"month", 1, "extract(month from $1)", "", "timestamp '2021-04-24 19:55:08'", "4"},
    {"day", 1, "extract(day from $1)", "", "timestamp '2021-04-24 19:55:08'", "24"},
    {"dayofmonth", 1, "extract(day from $1)", "", "timestamp '2021-04-24 19:55:08'", "24"},
    {"hour", 1, "extract(hour from $1)", "", "timestamp '2021-04-24 19:55:08'", "19"},
    {"minute", 1, "extract(minute from $1)", "", "timestamp '2021-04-24 19:55:08'", "55"},
    {"second", 1, "extract(second from $1)", "", "timestamp '2021-04-24 19:55:08'", "8.000000"},
    {"quarter", 1, "extract(quarter from $1)", "", "timestamp '2021-04-24 19:55:08'", "2"},
    {"week", 1, "extract(week from $1)", "", "timestamp '2021-04-24 19:55:08'", "16"},
    {"weekofyear", 1, "extract(week from $1)", "", "timestamp '2021-04-24 19:55:08'", "16"},
    {"dayofyear", 1, "extract(doy from $1)", "", "timestamp '2021-04-24 19:55:08'", "114"},
    {"weekday", 1, "extract(isodow from $1) - 1", "", "timestamp '2021-04-24 19:55:08'", "5"},
    {"dayofweek", 1, "extract(dow from $1) + 1", "1 is Sunday", "timestamp '2021-04-24 19:55:08'", "7"},
    {"dayname", 1, "to_char($1, 'FMDay')", "", "timestamp '2021-04-24 19:55:08'", "Saturday"},
    {"monthname", 1, "to_char($1, 'FMMonth')", "", "timestamp '2021-04-24 19:55:08'", "April"},
    {"microsecond", 1, "to_char($1, 'US')", "", "timestamp '2021-04-24 19:55:08'", "000000"},
    {"datepart", 2, "date_part('#1', $2)", "", "'hour'|timestamp '2021-04-24 19:55:08'", "19"},
    {"date_format", 2, "to_char($1, &2)", "", "timestamp '2021-04-24 19:55:08'|'yyyy-MM-dd HH:mm'",
     "2021-04-24 19:55"},
    {"format_timestamp", 2, "to_char($2, &1)", "", "'%Y-%m-%d %H:%M'|timestamp '2021-04-24 19:55:08'",
     "2021-04-24 19:55"},
    {"format_datetime", 2, "to_char($2, &1)", "", "'%Y-%m-%d %H:%M'|timestamp '2021-04-24 19:55:08'",
     "2021-04-24 19:55"},
    {"format_date", 2, "to_char($2, &1)", "", "'%Y-%m-%d %H:%M'|timestamp '2021-04-24 19:55:08'",
     "2021-04-24 19:55"},
    {"format_time", 2, "to_char($2, &1)", "", "'%Y-%m-%d %H:%M'|timestamp '2021-04-24 19:55:08'",
     "2021-04-24 19:55"},
    {"parse_timestamp", 2, "to_timestamp($2, &1)", "", "'%Y-%m-%d %H:%M'|'2021-04-24 19:55'",
     "2021-04-24 19:55:00+00"},
    {"parse_datetime", 2, "to_timestamp($2, &1)", "", "'%Y-%m-%d %H:%M'|'2021-04-24 19:55'",
     "2021-04-24 19:55:00+00"},
    {"parse_date", 2, "to_date($2, &1)", "", "'%Y-%m-%d'|'2021-04-24'", "2021-04-24"},
    {"str_to_date", 2, "to_timestamp($1, &2)", "", "'2021-04-24 19:55'|'yyyy-MM-dd HH:mm'",
     "2021-04-24 19:55:00+00"},
    {"try_to_timestamp", 2, "to_timestamp($1, &2)", "", "'2021-04-24 19:55'|'yyyy-MM-dd HH:mm'",
     "2021-04-24 19:55:00+00"},
    {"to_timestamp_ltz", 2, "to_timestamp($1, &2)", "", "'2021-04-24 19:55'|'yyyy-MM-dd HH:mm'",
     "2021-04-24 19:55:00+00"},
    {"to_timestamp_ntz", 2, "to_timestamp($1, &2)", "", "'2021-04-24 19:55'|'yyyy-MM-dd HH:mm'",
     "2021-04-24 19:55:00+00"},
    {"to_timestamp", 1, "@1::timestamp", "", "'2021-04-24 19:55:00'", "2021-04-24 19:55:00"},
    {"to_timestamp_ntz", 1, "@1::timestamp", "", "'2021-04-24 19:55:00'", "2021-04-24 19:55:00"},
    {"try_to_timestamp", 1, "@1::timestamp", "", "'2021-04-24 19:55:00'", "2021-04-24 19:55:00"},
    {"to_datetime", 1, "@1::timestamp", "", "'2021-04-24 19:55:00'", "2021-04-24 19:55:00"},
    {"to_timestamp_ltz", 1, "@1::timestamptz", "", "'2021-04-24 19:55:00'", "2021-04-24 19:55:00+00"},
    {"to_date", 1, "@1::date", "", "'2021-04-24'", "2021-04-24"},
    {"try_to_date", 1, "@1::date", "", "'2021-04-24'", "2021-04-24"},
    {"unix_timestamp", 1, "extract(epoch from $1)", "", "timestamp '2021-04-24 19:55:08'",
     "1619294108.000000"},
    {"to_unix_timestamp", 1, "extract(epoch from $1)", "", "timestamp '2021-04-24 19:55:08'",
     "1619294108.000000"},
    {"unix_seconds", 1, "extract(epoch from $1)", "", "timestamp '2021-04-24 19:55:08'", "1619294108.000000"},
    {"unix_timestamp", 0, "extract(epoch from now())", "", "", ""},
    {"unix_timestamp", 2, "extract(epoch from to_timestamp($1, &2))", "", "'2021-04-24'|'yyyy-MM-dd'",
     "1619222400.000000"},
    {"to_unix_timestamp", 2, "extract(epoch from to_timestamp($1, &2))", "", "'2021-04-24'|'yyyy-MM-dd'",
     "1619222400.000000"},
    {"unix_millis", 1, "(extract(epoch from $1) * 1000)::bigint", "", "timestamp '2021-04-24 19:55:08'",
     "1619294108000"},
    {"unix_micros", 1, "(extract(epoch from $1) * 1000000)::bigint", "", "timestamp '2021-04-24 19:55:08'",
     "1619294108000000"},
    {"date", 3, "make_date($1, $2, $3)", "", "2021|4|24", "2021-04-24"},
    {"unix_date", 1, "@1::date - date '1970-01-01'", "", "date '1970-01-03'", "2"},
    {"date_from_unix_date", 1, "date '1970-01-01' + @1", "", "2", "1970-01-03"},
    {"from_unixtime", 1, "to_timestamp($1)", "", "0", "1970-01-01 00:00:00+00"},
    {"timestamp_seconds", 1, "to_timestamp($1)", "", "0", "1970-01-01 00:00:00+00"},
    {"from_unixtime", 2, "to_char(to_timestamp($1), &2)", "", "0|'yyyy-MM-dd'", "1970-01-01"},
    {"timestamp_millis", 1, "to_timestamp(@1 / 1000.0)", "", "1500", "1970-01-01 00:00:01.5+00"},
    {"timestamp_micros", 1, "to_timestamp(@1 / 1000000.0)", "", "1500000", "1970-01-01 00:00:01.5+00"},
    {"from_utc_timestamp", 2, "@1 at time zone 'UTC' at time zone $2", "",
     "timestamp '2021-04-24 12:00:00'|'Europe/Berlin'", "2021-04-24 14:00:00"},
    {"to_utc_timestamp", 2, "@1 at time zone $2 at time zone 'UTC'", "",
     "timestamp '2021-04-24 12:00:00'|'Europe/Berlin'", "2021-04-24 10:00:00"},
    {"convert_timezone", 3, "",
     "write x at time zone 'zone' (of a timestamptz), or x at time zone 'from' at time zone 'to'", "", ""},
    {"convert_tz", 3, "",
     "write x at time zone 'zone' (of a timestamptz), or x at time zone 'from' at time zone 'to'", "", ""},
    {"date_add", 2, "@1::date + @2", "", "date '2021-04-24'|3", "2021-04-27"},
    {"adddate", 2, "@1::date + @2", "", "date '2021-04-24'|3", "2021-04-27"},
    {"date_sub", 2, "@1::date - @2", "", "date '2021-04-24'|3", "2021-04-21"},
    {"subdate", 2, "@1::date - @2", "", "date '2021-04-24'|3", "2021-04-21"},
    {"date_add interval", 2, "@1 + $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-25 19:55:08"},
    {"adddate interval", 2, "@1 + $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-25 19:55:08"},
    {"timestamp_add interval", 2, "@1 + $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-25 19:55:08"},
    {"datetime_add interval", 2, "@1 + $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-25 19:55:08"},
    {"addtime interval", 2, "@1 + $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-25 19:55:08"},
    {"date_sub interval", 2, "@1 - $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-23 19:55:08"},
    {"subdate interval", 2, "@1 - $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-23 19:55:08"},
    {"timestamp_sub interval", 2, "@1 - $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-23 19:55:08"},
    {"datetime_sub interval", 2, "@1 - $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-23 19:55:08"},
    {"subtime interval", 2, "@1 - $2", "", "timestamp '2021-04-24 19:55:08'|interval '1 day'",
     "2021-04-23 19:55:08"},
    {"dateadd", 3, "@3 + @2 * interval '1 #1'", "", "hour|2|timestamp '2021-04-24 19:55:08'",
     "2021-04-24 21:55:08"},
    {"date_add", 3, "@3 + @2 * interval '1 #1'", "", "hour|2|timestamp '2021-04-24 19:55:08'",
     "2021-04-24 21:55:08"},
    {"timestampadd", 3, "@3 + @2 * interval '1 #1'", "", "hour|2|timestamp '2021-04-24 19:55:08'",
     "2021-04-24 21:55:08"},
    {"add_months", 2, "@1 + @2 * interval '1 month'", "", "timestamp '2021-04-24 19:55:08'|1",
     "2021-05-24 19:55:08"},
    {"months_between", 2, "extract(year from age($1, $2)) * 12 + extract(month from age($1, $2))",
     "in whole months", "date '2021-04-24'|date '2020-02-20'", "14"},
    {"period_diff", 2, "", "write extract(year from age(x, y)) * 12 + extract(month from age(x, y))", "", ""},
    {"datediff", 2, "@1::date - @2::date", "", "date '2021-04-24'|date '2021-04-20'", "4"},
    {"timediff", 2, "@1 - @2", "", "timestamp '2021-04-24 19:55:08'|timestamp '2021-04-24 17:50:00'",
     "02:05:08"},
    {"timestampdiff year", 3, "extract(year from age($3, $2))", "",
     "year|date '2020-02-20'|date '2021-04-24'", "1"},
    {"timestampdiff month", 3, "extract(year from age($3, $2)) * 12 + extract(month from age($3, $2))", "",
     "month|date '2020-02-20'|date '2021-04-24'", "14"},
    {"timestampdiff day", 3, "@3::date - @2::date", "", "day|date '2020-02-20'|date '2021-04-24'", "429"},
    {"timestampdiff", 3, "trunc(extract(epoch from @3::timestamp - @2::timestamp) / ~1)",
     "in whole units, cut", "hour|date '2020-02-20'|date '2021-04-24'", "10296"},
    {"datediff year", 3, "extract(year from age($3, $2))", "", "year|date '2020-02-20'|date '2021-04-24'",
     "1"},
    {"datediff month", 3, "extract(year from age($3, $2)) * 12 + extract(month from age($3, $2))", "",
     "month|date '2020-02-20'|date '2021-04-24'", "14"},
    {"datediff day", 3, "@3::date - @2::date", "", "day|date '2020-02-20'|date '2021-04-24'", "429"},
    {"datediff", 3, "trunc(extract(epoch from @3::timestamp - @2::timestamp) / ~1)", "in whole units, cut",
     "hour|date '2020-02-20'|date '2021-04-24'", "10296"},
    {"date_diff year", 3, "extract(year from age($1, $2))", "", "date '2021-04-24'|date '2020-02-20'|year",
     "1"},
    {"date_diff month", 3, "extract(year from age($1, $2)) * 12 + extract(month from age($1, $2))", "",
     "date '2021-04-24'|date '2020-02-20'|month", "14"},
    {"date_diff day", 3, "@1::date - @2::date", "", "date '2021-04-24'|date '2020-02-20'|day", "429"},
    {"date_diff", 3, "trunc(extract(epoch from @1::timestamp - @2::timestamp) / ~3)", "in whole units, cut",
     "date '2021-04-24'|date '2020-02-20'|hour", "10296"},
    {"timestamp_diff year", 3, "extract(year from age($1, $2))", "",
     "date '2021-04-24'|date '2020-02-20'|year", "1"},
    {"timestamp_diff month", 3, "extract(year from age($1, $2)) * 12 + extract(month from age($1, $2))", "",
     "date '2021-04-24'|date '2020-02-20'|month", "14"},
    {"timestamp_diff day", 3, "@1::date - @2::date", "", "date '2021-04-24'|date '2020-02-20'|day", "429"},
    {"timestamp_diff", 3, "trunc(extract(epoch from @1::timestamp - @2::timestamp) / ~3)",
     "in whole units, cut", "date '2021-04-24'|date '2020-02-20'|hour", "10296"},
    {"datetime_diff year", 3, "extract(year from age($1, $2))", "",
     "date '2021-04-24'|date '2020-02-20'|year", "1"},
    {"datetime_diff month", 3, "extract(year from age($1, $2)) * 12 + extract(month from age($1, $2))", "",
     "date '2021-04-24'|date '2020-02-20'|month", "14"},
    {"datetime_diff day", 3, "@1::date - @2::date", "", "date '2021-04-24'|date '2020-02-20'|day", "429"},
    {"datetime_diff", 3, "trunc(extract(epoch from @1::timestamp - @2::timestamp) / ~3)",
     "in whole units, cut", "date '2021-04-24'|date '2020-02-20'|hour", "10296"},
    {"time_diff year", 3, "extract(year from age($1, $2))", "", "date '2021-04-24'|date '2020-02-20'|year",
     "1"},
    {"time_diff month", 3, "extract(year from age($1, $2)) * 12 + extract(month from age($1, $2))", "",
     "date '2021-04-24'|date '2020-02-20'|month", "14"},
    {"time_diff day", 3, "@1::date - @2::date", "", "date '2021-04-24'|date '2020-02-20'|day", "429"},
    {"time_diff", 3, "trunc(extract(epoch from @1::timestamp - @2::timestamp) / ~3)", "in whole units, cut",
     "date '2021-04-24'|date '2020-02-20'|hour", "10296"},
    {"last_day", 1, "(date_trunc('month', $1) + interval '1 month - 1 day')::date", "",
     "timestamp '2021-04-24 19:55:08'", "2021-04-30"},
    {"next_day", 2, "",
     "write x::date + 7 - (extract(isodow from x)::bigint - n + 7) % 7, n being 1 for Monday", "", ""},
    {"makedate", 2, "make_date($1, 1, 1) + @2 - 1", "", "2021|114", "2021-04-24"},
    {"maketime", 3, "make_time($1, $2, $3)", "", "19|55|8", "19:55:08"},
    {"make_timestamp_ntz", 6, "make_timestamp($*)", "", "2021|4|24|19|55|8", "2021-04-24 19:55:08"},
    {"make_dt_interval", -1, "", "write make_interval(days => 1, hours => 2)", "", ""},
    {"timestamp_trunc", 2, "date_trunc('#2', $1)", "", "timestamp '2021-04-24 19:55:08'|HOUR",
     "2021-04-24 19:00:00"},
    {"datetime_trunc", 2, "date_trunc('#2', $1)", "", "timestamp '2021-04-24 19:55:08'|HOUR",
     "2021-04-24 19:00:00"},
    {"time_trunc", 2, "date_trunc('#2', $1)", "", "timestamp '2021-04-24 19:55:08'|HOUR",
     "2021-04-24 19:00:00"},
    {"date_trunc unit", 2, "date_trunc('#2', $1)", "", "timestamp '2021-04-24 19:55:08'|HOUR",
     "2021-04-24 19:00:00"},
    {"trunc unit", 2, "date_trunc('#2', $1)", "", "timestamp '2021-04-24 19:55:08'|'MM'",
     "2021-04-01 00:00:00"},
    {"time_to_sec", 1, "extract(epoch from @1::time)", "", "timestamp '2021-04-24 19:55:08'", "71708.000000"},
    {"to_seconds", 1, "extract(epoch from @1::time)", "", "timestamp '2021-04-24 19:55:08'", "71708.000000"},
    {"sec_to_time", 1, "@1 * interval '1 second'", "", "90", "00:01:30"},
    {"to_days", 1, "@1::date - date '0001-01-01' + 366", "", "date '0001-01-01'", "366"},
    {"date_from_parts", 3, "make_date($*)", "", "2021|4|24", "2021-04-24"},
    {"timestamp_from_parts", 6, "make_timestamp($*)", "", "2021|4|24|19|55|8", "2021-04-24 19:55:08"},
    {"datetime", 1, "@1::timestamp", "", "'2021-04-24 19:55:00'", "2021-04-24 19:55:00"},
    {"curdate", 0, "current_date", "", "", ""},
    {"utc_date", 0, "current_date", "", "", ""},
    {"curtime", 0, "localtime", "", "", ""},
    {"utc_time", 0, "localtime", "", "", ""},
    {"current_datetime", -1, "now()", "it is fixed for a batch", "", ""},
    {"sysdate", -1, "now()", "it is fixed for a batch", "", ""},
    {"getdate", -1, "now()", "it is fixed for a batch", "", ""},
    {"utc_timestamp", -1, "now()", "it is fixed for a batch", "", ""},
    {"systimestamp", -1, "now()", "it is fixed for a batch", "", ""},
    {"clock_timestamp", -1, "now()", "it is fixed for a batch", "", ""},
    {"current_row_timestamp", -1, "now()", "it is fixed for a batch", "", ""},
    {"timeofday", -1, "now()", "it is fixed for a batch", "", ""},
    {"proctime", -1, "now()", "it is fixed for a batch", "", ""},
    {"window", -1, "", "a window is a stage of its own, and its rows have window_start and window_end", "",
     ""},
    {"tumble", -1, "", "a window is a stage of its own, and its rows have window_start and window_end", "",
     ""},
    {"hop", -1, "", "a window is a stage of its own, and its rows have window_start and window_end", "", ""},
    {"session", -1, "", "a window is a stage of its own, and its rows have window_start and window_end", "",
     ""},
    {"tumble_start", -1, "", "a window is a stage of its own, and its rows have window_start and window_end",
     "", ""},
    {"tumble_end", -1, "", "a window is a stage of its own, and its rows have window_start and window_end",
     "", ""},
    {"hop_start", -1, "", "a window is a stage of its own, and its rows have window_start and window_end", "",
     ""},
    {"hop_end", -1, "", "a window is a stage of its own, and its rows have window_start and window_end", "",
     ""},
    {"session_start", -1, "", "a window is a stage of its own, and its rows have window_start and window_end",
     "", ""},
    {"session_end", -1, "", "a window is a stage of its own, and its rows have window_start and window_end",
     "", ""},
    {"window_time", -1, "", "a window is a stage of its own, and its rows have window_start and window_end",
     "", ""},
    {"size", 1, "cardinality($1)", "json_array_length(x) is that of a json", "array[1, 2]", "2"},
    {"array_size", 1, "cardinality($1)", "", "array[1, 2]", "2"},
    {"array_length", 1, "cardinality($1)", "", "array[1, 2]", "2"},
    {"array_contains", 2, "@2 = any($1)", "", "array[1, 2]|2", "true"},
    {"element_at", 2, "@1[$2]", "", "array[1, 2]|2", "2"},
    {"try_element_at", 2, "@1[$2]", "", "array[1, 2]|2", "2"},
    {"array_get", 2, "@1[@2 + 1]", "", "array[1, 2]|1", "2"},
    {"get", 2, "@1[@2 + 1]", "", "array[1, 2]|1", "2"},
    {"array_concat", 2, "@1 || @2", "", "array[1]|array[2]", "{1,2}"},
    {"array_join", 2, "array_to_string($1, $2)", "", "array['a', 'b']|','", "a,b"},
    {"arrays_overlap", 2, "@1 && @2", "", "array[1]|array[1]", "true"},
    {"array_first", 1, "@1[1]", "", "array[1, 2]", "1"},
    {"array_last", 1, "@1[cardinality($1)]", "", "array[1, 2]", "2"},
    {"array_slice", 3, "@1[$2:$3]", "", "array[1, 2, 3]|2|3", "{2,3}"},
    {"slice", 3, "@1[$2:@2 + @3 - 1]", "", "array[1, 2, 3]|2|2", "{2,3}"},
    {"array_except", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_intersect", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_union", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_distinct", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_sort", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"sort_array", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_max", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_min", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_sum", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_reverse", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_repeat", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"array_compact", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"arrays_zip", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"shuffle", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"transform", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"aggregate", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"reduce", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"exists", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"forall", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"zip_with", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"generate_array", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"generate_date_array", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"sequence", -1, "",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them",
     "", ""},
    {"flatten", 1, "unnest($1)", "in the columns of a select", "array[1, 2]", ""},
    {"explode", 1, "unnest($1)", "in the columns of a select", "array[1, 2]", ""},
    {"explode_outer", 1, "unnest($1)", "in the columns of a select", "array[1, 2]", ""},
    {"posexplode", 1, "unnest($1)", "in the columns of a select", "array[1, 2]", ""},
    {"inline", 1, "unnest($1)", "in the columns of a select", "array[1, 2]", ""},
    {"stack", 1, "unnest($1)", "in the columns of a select", "array[1, 2]", ""},
    {"map", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"map_from_arrays", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "",
     ""},
    {"map_from_entries", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "",
     ""},
    {"map_keys", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"map_values", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"map_entries", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"map_concat", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"map_filter", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"map_contains_key", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "",
     ""},
    {"str_to_struct", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"object_keys", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"json_keys", -1, "", "there are no maps; keep a column of type json and read x ->> 'name'", "", ""},
    {"struct", -1, "", "write json_build_object('name', x, ...)", "", ""},
    {"named_struct", -1, "", "write json_build_object('name', x, ...)", "", ""},
    {"to_struct", -1, "", "write json_build_object('name', x, ...)", "", ""},
    {"get_json_object", 2, "@1::json #>> %2", "", "'{\"a\":{\"b\":1}}'|'$.a.b'", "1"},
    {"json_value", 2, "@1::json #>> %2", "", "'{\"a\":{\"b\":1}}'|'$.a.b'", "1"},
    {"json_extract_scalar", 2, "@1::json #>> %2", "", "'{\"a\":{\"b\":1}}'|'$.a.b'", "1"},
    {"json_extract", 2, "@1::json #> %2", "", "'{\"a\":{\"b\":1}}'|'$.a.b'", "1"},
    {"json_query", 2, "@1::json #> %2", "", "'{\"a\":{\"b\":1}}'|'$.a.b'", "1"},
    {"json_exists", 2, "@1::json #> %2 is not null", "", "'{\"a\":{\"b\":1}}'|'$.a.b'", "true"},
    {"json_contains_path", 3, "@1::json #> %3 is not null", "", "'{\"a\":1}'|'one'|'$.a'", "true"},
    {"json_contains", 2, "@1::jsonb @> @2::jsonb", "", "'{\"a\":1}'|'{\"a\":1}'", "true"},
    {"json_unquote", 1, "@1::json #>> '{}'", "", "'\"a\"'", "a"},
    {"to_json_string", 1, "to_json($1)::text", "", "1", "1"},
    {"json_serialize", 1, "to_json($1)::text", "", "1", "1"},
    {"json_quote", 1, "to_json($1)::text", "", "1", "1"},
    {"parse_json", 1, "@1::json", "", "'[1]'", "[1]"},
    {"json_parse", 1, "@1::json", "", "'[1]'", "[1]"},
    {"json_length", 1, "json_array_length(@1::json)", "", "'[1, 2]'", "2"},
    {"json_type", 1, "json_typeof(@1::json)", "", "'[1, 2]'", "array"},
    {"json_array", -1, "json_build_array($*)", "", "1|2", "[1, 2]"},
    {"json_set", 3, "jsonb_set(@1::jsonb, %2, to_jsonb($3))", "", "'{\"a\":1}'|'$.a'|2", "{\"a\": 2}"},
    {"json_remove", 2, "@1::jsonb #- %2", "", "'{\"a\":1}'|'$.a'", "{}"},
    {"from_json", -1, "", "declare the members in the parser's schema, or read one by x ->> 'name'", "", ""},
    {"schema_of_json", -1, "", "declare the members in the parser's schema, or read one by x ->> 'name'", "",
     ""},
    {"json_tuple", -1, "", "declare the members in the parser's schema, or read one by x ->> 'name'", "", ""},
    {"json_table", -1, "", "declare the members in the parser's schema, or read one by x ->> 'name'", "", ""},
    {"is_json", 1, "", "x::json of a text that is none sends the record to the dead letters", "", ""},
    {"json_array_elements", -1, "", "declare the column as a list, such as [\"text\"], and use unnest(x)", "",
     ""},
    {"jsonb_array_elements", -1, "", "declare the column as a list, such as [\"text\"], and use unnest(x)",
     "", ""},
    {"xpath", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"xpath_string", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"extractvalue", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"updatexml", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"from_xml", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"from_csv", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"from_avro", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"from_protobuf", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"from_variant", -1, "", "a parser reads the format; see docs/formats.md", "", ""},
    {"mean", 1, "avg($1)", "", "n", ""},
    {"count_distinct", 1, "count(distinct $1)", "", "n", ""},
    {"countdistinct", 1, "count(distinct $1)", "", "n", ""},
    {"approx_count_distinct", 1, "count(distinct $1)", "it is exact", "n", ""},
    {"ndv", 1, "count(distinct $1)", "it is exact", "n", ""},
    {"hll_count_distinct", 1, "count(distinct $1)", "it is exact", "n", ""},
    {"countif", 1, "count(*) filter (where $1)", "", "n > 1", ""},
    {"count_if", 1, "count(*) filter (where $1)", "", "n > 1", ""},
    {"sum_if", 2, "sum($1) filter (where $2)", "", "n|n > 1", ""},
    {"sumif", 2, "sum($1) filter (where $2)", "", "n|n > 1", ""},
    {"avg_if", 2, "avg($1) filter (where $2)", "", "n|n > 1", ""},
    {"avgif", 2, "avg($1) filter (where $2)", "", "n|n > 1", ""},
    {"collect_list", 1, "array_agg($1)", "", "n", ""},
    {"collect_set", 1, "array_agg(distinct $1)", "", "n", ""},
    {"collect", 1, "array_agg($1)", "", "n", ""},
    {"listagg", 2, "string_agg($1, $2)", "", "s|','", ""},
    {"listagg", 1, "string_agg($1, ',')", "", "s", ""},
    {"group_concat", 1, "string_agg($1, ',')", "", "s", ""},
    {"group_concat", 2, "string_agg(concat($1, $2), ',')", "", "s|s", ""},
    {"approx_percentile", 2, "percentile_cont($2) within group (order by $1)", "it is exact", "n|0.5", ""},
    {"percentile_approx", 2, "percentile_cont($2) within group (order by $1)", "it is exact", "n|0.5", ""},
    {"percentile", 2, "percentile_cont($2) within group (order by $1)", "it is exact", "n|0.5", ""},
    {"quantile", 2, "percentile_cont($2) within group (order by $1)", "it is exact", "n|0.5", ""},
    {"approx_percentile", 3, "percentile_cont($2) within group (order by $1)", "it is exact", "n|0.5|100",
     ""},
    {"percentile_approx", 3, "percentile_cont($2) within group (order by $1)", "it is exact", "n|0.5|100",
     ""},
    {"approx_quantiles", 2, "",
     "write percentile_cont(0.5) within group (order by x), once for each fraction", "", ""},
    {"median", 1, "percentile_cont(0.5) within group (order by $1)", "", "n", ""},
    {"first_value", 1, "first($1)", "it goes by event time", "n", ""},
    {"any_value", 1, "first($1)", "it goes by event time", "n", ""},
    {"last_value", 1, "last($1)", "it goes by event time", "n", ""},
    {"latest_by_offset", 1, "last($1)", "it goes by event time", "n", ""},
    {"latest_by_offset", 2, "", "write (array_agg(x order by t desc))[1:n], of the event time t", "", ""},
    {"earliest_by_offset", 1, "first($1)", "it goes by event time", "n", ""},
    {"earliest_by_offset", 2, "", "write (array_agg(x order by t))[1:n], of the event time t", "", ""},
    {"hll_count", 1, "count(distinct $1)", "it is exact", "n", ""},
    {"hll", 1, "count(distinct $1)", "it is exact", "n", ""},
    {"approx_distinct", 1, "count(distinct $1)", "it is exact", "n", ""},
    {"uniq", 1, "count(distinct $1)", "it is exact", "n", ""},
    {"approx_quantile", 2, "percentile_cont($2) within group (order by $1)", "it is exact", "n|0.5", ""},
    {"percentile_cont_approx", 2, "percentile_cont($2) within group (order by $1)", "it is exact", "n|0.5",
     ""},
    {"approx_median", 1, "percentile_cont(0.5) within group (order by $1)", "it is exact", "n", ""},
    {"max_by", -1, "", "write (array_agg(x order by y desc))[1]; without desc it is the one of the least y",
     "", ""},
    {"min_by", -1, "", "write (array_agg(x order by y desc))[1]; without desc it is the one of the least y",
     "", ""},
    {"argmax", -1, "", "write (array_agg(x order by y desc))[1]; without desc it is the one of the least y",
     "", ""},
    {"argmin", -1, "", "write (array_agg(x order by y desc))[1]; without desc it is the one of the least y",
     "", ""},
    {"arg_max", -1, "", "write (array_agg(x order by y desc))[1]; without desc it is the one of the least y",
     "", ""},
    {"arg_min", -1, "", "write (array_agg(x order by y desc))[1]; without desc it is the one of the least y",
     "", ""},
    {"logical_and", 1, "bool_and($1)", "", "n > 1", ""},
    {"booland_agg", 1, "bool_and($1)", "", "n > 1", ""},
    {"logical_or", 1, "bool_or($1)", "", "n > 1", ""},
    {"boolor_agg", 1, "bool_or($1)", "", "n > 1", ""},
    {"std", 1, "stddev_pop($1)", "", "n", ""},
    {"variance_pop", 1, "var_pop($1)", "", "n", ""},
    {"kurtosis", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "", ""},
    {"skewness", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "", ""},
    {"mode", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "", ""},
    {"histogram", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "", ""},
    {"histogram_numeric", -1, "", "there is no such aggregate; docs/functions.md has those that there are",
     "", ""},
    {"product", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "", ""},
    {"entropy", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "", ""},
    {"topk", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "", ""},
    {"approx_top_count", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "",
     ""},
    {"approx_top_sum", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "",
     ""},
    {"count_min_sketch", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "",
     ""},
    {"try_sum_distinct", -1, "", "there is no such aggregate; docs/functions.md has those that there are", "",
     ""},
    {"row_number", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"rank", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"dense_rank", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"ntile", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"percent_rank", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"cume_dist", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"lag", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"lead", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"nth_value", -1, "",
     "rows know nothing of those beside them; a window stage with array_agg(x order by t) has them as a list",
     "", ""},
    {"monotonically_increasing_id", -1, "",
     "the hidden columns _topic, _partition and _position say where a record comes from", "", ""},
    {"input_file_name", -1, "",
     "the hidden columns _topic, _partition and _position say where a record comes from", "", ""},
    {"spark_partition_id", -1, "",
     "the hidden columns _topic, _partition and _position say where a record comes from", "", ""},
    {"current_database", -1, "", "a result must depend on the input alone", "", ""},
    {"current_schema", -1, "", "a result must depend on the input alone", "", ""},
    {"database", -1, "", "a result must depend on the input alone", "", ""},
    {"version", -1, "", "a result must depend on the input alone", "", ""},
    {"connection_id", -1, "", "a result must depend on the input alone", "", ""},
    {"last_insert_id", -1, "", "a result must depend on the input alone", "", ""},
    {"found_rows", -1, "", "a result must depend on the input alone", "", ""},
    {"row_count", -1, "", "a result must depend on the input alone", "", ""},
    {"sleep", -1, "", "a result must depend on the input alone", "", ""},
    {"benchmark", -1, "", "a result must depend on the input alone", "", ""},
    {"load_file", -1, "", "a result must depend on the input alone", "", ""},
    {"get_lock", -1, "", "a result must depend on the input alone", "", ""},
    {"release_lock", -1, "", "a result must depend on the input alone", "", ""},
    {"safe_offset", 1, "@1 + 1", "elements are counted from 1", "0", "1"},
    {"safe_ordinal", 1, "$1", "elements are counted from 1", "1", "1"},
    {"ordinal", 1, "$1", "elements are counted from 1", "1", "1"},
    {"inet_aton", -1, "", "there are no functions of addresses", "", ""},
    {"inet_ntoa", -1, "", "there are no functions of addresses", "", ""},
    {"inet6_aton", -1, "", "there are no functions of addresses", "", ""},
    {"inet6_ntoa", -1, "", "there are no functions of addresses", "", ""},
    {"is_ipv4", -1, "", "there are no functions of addresses", "", ""},
    {"is_ipv6", -1, "", "there are no functions of addresses", "", ""},
    {"ip_from_string", -1, "", "there are no functions of addresses", "", ""},
    {"convert", 2, "", "write cast(x as type), such as cast(x as bigint)", "", ""},
});

/// Functions that share a note, whatever their arguments: by their names, or by what those begin with and `_`.
struct family {
  std::string_view begin;
  std::string_view names;
  std::string_view note;
};
constexpr auto families = std::to_array<family>({
    {"",
     " filter array_filter array_map list_filter list_transform any_match all_match none_match array_any ",
     "lists have array_append, array_remove, array_replace, ||, @>, && and [n:m]; for the rest make rows of "
     "the elements by unnest(x) and aggregate them"},
    {"", " generate_series generate_subscripts range ",
     "rows are made of a list, by unnest(array[1, 2, 3]) in the columns of a select"},
    {"st", " haversine haversine_distance great_circle_distance earth_distance ",
     "there are no functions of places; sin, cos, acos and sqrt compute a distance (docs/functions.md)"},
    {"h3", "",
     "there are no functions of places; sin, cos, acos and sqrt compute a distance (docs/functions.md)"},
    {"geo", " geohash geodistance geotoh3 ",
     "there are no functions of places; sin, cos, acos and sqrt compute a distance (docs/functions.md)"},
});

std::string_view note_of_family(std::string_view name) {
  const auto word = fmt::format(" {} ", name);
  for (const auto& f : families)
    if (f.names.find(word) != std::string_view::npos ||
        (!f.begin.empty() && name.size() > f.begin.size() && name.starts_with(f.begin) &&
         name[f.begin.size()] == '_'))
      return f.note;
  return {};
}

/// Longer arguments are not repeated in a remedy.
constexpr std::size_t longest_argument = 60;

struct unit_of_time {
  std::string_view written;
  std::string_view name;
  std::int64_t seconds;  // 0: they differ from one to the next
};
constexpr auto units = std::to_array<unit_of_time>({
    {"second", "second", 1},
    {"ss", "second", 1},
    {"minute", "minute", 60},
    {"mi", "minute", 60},
    {"hour", "hour", 3600},
    {"hh", "hour", 3600},
    {"day", "day", 86'400},
    {"dd", "day", 86'400},
    {"week", "week", 604'800},
    {"isoweek", "week", 604'800},
    {"month", "month", 0},
    {"mon", "month", 0},
    {"mm", "month", 0},
    {"quarter", "quarter", 0},
    {"year", "year", 0},
    {"yyyy", "year", 0},
    {"yy", "year", 0},
    {"millisecond", "millisecond", 0},
    {"microsecond", "microsecond", 0},
});

std::string_view without_quotes(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

const unit_of_time* unit_of(std::string_view text) {
  auto word = fold(without_quotes(text));
  if (word.starts_with("sql_tsi_"))
    word.erase(0, 8);
  const auto found = std::ranges::find_if(units, [&](const unit_of_time& u) {
    return word == u.written ||
           (word.size() == u.written.size() + 1 && word.back() == 's' && word.starts_with(u.written));
  });
  return found == units.end() ? nullptr : &*found;
}

/// Whether it can stand beside an operator without parentheses.
bool is_operand(std::string_view text) {
  if (text.empty() || (text.front() == '-' || text.front() == '+'))
    return false;
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    quoted = quoted != (c == '\'');
    if (quoted)
      continue;
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    const bool of_a_word = c == '_' || c == '.' || c == '"' || c == '\'' || c == '(' || c == ')' ||
                           c == '[' || c == ']' || c == ':' || static_cast<unsigned char>(c) >= 0x80 ||
                           (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (depth == 0 && !of_a_word)
      return false;
  }
  return true;
}

/// Names with dots between them: all else needs parentheses in front of a subscript.
bool is_path(std::string_view text) { return text.find_first_of("()[]':") == std::string_view::npos; }

/// Functions take the text, where others take its bytes.
std::string_view without_bytes(std::string_view text) {
  constexpr std::string_view cast = "::bytea";
  return text.ends_with(cast) ? text.substr(0, text.size() - cast.size()) : text;
}

/// '$.a.b' and '$["a"][0]' as '{a,b}' and '{a,0}'.
std::string path_of_json(std::string_view written) {
  auto path = without_quotes(written);
  if (path.size() == written.size() || !path.starts_with('$'))
    return "'{name}'";
  std::string out;
  for (const char c : path.substr(1)) {
    if (c == '.' || c == '[')
      out += out.empty() || out.back() == ',' ? "" : ",";
    else if (c == '*' || c == '{' || c == '}' || c == '?' || c == ',' || c == ' ')
      return "'{name}'";
    else if (c != ']' && c != '"' && c != '\'')
      out += c;
  }
  return fmt::format("'{{{}}}'", out);
}

std::string template_of(std::string_view written) {
  const auto text = without_quotes(written);
  return text.size() == written.size() ? "'YYYY-MM-DD HH24:MI:SS'"
                                       : fmt::format("'{}'", template_of_others(text));
}

using positions = std::unordered_map<std::string_view, std::vector<const foreign_call*>>;

/// The entries by the name without what an argument has to be.
const positions& by_name() {
  static const auto all = [] {
    positions out;
    for (const auto& c : table)
      out[c.name.substr(0, c.name.find(' '))].push_back(&c);
    return out;
  }();
  return all;
}

bool fits(const foreign_call& c, std::span<const std::string> arguments) {
  if (c.arguments >= 0 && static_cast<std::size_t>(c.arguments) != arguments.size())
    return false;
  const auto blank = c.name.find(' ');
  if (blank == std::string_view::npos)
    return true;
  const auto wanted = c.name.substr(blank + 1);
  return std::ranges::any_of(arguments, [&](const std::string& a) {
    const auto* const unit = unit_of(a);
    return wanted == "interval" ? fold(std::string_view(a).substr(0, 8)) == wanted
           : wanted == "unit"   ? unit != nullptr
                                : unit != nullptr && unit->name == wanted;
  });
}

}  // namespace

std::span<const foreign_call> foreign_calls() { return table; }

bool is_foreign_call(std::string_view name) { return by_name().contains(name); }

bool is_unit_of_time(std::string_view word) { return unit_of(word) != nullptr; }

std::string filled_in(const foreign_call& call, std::span<const std::string> arguments) {
  std::string out;
  const auto remedy = call.remedy;
  for (std::size_t i = 0; i < remedy.size(); ++i) {
    const char sign = remedy[i];
    const char which = i + 1 < remedy.size() ? remedy[i + 1] : '\0';
    if (sign == '$' && which == '*') {
      out += fmt::format("{}", fmt::join(arguments, ", "));
      ++i;
      continue;
    }
    const auto n = static_cast<std::size_t>(which - '1');
    if (std::string_view("$@#~%&").find(sign) == std::string_view::npos || which < '1' ||
        n >= arguments.size()) {
      out += sign;
      continue;
    }
    ++i;
    const auto a = without_bytes(arguments[n]);
    const bool is_indexed = i + 1 < remedy.size() && remedy[i + 1] == '[';
    const auto* const unit = unit_of(a);
    if (sign == '$' || (sign == '@' && is_operand(a) && (!is_indexed || is_path(a))))
      out += a;
    else if (sign == '@')
      out += fmt::format("({})", a);
    else if (sign == '#')
      out += unit == nullptr ? std::string_view("hour") : unit->name;
    else if (sign == '~')
      out += std::to_string(unit == nullptr || unit->seconds == 0 ? 1 : unit->seconds);
    else
      out += sign == '%' ? path_of_json(a) : template_of(a);
  }
  return out;
}

std::string remedy_of_same_call(std::string_view name, std::span<const std::string> arguments) {
  const auto found = by_name().find(name);
  if (found == by_name().end())
    return {};
  const foreign_call* meant = nullptr;
  for (const auto* const c : found->second)
    if (fits(*c, arguments) && (meant == nullptr || c->name.size() > meant->name.size() ||
                                (c->name.size() == meant->name.size() && meant->arguments < 0)))
      meant = c;
  if (meant == nullptr || meant->remedy.empty())
    return meant == nullptr ? std::string() : std::string(meant->note);
  return fmt::format("write {}{}{}", filled_in(*meant, arguments), meant->note.empty() ? "" : "; ",
                     meant->note);
}

std::string remedy_of_foreign_call(std::string_view name, std::span<const std::string> arguments) {
  const auto found = by_name().find(name);
  if (auto same = remedy_of_same_call(name, arguments); !same.empty())
    return same;
  if (found == by_name().end())
    return std::string(note_of_family(name));
  // Another number of arguments: the remedy of the first entry, with letters in their places.
  const auto* const any = found->second.front();
  if (any->name.find(' ') != std::string_view::npos)
    return {};
  static const std::vector<std::string> letters{"x", "y", "z", "n", "m", "k", "l"};
  return any->remedy.empty()
             ? std::string(any->note)
             : fmt::format("write {}", filled_in(*any, std::span(letters).first(static_cast<std::size_t>(
                                                           std::max(0, any->arguments)))));
}

std::vector<std::string> written_arguments(std::string_view call) {
  std::vector<std::string> out;
  auto at = call.find('(');
  if (at == std::string_view::npos)
    return out;
  auto begin = ++at;
  int depth = 0;
  const auto add = [&](std::size_t end) {
    auto part = call.substr(begin, end - begin);
    while (!part.empty() && std::string_view(" \t\r\n").find(part.front()) != std::string_view::npos)
      part.remove_prefix(1);
    while (!part.empty() && std::string_view(" \t\r\n").find(part.back()) != std::string_view::npos)
      part.remove_suffix(1);
    if (part.empty() && out.empty() && depth < 0)
      return;
    out.push_back(part.size() > longest_argument || part.find('\n') != std::string_view::npos
                      ? std::string("...")
                      : std::string(part));
  };
  while (at < call.size() && depth >= 0) {
    const char c = call[at];
    if (const auto next = skip_blanks(call, at); next > at) {
      at = next;
      continue;
    }
    if (c == '\'' || c == '"') {
      const bool escapes = c == '\'' && at > 0 && (call[at - 1] == 'e' || call[at - 1] == 'E');
      for (++at; at < call.size() && call[at] != c; ++at)
        at += escapes && call[at] == '\\' ? 1 : 0;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      if (--depth < 0)
        add(at);
    } else if (c == ',' && depth == 0) {
      add(at);
      begin = at + 1;
    }
    ++at;
  }
  return out;
}

}  // namespace millrace::expression
