// jsonb's operators that give true or false: its order, containment, and names that it has. Lookups stand with those of json.
#include "runtime/expression/formats/jsonb_order.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <functional>

namespace millrace::expression {
namespace {

/// Compares by an operator of the order and 0.
template<class Op>
values by_order(call& c, std::span<const values> args) {
  return each<([](row&, std::string_view a, std::string_view b) -> bool {
    return Op{}(compare_jsonb(a, b), 0);
  })>(c, args);
}

template<bool Swapped>
values containing_kernel(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view a, std::string_view b) -> bool {
    const auto answer = Swapped ? jsonb_contains(b, a) : jsonb_contains(a, b);
    if (answer == containment::too_costly)
      return r.fail(std::string(Swapped ? "<@" : "@>") +
                    " would compare too many lists within lists of these values; compare parts of them");
    return answer == containment::yes;
  })>(c, args);
}

/// Whether the value has any of the names, or all; nulls are no names.
template<bool All>
values has_names(call& c, std::span<const values> args) {
  return each<([](row&, std::string_view jsonb, list_value names) -> bool {
    for (std::size_t i = 0; i < names.size; ++i)
      if (names.present(i) && jsonb_has(jsonb, names.get<std::string_view>(i)) != All)
        return !All;
    return All;
  })>(c, args);
}

constexpr auto jsonb_entries = std::to_array<function>({
    entry("=", {kind::jsonb, kind::jsonb}, kind::boolean, by_order<std::equal_to<>>),
    entry("<>", {kind::jsonb, kind::jsonb}, kind::boolean, by_order<std::not_equal_to<>>),
    entry("<", {kind::jsonb, kind::jsonb}, kind::boolean, by_order<std::less<>>),
    entry("<=", {kind::jsonb, kind::jsonb}, kind::boolean, by_order<std::less_equal<>>),
    entry(">", {kind::jsonb, kind::jsonb}, kind::boolean, by_order<std::greater<>>),
    entry(">=", {kind::jsonb, kind::jsonb}, kind::boolean, by_order<std::greater_equal<>>),
    entry("@>", {kind::jsonb, kind::jsonb}, kind::boolean, containing_kernel<false>, true),
    entry("<@", {kind::jsonb, kind::jsonb}, kind::boolean, containing_kernel<true>, true),
    entry("?|", {kind::jsonb, kind::list}, kind::boolean, has_names<false>),
    entry("?&", {kind::jsonb, kind::list}, kind::boolean, has_names<true>),
});

}  // namespace

std::span<const function> jsonb_functions() { return jsonb_entries; }

}  // namespace millrace::expression
