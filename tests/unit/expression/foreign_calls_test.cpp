// Functions of other languages: each remedy is bound and evaluated, so that none is wrong.
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/bind/foreign_calls.hpp"
#include "runtime/expression/bind/warnings.hpp"
#include "runtime/expression/formats/foreign_templates.hpp"
#include "runtime/expression/functions/functions.hpp"
#include "runtime/expression/functions/manual.hpp"
#include "tests/unit/expression/evaluate_one.hpp"

#include <set>
#include <sstream>

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;

namespace {

std::vector<std::string> parts(std::string_view example) {
  std::vector<std::string> out;
  std::stringstream all{std::string(example)};
  for (std::string part; std::getline(all, part, '|');)
    out.push_back(part);
  return out;
}

data::schema numbers_and_texts() {
  return data::schema(std::vector<data::field>{{"n", data::type_id::bigint}, {"s", data::type_id::text}});
}

std::string message_of(const std::string& text, const data::schema& columns) {
  const group_scope names{{&columns, {}}, {&columns, {}}};
  const auto e = bind_over_groups(text, names);
  return e ? std::string() : e.error().front().message;
}

std::vector<std::string> warned(std::string_view text) {
  const auto input = sample();
  const auto e = expression::bind(text, scope{input.schema.get(), {}});
  REQUIRE(e);
  std::vector<std::string> out;
  for (const auto& w : warnings_of(*e))
    out.push_back(fmt::format("{}: {}", w.offset, w.message));
  return out;
}

}  // namespace

TEST_CASE("every remedy for a function of other languages is one, and has the result that is told") {
  const data::batch one{std::make_shared<data::schema>(), {}, 1};
  const auto columns = numbers_and_texts();
  std::set<std::pair<std::string_view, int>> met;
  for (const auto& c : foreign_calls()) {
    CAPTURE(c.name, c.arguments);
    CHECK(met.emplace(c.name, c.arguments).second);
    CHECK((!c.remedy.empty() || !c.note.empty()));
    if (c.remedy.empty())
      continue;
    const auto arguments = parts(c.example);
    CHECK((c.arguments < 0 || arguments.size() == static_cast<std::size_t>(c.arguments)));
    const auto remedy = filled_in(c, arguments);
    CAPTURE(remedy);
    if (!c.result.empty()) {
      CHECK(evaluated("(" + remedy + ")::text", one) == "text: " + std::string(c.result));
      continue;
    }
    unnested_list list;
    const bool of_rows = remedy.starts_with("unnest(");
    CHECK((of_rows
               ? bind_unnesting(remedy, scope{&columns, {}}, list).has_value()
               : bind_over_groups("(" + remedy + ") is null", {{&columns, {}}, {&columns, {}}}).has_value()));
  }
  CHECK(met.size() > 400);
}

TEST_CASE("no function of other languages in the table is one of ours with that many arguments") {
  const auto columns = numbers_and_texts();
  for (const auto& c : foreign_calls()) {
    if (c.remedy.empty() || c.name.find(' ') != std::string_view::npos)
      continue;
    std::string call(c.name);
    call += '(';
    for (const auto& a : parts(c.example))
      call += (call.back() == '(' ? "" : ", ") + a;
    call += ')';
    CAPTURE(call);
    const auto parsed = message_of(call, columns);
    if (c.name == "int" || c.name == "char" || c.name == "float" || c.name == "integer" ||
        c.name == "bigint" || c.name == "like" || c.name == "ilike" || c.name == "if" || c.name == "isnull" ||
        c.name == "hour" || c.name == "year" || c.name == "month" || c.name == "day" || c.name == "minute" ||
        c.name == "second")
      CHECK_FALSE(parsed.empty());  // some are words of the grammar
    else
      CHECK_THAT(parsed, Contains("write ") || Contains("now()"));
  }
}

TEST_CASE("a function that is there is never told of as missing, however many arguments it is given") {
  const auto columns = numbers_and_texts();
  auto names = function_names();
  for (const auto& c : described_functions())
    for (const auto& f : c.functions)
      names.push_back(f.name);
  for (const std::string_view name :
       {"now", "transaction_timestamp", "statement_timestamp", "date", "unnest"})
    names.push_back(name);
  std::size_t refused = 0;
  for (const auto name : names) {
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string_view::npos)
      continue;
    std::string arguments;
    for (std::size_t count = 0; count < 8; ++count, arguments += count == 1 ? "n" : ", n") {
      const auto bound = expression::bind(fmt::format("{}({})", name, arguments), scope{&columns, {}});
      if (bound)
        continue;
      ++refused;
      for (const auto& p : bound.error()) {
        CAPTURE(name, arguments, p.message);
        CHECK(p.message.find("there is no function") == std::string::npos);
      }
    }
  }
  CHECK(refused > 500);
}

TEST_CASE("a remedy has the arguments that were written") {
  const auto columns = numbers_and_texts();
  CHECK_THAT(message_of("nvl(s, 'x')", columns), Contains("write coalesce(s, 'x')"));
  CHECK_THAT(message_of("if(n > 1, 'a, b', s)", columns),
             Contains("write case when n > 1 then 'a, b' else s end"));
  CHECK_THAT(message_of("json_value(s, '$.a.b[0]')", columns), Contains("write s::json #>> '{a,b,0}'"));
  CHECK_THAT(message_of("element_at(string_to_array(s, ','), n)", columns),
             Contains("write (string_to_array(s, ','))[n]"));
  CHECK_THAT(message_of("startswith(s)", columns), Contains("write starts_with(x, y)"));
  CHECK_THAT(message_of("nvl(" + std::string(200, 'n') + ", s)", columns),
             Contains("write coalesce(..., s)"));
}

TEST_CASE("a template that means what it says is no mistake") {
  for (const std::string_view good : {"YYYY-MM-DD HH24:MI:SS",
                                      "yyyy-mm-dd hh24:mi:ss",
                                      "YYYY-MM-DD HH24:MI:SS.MS",
                                      "YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"",
                                      "YYYYMMDDHH24MISS",
                                      "HH12:MI AM",
                                      "HH:MI:SS PM",
                                      "hh:mi a.m.",
                                      "FMDay, DD FMMonth YYYY",
                                      "Dy DD Mon YYYY",
                                      "DD.MM.YYYY",
                                      "D",
                                      "ID",
                                      "IYYY-IW",
                                      "HH24 h MI m",
                                      "HH24\"h\"MI",
                                      "YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM",
                                      "OF",
                                      "Q",
                                      "J",
                                      "SSSSS",
                                      "MM/DD/YY",
                                      "YYYY-DDD",
                                      "yyyy-MM-dd",
                                      "FF3",
                                      "DDth Month",
                                      "TMMonth",
                                      "WW",
                                      "100%"}) {
    CAPTURE(good);
    CHECK(mistaken_template(good).value_or("") == "");
  }
}

TEST_CASE("a pattern of Java or strftime is told with the template that means it") {
  const std::pair<std::string_view, std::string_view> patterns[] = {
      {"yyyy-MM-dd HH:mm", "'YYYY-MM-DD HH24:MI'"},
      {"yyyy-MM-dd HH:mm:ss.SSS", "'YYYY-MM-DD HH24:MI:SS.MS'"},
      {"yyyy-MM-dd'T'HH:mm:ss", "'YYYY-MM-DD\"T\"HH24:MI:SS'"},
      {"YYYY-MM-DDTHH24:MI:SS", "'YYYY-MM-DD\"T\"HH24:MI:SS'"},
      {"HH24:MM", "'HH24:MI'"},
      {"HH:MI", "'HH24:MI'"},
      {"dd/MMM/yyyy", "'DD/Mon/YYYY'"},
      {"EEEE dd MMMM", "'FMDay DD FMMonth'"},
      {"hh:mm a", "'HH:MI AM'"},
      {"d.M.yyyy", "'FMDD.FMMM.YYYY'"},
      {"%Y-%m-%d", "'YYYY-MM-DD'"},
      {"%Y-%m-%d %H:%M:%S", "'YYYY-MM-DD HH24:MI:SS'"},
      {"%d/%m/%Y %H:%i:%s", "'DD/MM/YYYY HH24:MI:SS'"},
  };
  for (const auto& [pattern, meant] : patterns) {
    CAPTURE(pattern);
    CHECK_THAT(mistaken_template(pattern).value_or("nothing"), Contains(std::string(meant)));
  }
}

TEST_CASE(
    "comparisons with null, element 0 and templates of other languages give warnings, each at its place") {
  CHECK(warned("a = null") ==
        std::vector<std::string>{"2: a comparison with null is never true; write a is null"});
  CHECK(warned("a <> null and s != 'null'").size() == 1);
  CHECK(warned("null = a").size() == 1);
  CHECK(warned("a in (1, null)") ==
        std::vector<std::string>{"9: the null in the list matches no row; write a is null beside in (...)"});
  CHECK(warned("a not in (1, null)").size() == 1);
  CHECK(warned("case a when null then 1 else 2 end").size() == 1);
  CHECK(warned("(string_to_array(s, ','))[0]").size() == 1);
  CHECK(warned("(string_to_array(s, ','))[-1]").size() == 1);
  CHECK(warned("to_char(ts, 'yyyy-MM-dd HH:mm')").size() == 1);
  CHECK(warned("to_timestamp(s, '%Y-%m-%d')").size() == 1);
  CHECK(warned("substr(s, 0, 2)").size() == 1);
  CHECK(warned("format(x, 2)").size() == 1);
}

TEST_CASE("usual expressions give no warning") {
  for (const std::string_view usual :
       {"a is null", "a is distinct from null", "nullif(a, 0)", "coalesce(s, null)", "a in (1, 2)",
        "s in ('null')", "(string_to_array(s, ','))[1]", "(string_to_array(s, ','))[0:1]",
        "to_char(a, '9D99')", "to_char(x, 'S999D99')", "to_char(ts, 'HH24:MI')", "substr(s, 1, 2)",
        "substr(s, 0)", "format('%s', a)", "case when a is null then null end", "s || null::text",
        "concat(s, a)"}) {
    CAPTURE(usual);
    CHECK(warned(usual).empty());
  }
}

TEST_CASE("a pattern of Java, or a template of PostgreSQL, has the directives that mean it") {
  const std::vector<std::pair<std::string, std::string>> known{
      {"dd.MM.yyyy HH:mm", "%d.%m.%Y %H:%M"},
      {"yyyy-MM-dd HH:mm:ss", "%Y-%m-%d %H:%M:%S"},
      {"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "%Y-%m-%dT%H:%M:%S.%f%z"},
      {"d/M/yy", "%d/%m/%y"},
      {"dd MMM yyyy hh:mm a", "%d %b %Y %I:%M %p"},
      {"YYYY-MM-DD HH24:MI:SS", "%Y-%m-%d %H:%M:%S"},
      {"YYYYMMDD", "%Y%m%d"},
  };
  for (const auto& [pattern, directives] : known) {
    INFO(pattern);
    CHECK(directives_of_others(pattern) == directives);
  }
  for (const auto* const open : {"HH:mm", "yyyy", "YYYY-Q", "IYYY-IW", ""}) {
    INFO(open);
    CHECK_FALSE(directives_of_others(open));
  }
}
