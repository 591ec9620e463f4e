// Counts how many arguments of any type are null. No value is looked at.
#include "runtime/expression/functions/kernel.hpp"

namespace millrace::expression {
namespace {

template<bool Present>
values count_arguments(call& c, std::span<const values> args) {
  return each_wanted<std::int64_t>(c, [args](row& r) {
    std::int64_t n = 0;
    for (const auto& a : args)
      n += a.present(r.index) == Present;
    return n;
  });
}

constexpr auto null_count_entries = std::to_array<function>({
    of_anything("num_nonnulls", kind::bigint, count_arguments<true>),
    of_anything("num_nulls", kind::bigint, count_arguments<false>),
});

}  // namespace

std::span<const function> null_count_functions() { return null_count_entries; }

}  // namespace millrace::expression
