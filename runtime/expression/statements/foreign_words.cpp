// Words of Flink, ksqlDB, Spark, RisingWave, Arroyo, Materialize and Feldera. Those that PostgreSQL's grammar takes, such as
// GROUP BY TUMBLE(...), are told by who compiles statements.
#include "runtime/expression/statements/foreign_words.hpp"

#include "runtime/expression/statements/foreign_rules.hpp"

#include <algorithm>
#include <array>

namespace millrace::sql {
namespace {

using expression::problem;

/// Told where they stand, or right before the place where the parser gave up.
constexpr std::array remedies{
    // Changes of results.
    words_and_remedy{"emit changes", "EMIT is an option of the view: CREATE VIEW name WITH (emit = "
                                     "'updates', every = '30 s') AS SELECT ..."},
    words_and_remedy{"emit final", "EMIT FINAL is what a window does without it: its rows are given once, "
                                   "when it is over; leave it out"},
    words_and_remedy{"emit on", "EMIT ON WINDOW CLOSE is what a window does without it: its rows are given "
                                "once, when it is over; leave it out"},
    words_and_remedy{"emit after", "EMIT is an option of the view: CREATE VIEW name WITH (emit = 'updates', "
                                   "every = '30 s') AS SELECT ..."},
    words_and_remedy{"emit stream", "EMIT is an option of the view: CREATE VIEW name WITH (emit = 'updates', "
                                    "every = '30 s') AS SELECT ..."},
    words_and_remedy{"grace period", "GRACE PERIOD is an option of the view: CREATE VIEW name WITH "
                                     "(allowed_lateness = '1 hour') AS SELECT ..."},
    words_and_remedy{"retention #", "RETENTION has no meaning here: a window's state is kept until it is "
                                    "over and its rows are committed"},
    // Joins.
    words_and_remedy{
        "asof join",
        "a row as of a time is FROM sales s LEFT JOIN as_of(rates, s.at) r ON r.currency = s.currency"},
    words_and_remedy{
        "match_condition (",
        "a row as of a time is FROM sales s LEFT JOIN as_of(rates, s.at) r ON r.currency = s.currency"},
    words_and_remedy{"anti join", "rows without a partner are WHERE NOT EXISTS (SELECT FROM p WHERE p.key = "
                                  "o.key AND p.at BETWEEN o.at AND o.at + interval '30 minutes')"},
    words_and_remedy{"semi join", "LEFT SEMI JOIN is not offered; an inner JOIN gives a row for each "
                                  "partner, and SELECT DISTINCT ON (key) * in a view behind it one"},
    words_and_remedy{"lateral view",
                     "elements of a list are rows by FROM t CROSS JOIN LATERAL unnest(t.list) AS e (name)"},
    words_and_remedy{"lateral table",
                     "elements of a list are rows by FROM t CROSS JOIN LATERAL unnest(t.list) AS e (name)"},
    words_and_remedy{"cross apply",
                     "elements of a list are rows by FROM t CROSS JOIN LATERAL unnest(t.list) AS e (name)"},
    // Clauses.
    words_and_remedy{
        "pivot (",
        "PIVOT is not offered; write an aggregate for each value: count(*) FILTER (WHERE kind = 'a') AS a"},
    words_and_remedy{"unpivot (", "UNPIVOT is not offered; write a branch of UNION ALL for each column"},
    words_and_remedy{"distribute by",
                     "DISTRIBUTE BY has no meaning here: rows are divided by the key of the window that they "
                     "go to, over as many shares as its option shards says"},
    words_and_remedy{"cluster by", "CLUSTER BY has no meaning here: rows are divided by the key of the "
                                   "window that they go to, over as many shares as its option shards says"},
    words_and_remedy{"sort by", "SORT BY is ORDER BY here, of the rows that a window gives to a sink"},
    words_and_remedy{"* except (", "* EXCEPT is not offered; name the columns that stay"},
    words_and_remedy{"* exclude (", "* EXCLUDE is not offered; name the columns that stay"},
    words_and_remedy{"* replace (", "write SELECT *, expression AS column: it takes the column's place"},
    words_and_remedy{"limit # ,", "LIMIT takes one number here"},
    // Tables.
    words_and_remedy{"metadata",
                     "METADATA is not offered: each row has hidden columns beside those of its record, _key, "
                     "_timestamp, _topic, _partition, _position, _headers and _raw; a view selects them: "
                     "CREATE VIEW v AS SELECT *, _timestamp AS at FROM t"},
    words_and_remedy{"include ? as",
                     "INCLUDE is not offered: each row has hidden columns beside those of its record, _key, "
                     "_timestamp, _topic, _partition, _position, _headers and _raw; a view selects them"},
    words_and_remedy{"include key",
                     "INCLUDE is not offered: each row has hidden columns beside those of its record, _key, "
                     "_timestamp, _topic, _partition, _position, _headers and _raw; a view selects them"},
    words_and_remedy{"include timestamp",
                     "INCLUDE is not offered: each row has hidden columns beside those of its record, _key, "
                     "_timestamp, _topic, _partition, _position, _headers and _raw; a view selects them"},
    words_and_remedy{"not enforced", "NOT ENFORCED has no meaning here; PRIMARY KEY (...) stands alone"},
    words_and_remedy{"enforced", "NOT ENFORCED has no meaning here; PRIMARY KEY (...) stands alone"},
    words_and_remedy{
        "lateness",
        "the event time of a table is an option: WITH (event_time = 'ts', watermark_delay = '5 seconds')"},
    words_and_remedy{"append only",
                     "APPEND ONLY has no meaning here: each record is a row of its own; leave it out"},
    words_and_remedy{"partitioned by", "PARTITIONED BY is an option of the sink: WITH (connector = "
                                       "'parquet', path = '...', partition_by = 'day')"},
    words_and_remedy{
        "distributed by",
        "DISTRIBUTED BY has no meaning here; a sink of Kafka has the option key, a window the option shards"},
    words_and_remedy{"clustered by", "CLUSTERED BY has no meaning here; a window has the option shards"},
    words_and_remedy{"tblproperties (",
                     "TBLPROPERTIES is WITH (...) here: WITH (connector = 'kafka', format = 'json', ...)"},
    words_and_remedy{"location '", "LOCATION is an option: WITH (connector = 'parquet', path = '...')"},
    words_and_remedy{"stored as", "STORED AS is an option: WITH (connector = 'parquet', path = '...'), or "
                                  "format = 'json' of another connector"},
    words_and_remedy{"row format",
                     "ROW FORMAT is an option: WITH (connector = 'kafka', format = 'json', ...)"},
    words_and_remedy{"format plain",
                     "FORMAT ... ENCODE ... is an option: WITH (connector = 'kafka', format = 'json', ...)"},
    words_and_remedy{"format ? encode",
                     "FORMAT ... ENCODE ... is an option: WITH (connector = 'kafka', format = 'json', ...)"},
    words_and_remedy{"format json", "FORMAT is an option: WITH (connector = 'kafka', format = 'json', ...)"},
    words_and_remedy{"format avro", "FORMAT is an option: WITH (connector = 'kafka', format = 'avro', "
                                    "registry = 'http://HOST:8081', ...)"},
    words_and_remedy{"envelope ?", "ENVELOPE is not offered; a view reads the members of a change's record, "
                                   "and a sink has mode = 'upsert' with key"},
    words_and_remedy{"comment '", "a comment stands behind -- here"},
    words_and_remedy{"options (", "OPTIONS (...) stands behind a column's type; a table's options stand in "
                                  "WITH (connector = ..., format = ...)"},
    words_and_remedy{
        "using jar",
        "functions are expressions here: CREATE FUNCTION f(a bigint) RETURNS bigint RETURN a * 2"},
    words_and_remedy{
        "using link",
        "functions are expressions here: CREATE FUNCTION f(a bigint) RETURNS bigint RETURN a * 2"},
    words_and_remedy{"with local time zone", "the type is timestamptz here"},
    words_and_remedy{"multiset <", "a list has the type of its elements and [] behind it: items text[]"},
    words_and_remedy{"map <", "there is no type for maps; a column of type json keeps one as it is, and "
                              "column ->> 'name' takes a member"},
    words_and_remedy{"map [ ' ,",
                     "there are no maps in expressions; jsonb_build_object('name', value) makes an object"},
    // Expressions.
    words_and_remedy{"proctime (",
                     "there is no processing time here: windows go by the table's event_time, which may be "
                     "_timestamp, and now() is the moment at which a row is worked on"},
    words_and_remedy{"rlike", "RLIKE is the operator ~ here: name ~ '^a'"},
    words_and_remedy{"regexp", "REGEXP is the operator ~ here: name ~ '^a'"},
    words_and_remedy{"div", "DIV is the operator / here, which gives a whole number for whole numbers"},
    words_and_remedy{"current_timestamp (", "CURRENT_TIMESTAMP stands without parentheses here"},
    words_and_remedy{"current_date (", "CURRENT_DATE stands without parentheses here"},
    words_and_remedy{"window . start", "the bounds of a window are the columns window_start and window_end"},
    words_and_remedy{"window . end", "the bounds of a window are the columns window_start and window_end"},
};

/// How far before the place of the error words may begin.
constexpr std::size_t look_back = 4;

maybe_problem by_words(const mistaken& m) {
  const auto e = m.error();
  if (m.word(e) == "options" && are(m, 0, "create type"))
    return problem{
        m.at(e),
        "OPTIONS (...) stands behind the type of a table's column, and there are none within CREATE TYPE; "
        "the table's option schema in JSON has them: CREATE TABLE t () WITH (..., schema = '{ \"visit\": { "
        "\"at\": { \"type\": \"timestamp\", \"format\": \"epoch_s\" } } }')"};
  for (auto i = e - std::min(e, look_back); i <= e && i < m.size(); ++i)
    for (const auto& r : remedies) {
      const auto count = 1 + static_cast<std::size_t>(std::ranges::count(r.words, ' '));
      if (i + count >= e && are(m, i, r.words))
        return problem{m.at(i), std::string(r.message)};
    }
  return std::nullopt;
}

}  // namespace

maybe_problem foreign_words(const mistaken& m) {
  auto out = by_words(m);
  for (const auto rules : {statement_rules(), time_rules(), column_rules()})
    for (const auto rule : rules)
      if (auto found = rule(m); found && (!out || found->offset < out->offset))
        out = std::move(found);
  return out;
}

}  // namespace millrace::sql
