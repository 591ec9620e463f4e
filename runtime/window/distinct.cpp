// Aggregates over the set of different values. count(distinct x) has them in the encoding of keys, so that equal values
// are equal bytes; sum(distinct x) and others as value_bytes.hpp has them, and compute from the set what the aggregate
// without `distinct` would of its values.
#include "runtime/data/key_encoding.hpp"
#include "runtime/data/plain_numeric.hpp"
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/value_bytes.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace millrace::window {
namespace {

struct distinct {
  std::uint64_t values;  // a number in the side store, 0 for none
};

std::uint32_t set_of(const states& s, std::uint32_t i) {
  auto& values = s.at<distinct>(i).values;
  if (values == 0)
    values = s.side->add_set();
  return static_cast<std::uint32_t>(values);
}

const side_store::value_set* values_of(const states& s, std::uint32_t i) {
  const auto values = static_cast<std::uint32_t>(s.at<distinct>(i).values);
  return values == 0 ? nullptr : &s.side->set(values);
}

/// The other set may lie in the same side store.
void insert_all(const states& to, std::uint32_t i, const side_store& origin, std::uint64_t theirs) {
  const auto set = set_of(to, i);
  for (const auto& [value, times] : origin.set(static_cast<std::uint32_t>(theirs)))
    to.side->insert(set, value);
}

template<auto Append>
void add_values(const states& to, rows into, const contribution& of, rows from) {
  std::string value;
  for (std::size_t i = 0; i < into.size(); ++i) {
    value.clear();
    Append(value, *of.argument, from[i]);
    to.side->insert(set_of(to, into[i]), value);
  }
}

void merge_values(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    if (const auto theirs = other.at<distinct>(from[i]).values; theirs != 0)
      insert_all(to, into[i], *other.side, theirs);
}

/// A merged set has counted each part that has a value.
void unmerge_values(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    if (const auto* theirs = values_of(other, from[i]); theirs != nullptr)
      for (const auto& [value, times] : *theirs)
        to.side->take_out(set_of(to, into[i]), value);
}

void adopt_values(const states& to, std::uint32_t i, const side_store& origin) {
  auto& s = to.at<distinct>(i);
  if (const auto theirs = std::exchange(s.values, 0); theirs != 0)
    insert_all(to, i, origin, theirs);
}

void encode_values(wire::writer& out, const states& from, std::uint32_t i) {
  const auto* values = values_of(from, i);
  std::vector<std::string_view> sorted;
  if (values != nullptr)
    for (const auto& [value, times] : *values)
      sorted.push_back(value);
  std::sort(sorted.begin(), sorted.end());
  out.varint(sorted.size());
  for (const auto v : sorted)
    out.string(v);
}

bool decode_values(wire::reader& in, const states& to, std::uint32_t i) {
  if (const auto* values = values_of(to, i); values != nullptr)
    to.side->clear_set(static_cast<std::uint32_t>(to.at<distinct>(i).values));
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const std::string value(in.string());
    if (in.ok())
      to.side->insert(set_of(to, i), value);
  }
  return in.ok();
}

void count_values(const aggregate&, const states& from, rows of, data::column_builder& out,
                  std::vector<std::uint32_t>&) {
  for (const auto i : of) {
    const auto* values = values_of(from, i);
    out.append_int(values == nullptr ? 0 : static_cast<std::int64_t>(values->size()));
  }
}

/// Appends each value once, of equal numerics the one of the greatest scale; false for bytes that are no values.
bool append_different(const side_store::value_set& set, data::column_builder& out) {
  std::vector<std::string_view> values;
  values.reserve(set.size());
  for (const auto& [value, times] : set)
    values.push_back(value);
  const bool have_scales = data::is_plain_numeric(out.type());
  if (have_scales)
    std::sort(values.begin(), values.end());
  const auto without_scale = [](std::string_view v) { return v.substr(0, v.empty() ? 0 : v.size() - 1); };
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto value = values[i];
    if (have_scales && i + 1 < values.size() && without_scale(value) == without_scale(values[i + 1]))
      continue;
    if (!read_value_bytes(value, out) || !value.empty())
      return false;
  }
  return true;
}

/// Appends the result of the aggregate without `distinct` over these values; false where it fails.
bool append_result(const aggregate& what, const data::column_ptr& values, data::column_builder& out) {
  const auto* ops = find_aggregate(what);
  side_store side;
  std::vector<std::uint64_t> room(ops->size / sizeof(std::uint64_t));
  const states one{reinterpret_cast<std::byte*>(room.data()), ops->size, &side};
  std::vector<std::uint32_t> from(values->size());
  std::iota(from.begin(), from.end(), 0U);
  const std::vector<std::uint32_t> into(from.size(), 0);
  ops->add(one, into, {values.get(), &what, {}, {}, {}, {}, {}}, from);
  std::vector<std::uint32_t> failed;
  const std::uint32_t first = 0;
  ops->finish(what, one, {&first, 1}, out, failed);
  return failed.empty();
}

void finish_over_values(const aggregate& what, const states& from, rows of, data::column_builder& out,
                        std::vector<std::uint32_t>& failed) {
  auto plain = what;
  plain.distinct = false;
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    data::column_builder different(what.argument);
    const auto* values = values_of(from, of[n]);
    if (values != nullptr && !append_different(*values, different)) {  // damaged bytes alone
      failed.push_back(n);
      out.append_null();
    } else if (!append_result(plain, different.finish(), out)) {
      failed.push_back(n);
    }
  }
}

constexpr aggregate_ops of_set(decltype(aggregate_ops::add) add, decltype(aggregate_ops::finish) finish,
                               const char* failure) {
  return {.size = sizeof(distinct),
          .add = add,
          .merge = merge_values,
          .unmerge = unmerge_values,
          .adopt = adopt_values,
          .encode = encode_values,
          .decode = decode_values,
          .finish = finish,
          .failure = failure};
}

}  // namespace

const aggregate_ops count_distinct_entry = of_set(add_values<data::append_key>, count_values, nullptr);
const aggregate_ops over_distinct_entry =
    of_set(add_values<append_value_bytes>, finish_over_values,
           "is beyond its type: the row is set apart; cast or divide the values first, as in sum(distinct "
           "x::double precision)");
const aggregate_ops over_distinct_numerics_entry =
    of_set(add_values<append_value_bytes>, finish_over_values,
           "needs more than the 38 digits of a numeric: the row is set apart; take doubles instead, as in "
           "sum(distinct x::double precision)");

}  // namespace millrace::window
