// array_agg and string_agg: the values of a group in the order that is asked for, else by event time; ties go
// by event time, log and position (downstream of a window by its key), as first and last go.
// `distinct` keeps each value once, of equal numerics the one of the greatest scale. An entry is what it is ordered by in the
// encoding of keys, then the value as value_bytes.hpp has it.
#include "runtime/data/key_encoding.hpp"
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/collected.hpp"
#include "runtime/window/value_bytes.hpp"

#include <algorithm>
#include <optional>

namespace millrace::window {
namespace {

// A column's texts have 31-bit offsets; rows beyond fail.
constexpr std::size_t most_text = std::size_t{1} << 30;
constexpr std::size_t most_repeated = 2 * collection::most_bytes;

/// Nulls are below or above all values, which begin with 0x01, or with 0xFE where the order is turned round.
void append_ordered(std::string& out, const data::column& c, std::uint32_t row, const ordering& by) {
  if (c.is_null(row)) {
    out.push_back(by.nulls_first ? '\0' : '\xFF');
    return;
  }
  const auto from = out.size();
  data::append_key(out, c, row);
  if (by.descending)
    std::transform(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(),
                   out.begin() + static_cast<std::ptrdiff_t>(from),
                   [](char b) { return static_cast<char>(~b); });
}

void add_values(const states& to, rows into, const contribution& of, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto r = from[i];
    collection::entry e;
    for (std::size_t o = 0; o < of.order.size(); ++o)
      append_ordered(e.bytes, *of.order[o], r, of.what->order[o]);
    if (!of.what->distinct)
      collected::append_place(e.bytes, of, r);
    e.value_at = static_cast<std::uint32_t>(e.bytes.size());
    append_value_bytes(e.bytes, *of.argument, r);
    collected::add(to, into[i], std::move(e));
  }
}

/// Returns how often entry i is shown. With `distinct` an equal numeric of a greater scale, which comes next, stands for it.
std::uint64_t times_of(const aggregate& what, const std::vector<collection::entry>& all, std::size_t i) {
  if (!what.distinct)
    return all[i].count;
  const auto ordered = [](const collection::entry& e) {
    return std::string_view(e.bytes).substr(0, e.value_at);
  };
  const bool is_repeated = what.argument.id() == data::type_id::numeric && i + 1 < all.size() &&
                           ordered(all[i]) == ordered(all[i + 1]);
  return is_repeated ? 0 : 1;
}

/// Returns about how much room the values take; no value for bytes that are no values. Only damaged bytes say
/// that entries which hold their place came many times.
std::optional<std::size_t> size_of(const aggregate& what, const std::vector<collection::entry>& all) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto value = std::string_view(all[i].bytes).substr(all[i].value_at);
    const auto times = times_of(what, all, i);
    const auto one = collection::entry_bytes + value.size() + what.delimiter.size();
    if (!skip_value_bytes(value, what.argument) || times > most_repeated / one)
      return std::nullopt;
    bytes += one * times;
    if (bytes > most_text)
      return std::nullopt;
  }
  return bytes;
}

bool may_fail(const aggregate& what, const states& of, std::uint32_t i) {
  const auto* all = collected::entries(of, i);
  return all == nullptr || !size_of(what, *all);
}

/// Calls append(entries) for each state that has some and can be shown.
template<class Append>
void finish(const aggregate& what, const states& from, rows of, data::column_builder& out,
            std::vector<std::uint32_t>& failed, Append append) {
  std::size_t bytes = 0;
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    const auto* all = collected::entries(from, of[n]);
    const auto size = all == nullptr ? std::nullopt : size_of(what, *all);
    if (!size || bytes + *size > most_text) {
      failed.push_back(n);
      out.append_null();
    } else if (all->empty()) {
      out.append_null();
    } else {
      bytes += *size;
      append(*all);
    }
  }
}

void append_value(const collection::entry& e, data::column_builder& out) {
  auto value = std::string_view(e.bytes).substr(e.value_at);
  if (!read_value_bytes(value, out))
    out.append_null();  // size_of() has looked, so it is never so
}

void finish_list(const aggregate& what, const states& from, rows of, data::column_builder& out,
                 std::vector<std::uint32_t>& failed) {
  finish(what, from, of, out, failed, [&](const std::vector<collection::entry>& all) {
    for (std::size_t i = 0; i < all.size(); ++i)
      for (auto n = times_of(what, all, i); n > 0; --n)
        append_value(all[i], out.child(0));
    out.append_list();
  });
}

void finish_text(const aggregate& what, const states& from, rows of, data::column_builder& out,
                 std::vector<std::uint32_t>& failed) {
  std::string text;
  finish(what, from, of, out, failed, [&](const std::vector<collection::entry>& all) {
    text.clear();
    data::column_builder one(what.argument);
    bool first = true;
    for (std::size_t i = 0; i < all.size(); ++i) {
      append_value(all[i], one);
      const auto value = one.finish();
      for (auto n = times_of(what, all, i); n > 0; --n) {
        if (!first)
          text += what.delimiter;
        first = false;
        text += value->text_at(0);
      }
    }
    out.append_text(text);
  });
}

constexpr aggregate_ops entry(decltype(aggregate_ops::finish) finish, bool nulls) {
  auto out = collected::ops(add_values, finish);
  out.by_place = true;
  out.takes_nulls = nulls;
  out.may_fail = may_fail;
  return out;
}

}  // namespace

const aggregate_ops array_agg_entry = entry(finish_list, true);
const aggregate_ops string_agg_entry = entry(finish_text, false);

}  // namespace millrace::window
