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
  CHECK(aggregate("sum(a * 1.5)").result == data::type::numeric_of(38, 1));
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

TEST_CASE("what is not a single aggregate is refused") {
  CHECK_THAT(refused("a"), Contains("expected one aggregate"));
  CHECK_THAT(refused("count(*) + 1"), Contains("expected one aggregate"));
  CHECK_THAT(refused("lower(s)"), Contains("expected one aggregate"));
  CHECK_THAT(refused("sum(count(*))"), Contains("aggregate"));
  CHECK_THAT(refused("sum(s)"), Contains("needs a number"));
  CHECK_THAT(refused("avg(ts)"), Contains("needs a number"));
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

TEST_CASE("each further aggregate has its function, argument and result") {
  using enum aggregate_function;
  const data::type boolean = data::type_id::boolean;
  const data::type number = data::type_id::float64;
  CHECK(aggregate("bool_and(p)").function == bool_and);
  CHECK(aggregate("every(a > 1)").function == bool_and);
  CHECK(aggregate("bool_or(p)").result == boolean);
  CHECK(aggregate("stddev(a)").function == stddev_samp);
  CHECK(aggregate("variance(x)").function == var_samp);
  CHECK(aggregate("stddev_pop(a)").result == number);
  CHECK(aggregate("var_pop(x)").function == var_pop);
  CHECK(aggregate("string_agg(s, ', ')").delimiter == ", ");
  CHECK(aggregate("array_agg(a)").result == data::type::list_of(data::type_id::bigint));
  const auto listed = aggregate("array_agg(s order by ts desc, a nulls first) filter (where p)");
  REQUIRE(listed.order.size() == 2);
  CHECK(listed.order[0].descending);
  CHECK(listed.order[0].nulls_first);
  CHECK_FALSE(listed.order[1].descending);
  CHECK(listed.order[1].nulls_first);
  CHECK(listed.filter);
  const auto once = aggregate("string_agg(distinct s, ',' order by s desc)");
  CHECK(once.distinct);
  REQUIRE(once.order.size() == 1);
  CHECK(once.order[0].descending);
  const auto median = aggregate("percentile_cont(0.5) within group (order by a)");
  CHECK(median.fraction == 0.5);
  CHECK(median.result == number);
  CHECK(median.argument->type == data::type(data::type_id::bigint));
  CHECK(aggregate("percentile_disc(1) within group (order by s desc)").result ==
        data::type(data::type_id::text));
}

TEST_CASE("what a further aggregate does not take is refused") {
  CHECK_THAT(refused("bool_and(a)"), Contains("condition"));
  CHECK_THAT(refused("stddev(s)"), Contains("needs a number"));
  CHECK_THAT(refused("string_agg(s)"), Contains("delimiter"));
  CHECK_THAT(refused("string_agg(s, s)"), Contains("does not depend on rows"));
  CHECK_THAT(refused("string_agg(a, ',')"), Contains("needs text"));
  CHECK_THAT(refused("array_agg(venue)"), Contains("to_json"));
  CHECK_THAT(refused("array_agg(distinct s order by a)"), Contains("the same expression"));
  CHECK_THAT(refused("array_agg(a order by j)"), Contains("no order"));
  CHECK_THAT(refused("percentile_cont(0.5)"), Contains("within group"));
  CHECK_THAT(refused("percentile_cont(1.5) within group (order by a)"), Contains("from 0 to 1"));
  CHECK_THAT(refused("percentile_cont(x) within group (order by a)"), Contains("from 0 to 1"));
  CHECK_THAT(refused("percentile_cont(0.5) within group (order by s)"), Contains("percentile_disc"));
  CHECK_THAT(refused("percentile_cont(0.5) within group (order by a, x)"), Contains("one value"));
  CHECK_THAT(refused("count(a) within group (order by a)"), Contains("within group"));
  CHECK_THAT(refused("sum(a order by x)"), Contains("order"));
  CHECK_THAT(refused("last(distinct a)"), Contains("distinct does not go with last"));
  CHECK_THAT(refused("corr(distinct a, x)"), Contains("distinct does not go with corr"));
  CHECK_THAT(refused("sum(distinct a order by a)"), Contains("does not matter"));
  CHECK_THAT(refused("corr(a)"), Contains("two numbers, as in corr(y, x)"));
  CHECK_THAT(refused("corr(*)"), Contains("only count"));
  CHECK_THAT(refused("regr_slope(a, s)"), Contains("needs two numbers") && Contains("text"));
  CHECK_THAT(refused("covar_pop(ts, a)"), Contains("needs two numbers") && Contains("timestamp"));
  CHECK_THAT(refused("regr_r2(a, count(*))"), Contains("do not nest"));
  CHECK_THAT(refused("bit_and(x)"), Contains("whole numbers") && Contains("::bigint"));
}

TEST_CASE("aggregates of pairs take two doubles, y and x") {
  using enum aggregate_function;
  const auto line = aggregate("regr_slope(a, x * 1.5) filter (where p)");
  CHECK(line.function == regr_slope);
  CHECK(line.result == data::type(data::type_id::float64));
  CHECK(line.argument->type == data::type(data::type_id::float64));
  REQUIRE(line.order.size() == 1);
  CHECK(line.order[0].value.type == data::type(data::type_id::float64));
  CHECK(line.filter);
  CHECK(aggregate("regr_count(1, null)").result == data::type(data::type_id::bigint));
  CHECK(aggregate("corr('1', x)").function == corr);
  CHECK(identity(aggregate("corr(a, x)")) != identity(aggregate("corr(x, a)")));
  CHECK(identity(aggregate("corr(a, x)")) == identity(aggregate("corr( A, X )")));
}

TEST_CASE("aggregates of distinct values are those without it where that changes nothing") {
  using enum aggregate_function;
  const auto once = aggregate("sum(distinct a)");
  CHECK(once.function == sum);
  CHECK(once.distinct);
  CHECK(once.order.empty());
  CHECK(identity(once) != identity(aggregate("sum(a)")));
  CHECK(aggregate("stddev(distinct x)").distinct);
  CHECK(aggregate("bit_xor(distinct a)").result == data::type(data::type_id::bigint));
  for (const std::string_view of : {"min", "max", "bit_and", "bit_or"})
    CHECK(identity(aggregate(std::string(of) + "(distinct a)")) ==
          identity(aggregate(std::string(of) + "(a)")));
  CHECK(identity(aggregate("every(distinct p)")) == identity(aggregate("bool_and(p)")));
}

namespace {

const data::schema& group() {
  static const data::schema columns({{"s", data::type_id::text},
                                     {"window_start", data::type_id::timestamp},
                                     {"window_end", data::type_id::timestamp}});
  return columns;
}

group_scope groups() {
  group_scope names{{&group(), {}}, {&input_schema(), {}}};
  names.next_column = 3;
  return names;
}

bound_over_groups over_groups(std::string_view text) {
  auto b = bind_over_groups(text, groups());
  INFO(text);
  if (!b)
    FAIL(b.error().front().message);
  return *std::move(b);
}

problem not_over_groups(std::string_view text) {
  const auto b = bind_over_groups(text, groups());
  INFO(text);
  REQUIRE(!b);
  return b.error().front();
}

}  // namespace

TEST_CASE("aggregates within an expression become columns, equal ones the same") {
  const auto ratio = over_groups("sum(a) / count(*)");
  REQUIRE(ratio.extra.size() == 2);
  CHECK(ratio.extra[0].function == aggregate_function::sum);
  CHECK(ratio.extra[1].function == aggregate_function::count_rows);
  CHECK(ratio.value.columns == std::vector<std::size_t>{3, 4});
  CHECK(ratio.value.type == data::type(data::type_id::bigint));
  CHECK(ratio.value.can_fail);
  CHECK(over_groups("max(a) - min(a) + max( A )").extra.size() == 2);
  CHECK(over_groups("s || ': ' || count(*)").value.columns == std::vector<std::size_t>{0, 3});
  CHECK(over_groups("count(*) / extract(epoch from window_end - window_start)").extra.size() == 1);
  CHECK(over_groups("coalesce(sum(a), 0)").value.type == data::type(data::type_id::bigint));
  CHECK(over_groups("round(avg(x)::numeric, 2)").value.type == data::type::numeric_of(38, 2));
  CHECK(over_groups("round(avg(a), 2)").value.type == data::type::numeric_of(38, 2));
  CHECK(over_groups("upper(s)").extra.empty());

  auto names = groups();
  names.next_column = 4;
  names.aggregates.push_back({identity(aggregate("count(*)")), 3});
  const auto shared = bind_over_groups("sum(a) * count(*)", names);
  REQUIRE(shared);
  CHECK(shared->extra.size() == 1);
  CHECK(shared->value.columns == std::vector<std::size_t>{3, 4});
}

TEST_CASE("what cannot stand in an expression over groups has its place") {
  const auto nested = not_over_groups("1 + sum(1 + count(*))");
  CHECK_THAT(nested.message, Contains("count(...) stands within sum(...)"));
  CHECK(nested.offset == 12);
  const auto loose = not_over_groups("count(*) + a");
  CHECK_THAT(loose.message, Contains("put it into an aggregate") && Contains("max(a)"));
  CHECK(loose.offset == 11);
  CHECK_THAT(not_over_groups("cuont(*) + 1").message, Contains("did you mean count(*)?"));
  CHECK_THAT(not_over_groups("nosuch + count(*)").message, Contains("there is no column"));
  CHECK_THAT(not_over_groups("max(ts) - min(ts)").message, Contains("interval"));
  CHECK_THAT(not_over_groups("sum(nosuch) + 1").message, Contains("nosuch"));
}

TEST_CASE("having finds the aggregates that are there by meaning, and adds the others") {
  const data::schema output({{"userid", data::type_id::text},
                             {"clicks", data::type_id::bigint},
                             {"total", data::type_id::bigint},
                             {"window_end", data::type_id::timestamp}});
  group_scope names{{&output, {}}, {&input_schema(), {}}};
  names.next_column = 4;
  names.aggregates = {{identity(aggregate("count(*)")), 1},
                      {identity(aggregate("sum(a + 1) filter (where p)")), 2}};

  const auto by_meaning = bind_having("COUNT( * ) > 1 and sum( A+1 ) filter (where \"p\") < 5", names);
  REQUIRE(by_meaning);
  CHECK(by_meaning->extra.empty());
  CHECK(by_meaning->value.columns == std::vector<std::size_t>{1, 2});

  const auto by_name = bind_having("clicks > 10 and userid <> ''", names);
  REQUIRE(by_name);
  CHECK(by_name->value.columns == std::vector<std::size_t>{0, 1});

  const auto extra = bind_having("max(x) > 2 or sum(a + 1) > 3 or max(x) < 0 or clicks = 1", names);
  REQUIRE(extra);
  REQUIRE(extra->extra.size() == 2);
  CHECK(extra->extra[0].function == aggregate_function::max);
  CHECK(extra->extra[1].function == aggregate_function::sum);
  CHECK(extra->value.columns == std::vector<std::size_t>{1, 4, 5});

  const auto wrong = bind_having("max(nosuch) > 1 and nothing = 2", names);
  REQUIRE(!wrong);
  CHECK(wrong.error().size() == 2);
  CHECK(!bind_having("clicks + 1", names));
  CHECK(!bind_having("a > 1", names));  // an input column, not one of the output
}

TEST_CASE("a name that stands for an expression is that expression in having") {
  const data::schema output({{"userid", data::type_id::text}, {"ratio", data::type_id::bigint}});
  group_scope names{{&output, {}}, {&input_schema(), {}}};
  names.next_column = 2;
  names.formulas = {{"ratio", "100 / (count(*) - 1)"}};
  const auto h = bind_having("count(*) > 1 and RATIO > 10", names);
  REQUIRE(h);
  CHECK(h->extra.size() == 1);
  CHECK(h->value.columns == std::vector<std::size_t>{2});
}
