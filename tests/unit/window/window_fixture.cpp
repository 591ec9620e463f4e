#include "tests/unit/window/window_fixture.hpp"

#include "runtime/data/render.hpp"

namespace millrace::window::test {

using data::type_id;
using expression::aggregate_function;

definition windows_of(event_micros size, event_micros slide, std::vector<aggregate> aggregates,
                      event_micros lateness, std::uint32_t shards) {
  definition d;
  d.size = micros(size);
  d.slide = micros(slide);
  d.allowed_lateness = micros(lateness);
  d.shards = shards;
  d.keys = {{"user", type_id::text}};
  d.aggregates = std::move(aggregates);
  auto fields = d.keys;
  for (std::size_t a = 0; a < d.aggregates.size(); ++a) {
    d.aggregate_fields.push_back({"a" + std::to_string(a), d.aggregates[a].result});
    fields.push_back(d.aggregate_fields.back());
  }
  fields.push_back({"window_start", type_id::timestamp});
  fields.push_back({"window_end", type_id::timestamp});
  d.output = std::make_shared<data::schema>(std::move(fields));
  return d;
}

definition interval_join_of(event_micros before, event_micros after, join_kind how, std::uint64_t max_pairs) {
  aggregate rows{{}, type_id::bigint, type_id::bigint};
  rows.row = {{"n", type_id::bigint}};
  auto d = windows_of(1, 1, {rows, rows}, std::max<event_micros>(0, after));
  d.kind = shape::interval;
  d.join = joining{how, max_pairs, micros(before), micros(after)};
  return d;
}

definition as_of_join_of(event_micros late_versions, join_kind how) {
  auto d = interval_join_of(late_versions, 0, how);
  d.join->newest = d.join->deletes = true;
  return d;
}

definition dedup_of(event_micros ttl) {
  auto d = interval_join_of(ttl - 1, 0, join_kind::anti);
  d.join->first = true;
  d.aggregates[1].row->clear();
  d.aggregate_fields.pop_back();
  auto fields = d.output->fields();
  fields.erase(fields.begin() + 2);
  d.output = std::make_shared<data::schema>(std::move(fields));
  return d;
}

aggregate count_rows() { return {aggregate_function::count_rows, type_id::bigint, type_id::bigint}; }
aggregate over(aggregate_function f, data::type argument, data::type result) {
  return {f, std::move(argument), std::move(result)};
}
aggregate over_pairs(aggregate_function f) {
  auto a =
      over(f, type_id::float64, f == aggregate_function::regr_count ? type_id::bigint : type_id::float64);
  a.order.push_back({type_id::float64});
  return a;
}
aggregate over_distinct(aggregate_function f, data::type argument, data::type result) {
  auto a = over(f, std::move(argument), std::move(result));
  a.distinct = true;
  return a;
}

namespace {

data::column_ptr prices_of(const std::vector<click>& clicks, const data::type& t) {
  data::column_builder prices(t);
  for (const auto& c : clicks) {
    auto v = c.price;
    if (v && t.precision() != 0)
      v = rounded(*v, t.scale());
    if (v)
      v = data::fitted(*v, t);
    v ? prices.append_decimal(*v) : prices.append_null();
  }
  return prices.finish();
}

}  // namespace

std::vector<std::uint32_t> add(partials_builder& b, const definition& d, const std::vector<click>& clicks,
                               bool filtered, std::optional<std::size_t> side) {
  data::column_builder users(type_id::text), amounts(type_id::float64), sizes(type_id::bigint),
      wanted(type_id::boolean), unwanted(type_id::boolean), sizes_as_doubles(type_id::float64);
  std::vector<event_micros> times, watermarks;
  std::vector<position> positions;
  for (const auto& c : clicks) {
    positions.push_back({0, static_cast<std::int64_t>(positions.size())});
    c.user ? users.append_text(*c.user) : users.append_null();
    c.amount ? amounts.append_double(*c.amount) : amounts.append_null();
    c.size ? sizes.append_int(*c.size) : sizes.append_null();
    c.size ? sizes_as_doubles.append_double(static_cast<double>(*c.size)) : sizes_as_doubles.append_null();
    c.wanted ? wanted.append_boolean(*c.wanted) : wanted.append_null();
    c.wanted ? unwanted.append_boolean(!*c.wanted) : unwanted.append_null();
    times.push_back(c.time);
    watermarks.push_back(c.watermark);
  }
  const std::vector<data::column_ptr> keys{users.finish()};
  const auto amount = amounts.finish(), size = sizes.finish(), filter = wanted.finish(),
             beside = sizes_as_doubles.finish();
  std::vector<data::column_ptr> arguments;
  for (const auto& a : d.aggregates)
    arguments.push_back(a.function == aggregate_function::count_rows ? nullptr
                        : a.argument.id() == type_id::float64        ? amount
                        : a.argument.id() == type_id::text           ? keys[0]
                        : a.argument.id() == type_id::boolean        ? filter
                        : a.argument.id() == type_id::numeric        ? prices_of(clicks, a.argument)
                                                                     : size);
  const std::vector<data::column_ptr> filters(d.aggregates.size(), filtered ? filter : nullptr);
  std::vector<std::vector<data::column_ptr>> rows(d.aggregates.size());
  for (std::size_t a = 0; a < rows.size(); ++a)
    rows[a].assign(reads_order(d.aggregates[a].function) ? d.aggregates[a].order.size() : 0,
                   expression::takes_pairs(d.aggregates[a].function) ? beside : arguments[a]);
  if (d.join) {
    arguments.assign(2, nullptr);
    if (d.join->deletes)
      arguments[1] = unwanted.finish();
    rows.assign(2, {size});
  }
  std::vector<std::uint32_t> late;
  b.add({keys, arguments, filters, times, watermarks, positions, "p", {}, rows, side}, late);
  return late;
}

std::uint64_t absorb(shard_windows& w, const definition& d, const std::vector<click>& clicks,
                     event_micros fired, bool filtered, std::optional<std::size_t> side) {
  partials_builder b(d);
  add(b, d, clicks, filtered, side);
  const auto parts = b.finish();
  return parts[0] ? w.absorb_partials(*parts[0], fired) : 0;
}

std::vector<delivery::fired_window> tick(shard_windows& w, std::size_t turn) {
  std::vector<delivery::fired_window> parts;
  while (!w.changes(turn, parts)) {
  }
  return parts;
}

std::vector<std::string> rows_of(const delivery::fired_window& w) {
  std::vector<std::string> rows;
  for (std::size_t r = 0; w.rows && r < w.rows->rows; ++r)
    data::append_json_row(rows.emplace_back(), *w.rows, r);
  return rows;
}

}  // namespace millrace::window::test
