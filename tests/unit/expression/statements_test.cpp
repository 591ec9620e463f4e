// tests/golden/sql/statements.txt: texts in SQL, and exactly what each gives, its statements and then its problems with line and
// column. With MILLRACE_WRITE_GOLDEN=1 in the environment the file is written anew, to be read before it is committed.
#include "runtime/expression/statements/foreign_options.hpp"
#include "tests/support/golden_file.hpp"
#include "tests/support/printed_statements.hpp"
#include "tests/support/slices_of_statements.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

namespace {

using namespace millrace;

const std::string golden = "tests/golden/sql/statements.txt";

std::vector<std::string> texts_of_golden() {
  std::ifstream in(golden, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::string> out;
  for (std::size_t at = 0; at < all.size();) {
    const auto end = all.find("\n=>\n", at);
    REQUIRE(end != std::string::npos);
    out.push_back(all.substr(at, end - at));
    const auto behind = all.find("---\n", end);
    REQUIRE(behind != std::string::npos);
    at = behind + 4;
  }
  return out;
}

/// The only problem of a text, as line:column: message.
std::string only_problem(const std::string& text) {
  const auto lines = test::printed_statements(text).lines();
  REQUIRE(std::ranges::count(lines, '\n') == 1);
  return lines.substr(0, lines.size() - 1);
}

std::vector<std::string> slices_of(const std::string& text, const sql::query& q) {
  std::vector<std::string> out;
  const auto add = [&](const sql::scalar_expression& e) {
    out.push_back(text.substr(e.where.begin, e.where.end - e.where.begin));
  };
  for (const auto& d : q.one->distinct_on)
    add(d);
  for (const auto& o : q.one->outputs)
    add(*o.value);
  if (q.one->where)
    add(*q.one->where);
  for (const auto& g : q.one->group_by)
    add(g);
  if (q.one->having)
    add(*q.one->having);
  for (const auto& o : q.order_by)
    add(o.value);
  return out;
}

/// A SELECT of random parts, with blanks and comments between them, and the slices that it has.
class random_select {
public:
  explicit random_select(std::uint32_t seed) : random_(seed) {
    add("CREATE VIEW v AS SELECT");
    if (chance(4)) {
      add("DISTINCT ON (");
      list([&] { expression(); });
      add(")");
    }
    list([&] {
      expression();
      if (chance(2))
        add(chance(2) ? "AS " + one_of(any_names) : one_of(bare_names));
    });
    add("FROM " + one_of(relations));
    if (chance(2)) {
      add("WHERE");
      expression();
    }
    if (chance(2)) {
      add("GROUP BY");
      list([&] { expression(); });
    }
    if (chance(3)) {
      add("HAVING");
      expression();
    }
    if (chance(2)) {
      add("ORDER BY");
      list([&] {
        expression();
        add(one_of(orders));
      });
    }
    if (chance(3))
      add(one_of({"LIMIT 3", "FETCH FIRST 3 ROWS ONLY"}));
  }
  std::string text{};
  std::vector<std::string> slices{};

private:
  using texts = std::vector<std::string>;
  inline static const texts expressions{"a",
                                        "\"from\"",
                                        "t.order",
                                        "x.as",
                                        "x.select",
                                        "x.distinct",
                                        "1.",
                                        "'a, b FROM c'",
                                        "$$ ) FROM ,$$",
                                        "U&'d\\0061t'",
                                        "U&'d!0061t' UESCAPE '!'",
                                        "U&\"d\\0061t\"",
                                        "E'\\''",
                                        "a IS DISTINCT FROM b",
                                        "a IS NOT DISTINCT FROM b",
                                        "extract(hour FROM ts)",
                                        "substring(a FROM 2 FOR 3)",
                                        "trim(BOTH FROM x)",
                                        "trim(LEADING 'a' FROM b)",
                                        "CASE WHEN a = 1 THEN b ELSE c END",
                                        "a[1]",
                                        "a[1:2]",
                                        "(a).b",
                                        "((a + b) * c)",
                                        "ARRAY[1, 2]",
                                        "x::numeric(3, 1)",
                                        "CAST(a AS text)",
                                        "count(*) FILTER (WHERE a > 1)",
                                        "percentile_cont(0.5) WITHIN GROUP (ORDER BY x DESC)",
                                        "array_agg(a ORDER BY b, c DESC NULLS LAST)",
                                        "count(DISTINCT a)",
                                        "a BETWEEN 1 AND 2",
                                        "a NOT IN (1, 2)",
                                        "a LIKE 'x' ESCAPE '\\'",
                                        "ts AT TIME ZONE 'UTC'",
                                        "timestamp with time zone '2020-01-01'",
                                        "interval '5' minute",
                                        "a IS NULL",
                                        "NOT a",
                                        "- 3",
                                        "a /* , FROM */ + -- )\n b",
                                        "coalesce(a, b)",
                                        "'a'\n'b'",
                                        "größe || 'ü'",
                                        "nulls",
                                        "t.desc",
                                        "t.nulls",
                                        "(a, b) = (c, d)",
                                        "current_timestamp",
                                        "a ->> 'b'",
                                        "x.y.z"};
  inline static const texts bare_names{
      "b", "\"from\"", "U&\"h\" UESCAPE '!'", "ü", "select", "end", "case", "desc", "nulls"};
  inline static const texts any_names{"b",      "from",    "as",           "where", "distinct", "order",
                                      "select", "\"x y\"", "U&\"\\0062\"", "limit", "is"};
  inline static const texts relations{"t",
                                      "tumble(t, '5 minutes')",
                                      "(SELECT a, b FROM c WHERE d ORDER BY e LIMIT 1) AS s",
                                      "a JOIN b USING (c)",
                                      "a LEFT JOIN b ON a.x = b.x AND b.from = 1",
                                      "t AS \"order\""};
  inline static const texts orders{"", "ASC", "DESC", "NULLS FIRST", "DESC NULLS LAST"};
  inline static const texts blanks{" ", "\n", " /* , FROM ( */ ", " -- ) WHERE ;\n", "\t"};

  bool chance(std::uint32_t one_in) { return random_() % one_in == 0; }
  std::string one_of(const texts& all) { return all[random_() % all.size()]; }
  void add(const std::string& part) {
    if (!part.empty())
      text += (text.empty() ? "" : one_of(blanks)) + part;
  }
  void expression() {
    slices.push_back(one_of(expressions));
    add(slices.back());
  }
  template<class Item>
  void list(Item item) {
    item();
    while (chance(2)) {
      add(",");
      item();
    }
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("golden statements in SQL give exactly what is expected") {
  const auto texts = texts_of_golden();
  REQUIRE(texts.size() >= 300);
  std::string out;
  for (const auto& text : texts) {
    INFO(text);
    CHECK(test::wrong_slice(text, sql::read_statements(text)).empty());
    out += text + "\n=>\n" + test::printed_statements(text).lines() + "---\n";
  }
  test::check_golden(golden, out);
}

TEST_CASE("the slices of a SELECT are its expressions, whatever stands between them") {
  std::size_t read = 0;
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    const random_select made(seed);
    const auto found = sql::read_statements(made.text);
    INFO("seed " << seed << ": " << made.text);
    if (!found.problems.empty()) {
      // PostgreSQL does not take each of the names behind each of the expressions.
      CHECK(found.problems.front().message.starts_with("syntax error"));
      continue;
    }
    ++read;
    REQUIRE(found.all.size() == 1);
    CHECK(slices_of(made.text, std::get<sql::create_view>(found.all[0].what).as) == made.slices);
    CHECK(test::wrong_slice(made.text, found).empty());
  }
  CHECK(read > 1000);
}

TEST_CASE("a mistake in one statement hides none of another") {
  const std::string text = "CREATE SOURCE a (x int);\n"
                           "CREATE VIEW v AS SELECT 'äöü', FROM t;\n"
                           "SET a = 5minutes;\n"
                           "CREATE TABLE t (a bigint WITH (connector = 'kafka');\n"
                           "CREATE VIEW w AS SELECT a FROM t EMIT CHANGES;\n"
                           "CREATE VIEW x AS SELECT a FROM t";
  const auto read = sql::read_statements(text);
  CHECK(read.all.size() == 1);
  REQUIRE(read.problems.size() == 5);
  CHECK(std::ranges::is_sorted(read.problems, {}, &expression::problem::offset));
  const auto lines = test::printed_statements(text).lines();
  for (const auto* const place : {"\n1:8: ", "\n2:30: ", "\n3:9: ", "\n4:16: ", "\n5:34: "})
    CHECK(lines.find(place) != std::string::npos);
}

TEST_CASE("statements are bounded") {
  const auto too_long = "SET a = '" + std::string(sql::longest_statement, 'x') + "'";
  CHECK(only_problem(too_long).starts_with(
      "1:1: the statement is 65546 bytes long; at most 65536 are allowed"));
  std::string many;
  for (std::size_t i = 0; i <= sql::most_statements; ++i)
    many += "SET a = 1;\n";
  const auto read = sql::read_statements(many);
  CHECK(read.all.size() == sql::most_statements);
  REQUIRE(read.problems.size() == 1);
  CHECK(read.problems[0].message == "there are more than 2000 statements");
  CHECK(only_problem(std::string("SET a = 'x\0'", 12)) == "1:11: the text holds a NUL byte");
  CHECK(only_problem("SET a = '\xC3'") == "1:10: the text is not valid UTF-8 here");
}

TEST_CASE("deep statements are refused, and cost no more than others") {
  const auto nested = [](const std::string& head, const std::string& tail, std::size_t depth,
                         const std::string& middle) {
    std::string out = "CREATE VIEW v AS ";
    for (std::size_t i = 0; i < depth; ++i)
      out += head;
    out += middle;
    for (std::size_t i = 0; i < depth; ++i)
      out += tail;
    return out;
  };
  CHECK(
      only_problem(nested("SELECT a FROM (", ") x", 200, "SELECT a FROM t")).find("deeper than 64 levels") !=
      std::string::npos);
  CHECK(only_problem(nested("SELECT FROM (", ") x", 200, "SELECT a FROM t")).find("1:") == 0);
  CHECK(only_problem(nested("SELECT a FROM (", ") x", 3000, "SELECT a FROM t")).find("nests too deeply") !=
        std::string::npos);
  CHECK(only_problem(nested("SELECT a FROM t UNION ALL (", ")", 200, "SELECT a FROM t")).find("1:") == 0);
  CHECK(only_problem("CREATE VIEW v AS SELECT a FROM t" + nested("", " JOIN t USING (a)", 300, "").substr(17))
            .find("too many joins") != std::string::npos);
  // Side by side they are no deeper.
  const auto wide = nested("SELECT a FROM t UNION ALL ", "", 2000, "SELECT a FROM t ORDER BY a");
  const auto read = sql::read_statements(wide);
  REQUIRE(read.all.size() == 1);
  CHECK(std::get<sql::create_view>(read.all[0].what).as.all.size() == 2001);
}

TEST_CASE("options are known by the names that other products give them") {
  CHECK(sql::option_here("properties.bootstrap.servers") == "brokers");
  CHECK(sql::option_here("KAFKA_TOPIC") == "topic");
  CHECK(sql::option_here("VALUE_FORMAT") == "format");
  CHECK(sql::option_here("scan.startup.mode") == "start");
  CHECK(sql::option_here("table-name") == "\"table\"");
  CHECK(sql::option_here("properties.security.protocol") == "properties.\"security.protocol\"");
  CHECK(sql::option_here("key.format") == "key_format");
  CHECK(!sql::option_here("key_format"));
  CHECK(!sql::option_here("topic"));
  CHECK(!sql::option_here("properties."));
}
