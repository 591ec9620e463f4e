// count(distinct x): the set of values, in the encoding of keys, so that equal values are equal bytes.
#include "runtime/data/key_encoding.hpp"
#include "runtime/window/aggregate_entries.hpp"

#include <algorithm>
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

void add_values(const states& to, rows into, const contribution& of, rows from) {
  std::string value;
  for (std::size_t i = 0; i < into.size(); ++i) {
    value.clear();
    data::append_key(value, *of.argument, from[i]);
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

}  // namespace

const aggregate_ops count_distinct_entry{.size = sizeof(distinct),
                                         .add = add_values,
                                         .merge = merge_values,
                                         .unmerge = unmerge_values,
                                         .adopt = adopt_values,
                                         .encode = encode_values,
                                         .decode = decode_values,
                                         .finish = count_values};

}  // namespace millrace::window
