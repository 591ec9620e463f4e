// Evaluation of what looks into lists and objects: columns of them, elements, members, lists that are made,
// any and all.
#include "runtime/expression/evaluate/evaluator.hpp"
#include "runtime/expression/functions/list_values.hpp"

#include <algorithm>
#include <cstring>

namespace millrace::expression {
namespace {

/// The byte mask of a column's bitmap; null pointer where nothing is null.
std::uint8_t* present_rows(arena& memory, const data::column& c, std::size_t first, std::size_t rows) {
  if (c.null_count() == 0)
    return nullptr;
  auto* out = allocate<std::uint8_t>(memory, rows);
  const auto& bits = c.validity();
  for (std::size_t i = 0; i < rows; ++i)
    out[i] = static_cast<std::uint8_t>((bits[(first + i) >> 3] >> ((first + i) & 7)) & 1);
  return out;
}

const void* rows_of(arena& memory, const data::column& c, std::size_t first, std::size_t rows);

list_value* lists_of(arena& memory, const data::column& c, std::size_t first, std::size_t rows) {
  auto* out = allocate<list_value>(memory, rows);
  const auto offsets = c.offsets().subspan(first);
  const auto& elements = *c.children()[0];
  const auto begin = static_cast<std::size_t>(offsets[0]);
  const auto count = static_cast<std::size_t>(offsets[rows]) - begin;
  const auto element = kind_of(elements.type());
  const auto* data = static_cast<const std::byte*>(rows_of(memory, elements, begin, count));
  const auto* valid = present_rows(memory, elements, begin, count);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto from = static_cast<std::size_t>(offsets[i]) - begin;
    out[i] = {data + from * size_of(element), valid ? valid + from : nullptr,
              static_cast<std::size_t>(offsets[i + 1] - offsets[i]), element};
  }
  return out;
}

/// Values of a column from row `first` on, as an array.
const void* rows_of(arena& memory, const data::column& c, std::size_t first, std::size_t rows) {
  switch (c.type().id()) {
  case data::type_id::bigint:
  case data::type_id::timestamp:
  case data::type_id::date:
    return c.ints().data() + first;
  case data::type_id::float64:
    return c.doubles().data() + first;
  case data::type_id::numeric:
    return c.decimals().data() + first;
  case data::type_id::boolean: {
    auto* out = allocate<bool>(memory, rows);
    for (std::size_t i = 0; i < rows; ++i)
      out[i] = c.boolean_at(first + i);
    return out;
  }
  case data::type_id::text:
  case data::type_id::json: {
    auto* out = allocate<std::string_view>(memory, rows);
    for (std::size_t i = 0; i < rows; ++i)
      out[i] = c.text_at(first + i);
    return out;
  }
  case data::type_id::list:
    return lists_of(memory, c, first, rows);
  case data::type_id::object:
    break;
  }
  auto* out = allocate<object_value>(memory, rows);
  for (std::size_t i = 0; i < rows; ++i)
    out[i] = {&c, first + i};
  return out;
}

/// The elements of all lists in one array, and how many each has.
struct flat_lists {
  values elements;
  std::vector<std::size_t> sizes;
  std::size_t total = 0;
};

flat_lists flatten(arena& memory, const values& lists, kind element, std::size_t rows,
                   const std::uint8_t* active) {
  flat_lists out;
  out.sizes.resize(rows);
  for (std::size_t i = 0; i < rows; ++i)
    if ((!active || active[i]) && lists.present(i))
      out.total += out.sizes[i] = lists.get<list_value>(i).size;
  const auto width = size_of(element);
  auto* data = static_cast<std::byte*>(allocate_zeros(memory, element, out.total));
  auto* valid = allocate<std::uint8_t>(memory, out.total);
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    if (out.sizes[i] == 0)
      continue;
    const auto list = lists.get<list_value>(i);
    std::memcpy(data + at * width, list.data, list.size * width);
    for (std::size_t e = 0; e < list.size; ++e)
      valid[at + e] = list.present(e);
    at += list.size;
  }
  out.elements = {element, false, valid, data};
  return out;
}

/// Failures of elements are failures of the rows that hold them.
void fail_rows(failed_rows& elements, const std::vector<std::size_t>& sizes, failed_rows& rows) {
  auto& failed = elements.sorted();
  std::size_t next = 0;
  std::size_t end = 0;
  for (std::size_t row = 0; row < sizes.size() && next < failed.size(); ++row) {
    end += sizes[row];
    if (failed[next].row < end)
      rows.add(row, failed[next].message);
    while (next < failed.size() && failed[next].row < end)
      ++next;
  }
}

}  // namespace

namespace {

/// Returns whether all rows have the value of the first, as the bounds of a window that fires do: an
/// expression of it is then computed once. Rows that differ mostly do so at the first glance.
bool is_alike(kind k, const void* data, std::size_t rows) {
  if (rows < 2 || (k != kind::timestamptz && k != kind::timestamp && k != kind::date && k != kind::bigint))
    return false;
  const auto* const all = static_cast<const std::int64_t*>(data);
  return all[0] == all[rows - 1] && std::all_of(all, all + rows, [&](std::int64_t v) { return v == all[0]; });
}

}  // namespace

values evaluator::column(const node& n) {
  const auto* c = input_->columns[n.column].get();
  std::uint8_t* valid = present_rows(memory_, *c, first_, rows_);
  for (const auto member : n.path) {
    c = c->children()[member].get();
    auto* here = present_rows(memory_, *c, first_, rows_);
    for (std::size_t i = 0; here && valid && i < rows_; ++i)
      here[i] &= valid[i];
    valid = here ? here : valid;
  }
  const auto* const data = rows_of(memory_, *c, first_, rows_);
  return {n.type, !valid && is_alike(n.type, data, rows_), valid, data};
}

values evaluator::element(const node& n, const std::uint8_t* active) {
  const auto lists = run(*n.args[0], active);
  const auto index = run(*n.args[1], active);
  auto* out = static_cast<std::byte*>(allocate_zeros(memory_, n.type, rows_));
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  const auto width = size_of(n.type);
  for (std::size_t i = 0; i < rows_; ++i) {
    valid[i] = 0;
    if ((active && !active[i]) || !lists.present(i) || !index.present(i))
      continue;
    const auto list = lists.get<list_value>(i);
    const auto at = index.get<std::int64_t>(i);
    if (at < 1 || static_cast<std::size_t>(at) > list.size || !list.present(static_cast<std::size_t>(at) - 1))
      continue;
    valid[i] = 1;
    std::memcpy(out + i * width,
                static_cast<const std::byte*>(list.data) + static_cast<std::size_t>(at - 1) * width, width);
  }
  return {n.type, false, valid, out};
}

values evaluator::member(const node& n, const std::uint8_t* active) {
  const auto objects = run(*n.args[0], active);
  auto* out = static_cast<std::byte*>(allocate_zeros(memory_, n.type, rows_));
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  const auto width = size_of(n.type);
  for (std::size_t i = 0; i < rows_; ++i) {
    valid[i] = 0;
    if ((active && !active[i]) || !objects.present(i))
      continue;
    const auto o = objects.get<object_value>(i);
    const auto& c = *o.column->children()[n.path[0]];
    if (c.is_null(o.row))
      continue;
    valid[i] = 1;
    std::memcpy(out + i * width, rows_of(memory_, c, o.row, 1), width);
  }
  return {n.type, false, valid, out};
}

values evaluator::make_list(const node& n, const std::uint8_t* active) {
  const auto element = n.args.front()->type;
  const auto width = size_of(element);
  const auto count = n.args.size();
  auto* out = allocate<list_value>(memory_, rows_);
  auto* data = static_cast<std::byte*>(allocate_zeros(memory_, element, rows_ * count));
  auto* valid = allocate<std::uint8_t>(memory_, rows_ * count);
  for (std::size_t a = 0; a < count; ++a) {
    const auto v = run(*n.args[a], active);
    for (std::size_t i = 0; i < rows_; ++i) {
      const auto to = i * count + a;
      valid[to] = v.present(i);
      if (valid[to] != 0)
        std::memcpy(data + to * width, static_cast<const std::byte*>(v.data) + v.at(i) * width, width);
    }
  }
  for (std::size_t i = 0; i < rows_; ++i)
    out[i] = {data + i * count * width, valid + i * count, count, element};
  return {kind::list, false, nullptr, out};
}

values evaluator::cast_elements(const node& n, const std::uint8_t* active) {
  const auto lists = run(*n.args[0], active);
  const auto flat = flatten(memory_, lists, n.fn->takes[0], rows_, active);
  failed_rows failed;
  call c;
  c.rows = flat.total;
  c.valid = flat.elements.valid;
  c.memory = &memory_;
  c.failures = &failed;
  c.gives = n.fn->gives;
  const auto cast = n.fn->run(c, {&flat.elements, 1});
  fail_rows(failed, flat.sizes, failures_);
  auto* out = allocate<list_value>(memory_, rows_);
  const auto width = size_of(n.fn->gives);
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows_; ++i) {
    out[i] = {static_cast<const std::byte*>(cast.data) + at * width, cast.valid ? cast.valid + at : nullptr,
              flat.sizes[i], n.fn->gives};
    at += flat.sizes[i];
  }
  auto* valid = allocate<std::uint8_t>(memory_, rows_);
  for (std::size_t i = 0; i < rows_; ++i)
    valid[i] = lists.present(i);
  return {kind::list, false, valid, out};
}

values evaluator::quantified(const node& n, const std::uint8_t* active) {
  const auto value = run(*n.args[0], active);
  const auto lists = run(*n.args[1], active);
  const auto k = n.fn->takes[0];
  const auto flat = flatten(memory_, lists, k, rows_, active);
  const auto width = size_of(k);
  auto* left = static_cast<std::byte*>(allocate_zeros(memory_, k, flat.total));
  auto* valid = allocate<std::uint8_t>(memory_, flat.total);
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows_; ++i)
    for (std::size_t e = 0; e < flat.sizes[i]; ++e, ++at) {
      valid[at] = value.present(i);
      if (valid[at] != 0)
        std::memcpy(left + at * width, static_cast<const std::byte*>(value.data) + value.at(i) * width,
                    width);
    }
  const std::array<values, 2> pair{values{k, false, valid, left}, flat.elements};
  failed_rows failed;
  call c;
  c.rows = flat.total;
  c.valid = all_present(pair, flat.total);
  c.memory = &memory_;
  c.failures = &failed;
  c.prepared = n.prepared.get();
  c.gives = kind::boolean;
  const auto same = n.fn->run(c, pair);
  fail_rows(failed, flat.sizes, failures_);
  // any: one true decides; all: one false
  auto* out = allocate<bool>(memory_, rows_);
  auto* known = allocate<std::uint8_t>(memory_, rows_);
  at = 0;
  for (std::size_t i = 0; i < rows_; ++i) {
    bool decided = false;
    bool open = false;
    for (std::size_t e = 0; e < flat.sizes[i]; ++e, ++at) {
      open |= !same.present(at);
      decided |= same.present(at) && same.get<bool>(at) != n.flag;
    }
    out[i] = decided != n.flag;
    known[i] = lists.present(i) && (decided || !open);
  }
  return {kind::boolean, false, known, out};
}

}  // namespace millrace::expression
