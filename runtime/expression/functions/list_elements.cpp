// Functions and operators that compare the elements of lists, or make lists of them. The binder has cast lists and elements to one type
// before. Nulls equal each other in `=` and where an element is looked for; `@>` and `&&` find none.
#include "runtime/expression/functions/comparison.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/list_values.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace millrace::expression {
namespace {

using enum kind;

/// Makes a list in the arena, of at most so many elements.
class list_maker {
public:
  list_maker(arena& memory, kind element, std::size_t most)
      : element_(element), width_(size_of(element)),
        data_(static_cast<std::byte*>(allocate_zeros(memory, element, most))),
        valid_(allocate<std::uint8_t>(memory, most)) {}

  void add(const values& from, std::size_t row) { add(from.data, from.at(row), from.present(row)); }
  void add(const list_value& from, std::size_t i) { add(from.data, i, from.present(i)); }
  void add_all(const list_value& from) {
    for (std::size_t i = 0; i < from.size; ++i)
      add(from, i);
  }
  [[nodiscard]] list_value done() const { return {data_, valid_, size_, element_}; }

private:
  void add(const void* array, std::size_t at, bool present) {
    valid_[size_] = present;
    if (present)
      std::memcpy(data_ + size_ * width_, static_cast<const std::byte*>(array) + at * width_, width_);
    ++size_;
  }

  kind element_;
  std::size_t width_;
  std::byte* data_;
  std::uint8_t* valid_;
  std::size_t size_ = 0;
};

/// A null list is an empty one.
list_value list_at(const values& lists, std::size_t row) {
  return lists.present(row) ? lists.get<list_value>(row) : list_value{};
}

values concatenated(call& c, std::span<const values> args) {
  return each_wanted<list_value>(c, [&](row& r) -> list_value {
    if (!args[0].present(r.index) && !args[1].present(r.index))
      return r.null();
    const auto left = list_at(args[0], r.index);
    const auto right = list_at(args[1], r.index);
    if (left.size == 0 || right.size == 0)
      return args[1].present(r.index) && left.size == 0 ? right : left;
    list_maker out(*c.memory, left.element, left.size + right.size);
    out.add_all(left);
    out.add_all(right);
    return out.done();
  });
}

template<std::size_t List>
values extended(call& c, std::span<const values> args) {
  const auto& lists = args[List];
  const auto& elements = args[1 - List];
  return each_wanted<list_value>(c, [&](row& r) -> list_value {
    const auto list = list_at(lists, r.index);
    list_maker out(*c.memory, elements.type, list.size + 1);
    if (List == 1)
      out.add(elements, r.index);
    out.add_all(list);
    if (List == 0)
      out.add(elements, r.index);
    return out.done();
  });
}

template<class T>
bool is_at(const list_value& list, std::size_t i, const values& value, std::size_t row) {
  const bool present = value.present(row);
  return list.present(i) == present && (!present || ordering::equal::run(list.get<T>(i), value.get<T>(row)));
}

bool holds_null(const list_value& list) {
  return list.valid && std::find(list.valid, list.valid + list.size, 0) != list.valid + list.size;
}

/// The first element to look at, from 0. A null position fails only where something can be found.
std::size_t start_of(row& r, std::span<const values> args) {
  if (args.size() < 3)
    return 0;
  if (!args[2].present(r.index))
    return r.fail("array_position: the position to start at is null; use coalesce(x, 1)");
  return static_cast<std::size_t>(std::max<std::int64_t>(args[2].get<std::int64_t>(r.index), 1) - 1);
}

template<class T>
values position(call& c, std::span<const values> args) {
  return each_wanted<std::int64_t>(c, [&](row& r) -> std::int64_t {
    if (!args[0].present(r.index))
      return r.null();
    const auto list = args[0].get<list_value>(r.index);
    if (list.size == 0 || (!args[1].present(r.index) && !holds_null(list)))
      return r.null();
    for (auto i = start_of(r, args); i < list.size; ++i)
      if (is_at<T>(list, i, args[1], r.index))
        return static_cast<std::int64_t>(i + 1);
    return r.null();
  });
}

/// `make(list, is_wanted)` gives the result of each list that is not null; is_wanted(i): element i is the one looked for.
template<class T, class Make>
values for_each_match(call& c, std::span<const values> args, Make make) {
  return each_wanted<list_value>(c, [&](row& r) -> list_value {
    if (!args[0].present(r.index))
      return r.null();
    const auto list = args[0].get<list_value>(r.index);
    return make(list, r.index, [&](std::size_t i) { return is_at<T>(list, i, args[1], r.index); });
  });
}

template<class T>
values positions(call& c, std::span<const values> args) {
  return for_each_match<T>(c, args, [&](const list_value& list, std::size_t, auto is_wanted) -> list_value {
    auto* out = allocate<std::int64_t>(*c.memory, list.size);
    std::size_t found = 0;
    for (std::size_t i = 0; i < list.size; ++i)
      if (is_wanted(i))
        out[found++] = static_cast<std::int64_t>(i + 1);
    return {out, nullptr, found, bigint};
  });
}

template<class T>
values removed(call& c, std::span<const values> args) {
  return for_each_match<T>(c, args, [&](const list_value& list, std::size_t, auto is_wanted) {
    list_maker out(*c.memory, args[1].type, list.size);
    for (std::size_t i = 0; i < list.size; ++i)
      if (!is_wanted(i))
        out.add(list, i);
    return out.done();
  });
}

template<class T>
values replaced(call& c, std::span<const values> args) {
  return for_each_match<T>(c, args, [&](const list_value& list, std::size_t row, auto is_wanted) {
    list_maker out(*c.memory, args[1].type, list.size);
    for (std::size_t i = 0; i < list.size; ++i)
      if (is_wanted(i))
        out.add(args[2], row);
      else
        out.add(list, i);
    return out.done();
  });
}

/// Calls f<T>() with the elements' type; the binder lets no lists in lists and no objects come here.
template<class F>
bool by_element(const list_value& list, F f) {
  return with_stored_type(list.element, [&]<class T>() -> bool {
    if constexpr (std::is_same_v<T, list_value> || std::is_same_v<T, object_value>)
      return false;
    else
      return f.template operator()<T>();
  });
}

bool are_equal(const list_value& a, const list_value& b) {
  if (a.size != b.size || a.size == 0)
    return a.size == b.size;
  return by_element(a, [&]<class T>() {
    for (std::size_t i = 0; i < a.size; ++i)
      if (a.present(i) != b.present(i) || (a.present(i) && !ordering::equal::run(a.get<T>(i), b.get<T>(i))))
        return false;
    return true;
  });
}

/// Whether the first list has all elements of the second, or any. Sorts the first, so that long lists are no burden.
template<bool All>
bool has_elements(const list_value& list, const list_value& wanted) {
  if (list.size == 0 || wanted.size == 0)
    return All && wanted.size == 0;
  return by_element(list, [&]<class T>() {
    const auto is_less = [](const T& a, const T& b) { return ordering::less::run(a, b); };
    std::vector<T> sorted;
    for (std::size_t i = 0; i < list.size; ++i)
      if (list.present(i))
        sorted.push_back(list.get<T>(i));
    std::sort(sorted.begin(), sorted.end(), is_less);
    for (std::size_t i = 0; i < wanted.size; ++i)
      if (const bool found = wanted.present(i) &&
                             std::binary_search(sorted.begin(), sorted.end(), wanted.get<T>(i), is_less);
          found != All)
        return found;
    return All;
  });
}

template<auto Test>
values tested(call& c, std::span<const values> args) {
  return each<([](row&, list_value a, list_value b) -> bool { return Test(a, b); })>(c, args);
}

bool differ(const list_value& a, const list_value& b) { return !are_equal(a, b); }
bool lies_in(const list_value& a, const list_value& b) { return has_elements<true>(b, a); }

/// An entry of functions of a list and an element, in that order, or of what stands in front of a list.
template<std::size_t N>
constexpr function of_element(std::string_view name, const kind (&takes)[N], kind gives, kernel run,
                              std::uint8_t element_arguments, bool can_fail = false) {
  return over_lists(not_strict(entry(name, takes, gives, run, can_fail)), element_types::common,
                    element_arguments);
}

template<kind K, class T>
constexpr auto functions_of = std::to_array<function>({
    of_element("||", {list, K}, list, extended<0>, 0b10),
    of_element("||", {K, list}, list, extended<1>, 0b01),
    of_element("array_append", {list, K}, list, extended<0>, 0b10),
    of_element("array_prepend", {K, list}, list, extended<1>, 0b01),
    of_element("array_position", {list, K}, bigint, position<T>, 0b10),
    of_element("array_position", {list, K, bigint}, bigint, position<T>, 0b10, true),
    of_element("array_positions", {list, K}, list, positions<T>, 0b10),
    of_element("array_remove", {list, K}, list, removed<T>, 0b10),
    of_element("array_replace", {list, K, K}, list, replaced<T>, 0b110),
});

/// `||` of two lists stands before `||` of a list and an element: a literal beside a list is a list.
constexpr auto of_two_lists = std::to_array<function>({
    over_lists(not_strict(entry("||", {list, list}, list, concatenated)), element_types::common),
    over_lists(not_strict(entry("array_cat", {list, list}, list, concatenated)), element_types::common),
    over_lists(entry("=", {list, list}, boolean, tested<are_equal>), element_types::alike),
    over_lists(entry("<>", {list, list}, boolean, tested<differ>), element_types::alike),
    over_lists(entry("@>", {list, list}, boolean, tested<has_elements<true>>), element_types::alike),
    over_lists(entry("<@", {list, list}, boolean, tested<lies_in>), element_types::alike),
    over_lists(entry("&&", {list, list}, boolean, tested<has_elements<false>>), element_types::alike),
});

constexpr auto entries = [] {
  constexpr auto each_kind = functions_of<bigint, std::int64_t>.size();
  std::array<function, of_two_lists.size() + 7 * each_kind> out{};
  auto to = std::copy(of_two_lists.begin(), of_two_lists.end(), out.begin());
  for (const auto& of :
       {functions_of<boolean, std::uint8_t>, functions_of<bigint, std::int64_t>,
        functions_of<numeric, decimal>, functions_of<float64, double>, functions_of<text, std::string_view>,
        functions_of<timestamptz, std::int64_t>, functions_of<date, std::int64_t>})
    to = std::copy(of.begin(), of.end(), to);
  return out;
}();

}  // namespace

std::span<const function> list_element_functions() { return entries; }

}  // namespace millrace::expression
