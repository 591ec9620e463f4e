// The contract's evaluate() and rows_where(): a batch in chunks, results into columns, failures in order.
#include "runtime/base/time.hpp"
#include "runtime/expression/column_function.hpp"
#include "runtime/expression/evaluate/evaluator.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/list_values.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory_resource>
#include <new>

namespace millrace::expression {
namespace {

// Texts of a column have 31-bit offsets. Lanes take so few records at a time, where a row may be that long, that no row fails by
// those beside it.
constexpr std::size_t most_text = 1U << 30U;
// Enough for a chunk of an ordinary expression, and little enough that malloc keeps it between calls.
constexpr std::size_t first_block = 96U << 10U;
// The values of a chunk beyond that, and of one row.
constexpr std::size_t most_memory = 256U << 20U;

struct appender {
  data::column_builder& out;
  failed_rows& failures;
  std::vector<failed_rows::failed>* failed = nullptr;
  std::size_t text_bytes = 0;

  template<class T, class Append>
  void append(const values& v, std::size_t rows, Append add) {
    const auto* in = static_cast<const T*>(v.data);
    std::size_t next_failed = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      if (next_failed < failed->size() && (*failed)[next_failed].row == i) {
        ++next_failed;
        out.append_null();
      } else if (v.present(i)) {
        add(in[v.at(i)]);
      } else {
        out.append_null();
      }
    }
  }

  void chunk(const values& v, std::size_t rows) {
    if (v.type == kind::text || v.type == kind::json || v.type == kind::jsonb || v.type == kind::unknown ||
        v.type == kind::list)
      refuse_runaways(v, rows);
    if (v.type == kind::timestamptz || v.type == kind::timestamp || v.type == kind::date ||
        v.type == kind::list)
      refuse_far_times(v, rows);
    failed = &failures.sorted();
    const bool whole = failed->empty() && !v.valid && !v.constant;
    switch (v.type) {
    case kind::boolean:
      return append<std::uint8_t>(v, rows, [&](std::uint8_t b) { out.append_boolean(b != 0); });
    case kind::bigint:
    case kind::timestamptz:
    case kind::timestamp:
    case kind::date:
      if (whole)
        return out.append_ints({v.as<std::int64_t>(), rows});
      return append<std::int64_t>(v, rows, [&](std::int64_t i) { out.append_int(i); });
    case kind::numeric:
      if (whole)
        return out.append_decimals({v.as<decimal>(), rows});
      return append<decimal>(v, rows, [&](const decimal& d) { out.append_decimal(d); });
    case kind::float64:
      if (whole)
        return out.append_doubles({v.as<double>(), rows});
      return append<double>(v, rows, [&](double d) { out.append_double(d); });
    case kind::unknown:
    case kind::text:
    case kind::json:
    case kind::jsonb:
      return append<std::string_view>(v, rows, [&](std::string_view s) { out.append_text(s); });
    case kind::list:
      return append<list_value>(v, rows, [&](const list_value& l) { append_value(out, kind::list, &l, 0); });
    case kind::object:
      return append<object_value>(v, rows,
                                  [&](const object_value& o) { append_value(out, kind::object, &o, 0); });
    case kind::interval:
    case kind::time:
      return;  // no result of a bound expression
    }
  }

  void refuse_far_times(const values& v, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i)
      if (v.present(i) &&
          (v.type == kind::list ||
           (v.type == kind::date ? !is_date(v.get<std::int64_t>(i)) : !is_timestamp(v.get<std::int64_t>(i)))))
        if (auto why = far_time(v.type, v.data, v.at(i)))
          failures.add(i, *std::move(why));
  }

  void refuse_runaways(const values& v, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) {
      if (!v.present(i))
        continue;
      const auto size = expression::text_bytes(v.type, v.data, v.at(i));
      if (size > longest_result)
        failures.add(i,
                     fmt::format("the value takes {} bytes; at most {} are allowed", size, longest_result));
      else if (text_bytes + size > most_text)
        failures.add(i, fmt::format("the texts of one batch exceed {} bytes", most_text));
      else
        text_bytes += size;
    }
  }
};

void report(failed_rows& failed, std::size_t first, std::vector<row_failure>& failures) {
  for (auto& f : failed.sorted())
    failures.push_back({static_cast<std::uint32_t>(first + f.row), std::move(f.message)});
  failed.clear();
}

/// The memory in which the values of a chunk are made is full.
struct no_room final : std::bad_alloc {};

class bounded_memory final : public std::pmr::memory_resource {
private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes > most_memory - given_)
      throw no_room();
    given_ += bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    given_ -= bytes;
    std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::size_t given_ = 0;
};

/// Calls use(values, first, rows) for each chunk; failures of the chunk are in `failed`. A chunk whose values have no room is taken
/// in halves, so that a row fails by its own values alone.
template<class Use>
void by_chunks(const bound& e, const data::batch& input, event_micros now, failed_rows& failed, Use use) {
  const auto block = std::make_unique_for_overwrite<std::byte[]>(first_block);
  auto most_rows = chunk_rows;
  for (std::size_t first = 0; first < input.rows;) {
    const auto rows = std::min(most_rows, input.rows - first);
    bounded_memory beyond_block;
    arena memory(block.get(), first_block, &beyond_block);
    values v;
    try {
      v = evaluator(memory, &input, first, rows, now, failed).run(e.code->root(), nullptr);
    } catch (const no_room&) {
      failed.clear();
      if (rows > 1) {
        most_rows = rows / 2;
        continue;
      }
      static constexpr std::uint8_t absent = 0;
      v = {e.code->root().type, false, &absent, nullptr};
      failed.add(0, fmt::format("the row's values take more than {} bytes together", most_memory));
    }
    use(v, first, rows);
    first += rows;
    most_rows = std::min(most_rows * 2, chunk_rows);
  }
}

}  // namespace

data::column_ptr evaluate(const bound& e, const data::batch& input, event_micros now,
                          std::vector<row_failure>& failures) {
  if (const auto* const f = function_of(e))
    return f->values(input, failures);
  const auto& root = e.code->root();
  if (root.what == op::column) {
    if (root.path.empty())
      return input.columns[root.column];
    if (root.type == kind::list || root.type == kind::object) {  // members of an absent object are absent
      auto c = input.columns[root.column];
      for (const auto member : root.path)
        c = c->children()[member];
      return c;
    }
  }
  data::column_builder out(e.type);
  out.reserve(input.rows);
  failed_rows failed;
  appender append{out, failed};
  by_chunks(e, input, now, failed, [&](const values& v, std::size_t first, std::size_t rows) {
    append.chunk(v, rows);
    report(failed, first, failures);
  });
  return out.finish();
}

std::vector<std::uint32_t> rows_where(const bound& condition, const data::batch& input, event_micros now,
                                      std::vector<row_failure>& failures) {
  std::vector<std::uint32_t> out;
  failed_rows failed;
  by_chunks(condition, input, now, failed, [&](const values& v, std::size_t first, std::size_t rows) {
    const auto& lost = failed.sorted();
    std::size_t next_lost = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      if (next_lost < lost.size() && lost[next_lost].row == i)
        ++next_lost;
      else if (v.present(i) && v.get<bool>(i))
        out.push_back(static_cast<std::uint32_t>(first + i));
    }
    report(failed, first, failures);
  });
  return out;
}

}  // namespace millrace::expression
