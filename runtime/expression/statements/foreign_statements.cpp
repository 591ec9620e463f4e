// Statements of other products.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/statements/foreign_rules.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

namespace millrace::sql {
namespace {

using expression::problem;

maybe_problem created(const mistaken& m) {
  std::size_t i = 1;
  if (m.word(0) != "create")
    return std::nullopt;
  if (are(m, i, "or replace") || are(m, i, "or refresh"))
    i += 2;
  const auto first = i;
  while (is_one_of(m.word(i),
                   {"temporary", "temp", "external", "streaming", "live", "local", "system", "managed"}))
    ++i;
  const auto kind = m.word(i);
  auto name_at = i + 1;
  if (are(m, name_at, "if not exists"))
    name_at += 3;
  if (m.error() < first || m.error() > name_at)
    return std::nullopt;
  if (kind == "view" && i == first && name_at > i + 1)
    return problem{m.at(i + 1),
                   "IF NOT EXISTS has no meaning here, where each view is made once; leave it out"};
  const std::string name = m.is_name(name_at) ? shown(m, name_at) : "name";
  bool has_query = false;
  for (auto k = name_at; k < m.size(); ++k)
    has_query = has_query || are(m, k, "as select") || are(m, k, "as with");
  const auto say = [&](std::string remedy) {
    std::string what;
    for (auto k = first; k <= i; ++k)
      what += " " + data::excerpt(m.source(k));
    return problem{m.at(first), fmt::format("there is no CREATE{} here; {}", what, remedy)};
  };
  const auto source =
      fmt::format("write CREATE TABLE {} (...) WITH (connector = 'kafka', format = 'json', ...)", name);
  const auto sink = fmt::format("write CREATE TABLE {} WITH (connector = 'kafka', ...) AS SELECT ...", name);
  const auto view = fmt::format("write CREATE VIEW {} AS SELECT ...", name);
  if (kind == "sink")
    return say(sink);
  if (kind == "source")
    return say(source);
  if (kind == "stream" || (kind == "table" && i > first))
    return say(
        has_query
            ? fmt::format("{}, or for a sink CREATE TABLE {} WITH (connector = 'kafka', ...) AS SELECT ...",
                          view, name)
            : source);
  if (kind == "view" && i > first)
    return say(view);
  if (kind == "connection" || kind == "connector" || kind == "catalog" || kind == "database" ||
      kind == "model")
    return say("each table has the options of its connector: CREATE TABLE t (...) WITH (connector = 'kafka', "
               "brokers = '...', ...)");
  if (kind == "secret")
    return say("a secret is a file of --secrets DIR, and stands in options as '${secret:NAME}'");
  if (kind == "function" || kind == "aggregate")
    return say("functions are expressions: CREATE FUNCTION f(a bigint) RETURNS bigint RETURN a * 2");
  return std::nullopt;
}

/// CREATE FUNCTION f AS 'org.example.F' of Flink and Spark.
maybe_problem function_of_a_class(const mistaken& m) {
  for (std::size_t i = 1; i < 6 && i < m.size(); ++i)
    if (m.word(i) == "function" && m.error() > i && m.error() < i + 7 && m.sign(i + 2) != '(' &&
        m.sign(m.error()) != '(')
      return problem{
          m.at(i), "functions are expressions here: CREATE FUNCTION f(a bigint) RETURNS bigint RETURN a * 2"};
  return std::nullopt;
}

maybe_problem setting(const mistaken& m) {
  if (m.word(0) != "set" || m.error() != 1 || !m.is_text(1))
    return std::nullopt;
  const auto key = expression::fold(m.inner(1));
  std::string remedy = fmt::format("the name stands without quotes: SET topology = 'name'; options of "
                                   "sources, views and sinks stand in their "
                                   "WITH (...)");
  if (key == "pipeline.name" || key == "execution.job-name")
    remedy = fmt::format("write SET topology = {}", m.is_text(3) ? shown(m, 3) : "'name'");
  else if (key == "execution.checkpointing.interval")
    remedy = "write SET snapshot_every = '1 second'";
  else if (key == "auto.offset.reset")
    remedy = "write the option start = 'earliest' in the table's WITH (...)";
  else if (key == "parallelism.default" || key == "table.exec.resource.default-parallelism")
    remedy = "write the option shards = 4 in the view's WITH (...)";
  else if (key == "table.exec.state.ttl")
    remedy = "write the option state_ttl = '1 day' in the view's WITH (...)";
  return problem{m.at(1), fmt::format("{} is not a setting here; {}", shown(m, 1), remedy)};
}

maybe_problem other_statement(const mistaken& m) {
  constexpr std::string_view expressions =
      "functions are expressions here: CREATE FUNCTION f(a bigint) RETURNS bigint RETURN a * 2";
  constexpr std::string_view sinks =
      "the rows of a sink are the query of its table: CREATE TABLE t WITH (connector = ...) AS SELECT ...";
  constexpr std::string_view none =
      "there is no such statement here: a topology begins as a whole with `millrace run`";
  static constexpr words_and_remedy all[] = {
      {"add jar", expressions},
      {"remove jar", expressions},
      {"insert overwrite", sinks},
      {"insert into table", sinks},
      {"execute statement set",
       "each sink is a table with its query; there is no set of statements around them"},
      {"begin statement set",
       "each sink is a table with its query; there is no set of statements around them"},
      {"use", none},
      {"describe", none},
      {"desc", none},
      {"print", none},
      {"terminate", none},
      {"pause", none},
      {"resume", none},
      {"subscribe", none},
      {"define", "values from outside are ${NAME} within quotes, from the environment"},
      {"unset", none},
      {"cache", none},
      {"optimize", none},
  };
  if (m.error() > 3)
    return std::nullopt;
  for (const auto& a : all)
    if (are(m, 0, a.words))
      return problem{m.at(0), std::string(a.message)};
  return std::nullopt;
}

maybe_problem partition(const mistaken& m) {
  const auto e = m.error();
  for (auto i = e - std::min<std::size_t>(e, 1); i <= e; ++i) {
    if (are(m, i, "partition by") && m.open().empty())
      return problem{
          m.at(i),
          fmt::format("PARTITION BY is an option of the sink: WITH (connector = 'kafka', key = '{}', ...)",
                      m.is_name(i + 2) ? shown(m, i + 2) : "column")};
    if (are(m, i, "partition (") && m.word(0) == "insert")
      return problem{m.at(i), "PARTITION is an option of the sink: WITH (connector = 'parquet', path = "
                              "'...', partition_by = 'day')"};
  }
  return std::nullopt;
}

}  // namespace

std::span<const foreign_rule> statement_rules() {
  static constexpr foreign_rule all[] = {created, function_of_a_class, setting, other_statement, partition};
  return all;
}

}  // namespace millrace::sql
