#include "tests/unit/expression/evaluate_one.hpp"

using namespace millrace;
using namespace millrace::expression;
using Catch::Matchers::Contains;

namespace {

const data::schema& input_schema() {
  static const auto b = sample();
  return *b.schema;
}

bound_aggregate aggregate(std::string_view text) {
  auto a = bind_aggregate(text, scope{&input_schema(), {}});
  INFO(text);
  if (!a)
    FAIL(a.error().front().message);
  return *std::move(a);
}

std::string refused(std::string_view text) {
  const auto a = bind_aggregate(text, scope{&input_schema(), {}});
  REQUIRE(!a);
  return a.error().front().message;
}

}  // namespace

TEST_CASE("each aggregate has its function, argument and result") {
  CHECK(aggregate("count(*)").function == aggregate_function::count_rows);
  CHECK(!aggregate("count(*)").argument);
  CHECK(aggregate("COUNT(a)").function == aggregate_function::count);
  CHECK(aggregate("count(distinct s)").function == aggregate_function::count_distinct);
  CHECK(aggregate("count(distinct s)").result == data::type(data::type_id::bigint));
  CHECK(aggregate("sum(a)").result == data::type(data::type_id::bigint));
  CHECK(aggregate("sum(x)").result == data::type(data::type_id::float64));
  CHECK(aggregate("sum(a * 1.5)").result == data::type(data::type_id::float64));
  CHECK(aggregate("avg(a)").result == data::type(data::type_id::float64));
  CHECK(aggregate("avg(a)").argument->type == data::type(data::type_id::bigint));
  CHECK(aggregate("min(s)").result == data::type(data::type_id::text));
  CHECK(aggregate("max(ts)").result == data::type(data::type_id::timestamp));
  CHECK(aggregate("min(p)").result == data::type(data::type_id::boolean));
  CHECK(aggregate("first(venue.lat)").result == data::type(data::type_id::float64));
  CHECK(aggregate("last(upper(s))").function == aggregate_function::last);
}

TEST_CASE("a filter is a condition of its own") {
  const auto a = aggregate("sum(a) filter (where s like 'H%' and p)");
  REQUIRE(a.filter);
  CHECK(a.filter->type == data::type(data::type_id::boolean));
  CHECK(a.filter->columns == std::vector<std::size_t>{2, 3});
  CHECK_THAT(refused("count(*) filter (where a)"), Contains("boolean"));
}

TEST_CASE("what is no single aggregate is refused") {
  CHECK_THAT(refused("a"), Contains("expected one aggregate"));
  CHECK_THAT(refused("count(*) + 1"), Contains("expected one aggregate"));
  CHECK_THAT(refused("lower(s)"), Contains("expected one aggregate"));
  CHECK_THAT(refused("sum(count(*))"), Contains("aggregate"));
  CHECK_THAT(refused("sum(s)"), Contains("needs a number"));
  CHECK_THAT(refused("avg(ts)"), Contains("needs a number"));
  CHECK_THAT(refused("sum(distinct a)"), Contains("distinct"));
  CHECK_THAT(refused("sum(*)"), Contains("count"));
  CHECK_THAT(refused("sum()"), Contains("one value"));
  CHECK_THAT(refused("min(a, x)"), Contains("one value"));
  CHECK_THAT(refused("min(j)"), Contains("json"));
  CHECK_THAT(refused("max(venue)"), Contains("cannot compare"));
  CHECK_THAT(refused("first(s order by ts)"), Contains("event time"));
  CHECK_THAT(refused("count(ts - ts)"), Contains("interval"));
  CHECK_THAT(refused("sum(nosuch)"), Contains("nosuch"));
  CHECK_THAT(refused("lower(distinct s)"), Contains("expected one aggregate"));
}

TEST_CASE("having finds declared aggregates by meaning, and adds the others") {
  const data::schema output({{"userid", data::type_id::text},
                             {"clicks", data::type_id::bigint},
                             {"total", data::type_id::bigint},
                             {"window_end", data::type_id::timestamp}});
  const scope out{&output, {}};
  const scope in{&input_schema(), {}};
  const std::vector<declared_aggregate> declared{{"count(*)", 1}, {"sum(a + 1) filter (where p)", 2}};

  const auto by_meaning =
      bind_having("COUNT( * ) > 1 and sum( A+1 ) filter (where \"p\") < 5", out, in, declared);
  REQUIRE(by_meaning);
  CHECK(by_meaning->extra.empty());
  CHECK(by_meaning->condition.columns == std::vector<std::size_t>{1, 2});

  const auto by_name = bind_having("clicks > 10 and userid <> ''", out, in, declared);
  REQUIRE(by_name);
  CHECK(by_name->condition.columns == std::vector<std::size_t>{0, 1});

  const auto extra =
      bind_having("max(x) > 2 or sum(a + 1) > 3 or max(x) < 0 or clicks = 1", out, in, declared);
  REQUIRE(extra);
  REQUIRE(extra->extra.size() == 2);
  CHECK(extra->extra[0].function == aggregate_function::max);
  CHECK(extra->extra[1].function == aggregate_function::sum);
  CHECK(extra->condition.columns == std::vector<std::size_t>{1, 4, 5});

  const auto wrong = bind_having("max(nosuch) > 1 and nothing = 2", out, in, declared);
  REQUIRE(!wrong);
  CHECK(wrong.error().size() == 2);
  CHECK(!bind_having("clicks + 1", out, in, declared));
  CHECK(!bind_having("a > 1", out, in, declared));  // an input column, not one of the output
}
