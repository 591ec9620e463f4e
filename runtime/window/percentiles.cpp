// percentile_cont and percentile_disc, from all the values of a group: different ones once, as
// value_bytes.hpp has them, with how often they came. A descending order is counted from the other end.
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/collected.hpp"
#include "runtime/window/value_bytes.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::window {
namespace {

void add_values(const states& to, rows into, const contribution& of, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    collection::entry e;
    append_value_bytes(e.bytes, *of.argument, from[i]);
    collected::add(to, into[i], std::move(e));
  }
}

bool descends(const aggregate& a) { return !a.order.empty() && a.order[0].descending; }

std::uint64_t values_in(const std::vector<collection::entry>& all) {
  std::uint64_t n = 0;
  for (const auto& e : all)
    n += e.count;
  return n;
}

/// The value at that place of all, from 0, in the order that is asked for.
std::string_view value_at(const aggregate& a, const std::vector<collection::entry>& all, std::uint64_t place,
                          std::uint64_t values) {
  if (descends(a))
    place = values - 1 - place;
  for (const auto& e : all) {
    if (place < e.count)
      return e.bytes;
    place -= e.count;
  }
  return {};  // counts of damaged bytes
}

/// A product of a fraction and a count as an index; `most` is the last one.
std::uint64_t index_of(double place, std::uint64_t most) {
  return place >= static_cast<double>(most) ? most : static_cast<std::uint64_t>(place);
}

bool append_nearest(const aggregate& a, const std::vector<collection::entry>& all,
                    data::column_builder& out) {
  const auto values = values_in(all);
  const auto place = std::ceil(a.fraction * static_cast<double>(values));
  auto value = value_at(a, all, place < 1 ? 0 : index_of(place - 1, values - 1), values);
  return read_value_bytes(value, out);
}

std::optional<double> number_of(const aggregate& a, std::string_view value) {
  data::column_builder one(a.argument);
  if (!read_value_bytes(value, one))
    return std::nullopt;
  const auto c = one.finish();
  if (c->is_null(0))
    return std::nullopt;
  if (a.argument.id() == data::type_id::numeric)
    return to_double(c->decimals()[0]);
  return a.argument.id() == data::type_id::bigint ? static_cast<double>(c->ints()[0]) : c->doubles()[0];
}

bool append_between(const aggregate& a, const std::vector<collection::entry>& all,
                    data::column_builder& out) {
  const auto values = values_in(all);
  const auto place = a.fraction * static_cast<double>(values - 1);
  const auto first = index_of(std::floor(place), values - 1);
  const auto second = index_of(std::ceil(place), values - 1);
  const auto low = number_of(a, value_at(a, all, first, values));
  const auto high = number_of(a, value_at(a, all, second, values));
  if (!low || !high)
    return false;
  const auto beyond = place - static_cast<double>(first);
  out.append_double(first == second ? *low : *low + beyond * (*high - *low));
  return true;
}

template<auto Append>
void finish(const aggregate& what, const states& from, rows of, data::column_builder& out,
            std::vector<std::uint32_t>& failed) {
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    const auto* all = collected::entries(from, of[n]);
    if (all != nullptr && all->empty()) {
      out.append_null();
    } else if (all == nullptr || !Append(what, *all, out)) {
      failed.push_back(n);
      out.append_null();
    }
  }
}

/// Only damaged bytes are no values.
bool may_fail(const aggregate& what, const states& of, std::uint32_t i) {
  const auto* all = collected::entries(of, i);
  return all == nullptr || !std::ranges::all_of(*all, [&](const collection::entry& e) {
           std::string_view value = e.bytes;
           return skip_value_bytes(value, what.argument);
         });
}

template<auto Append>
constexpr aggregate_ops entry() {
  auto out = collected::ops(add_values, finish<Append>);
  out.may_fail = may_fail;
  return out;
}

}  // namespace

const aggregate_ops percentile_cont_entry = entry<append_between>();
const aggregate_ops percentile_disc_entry = entry<append_nearest>();

}  // namespace millrace::window
