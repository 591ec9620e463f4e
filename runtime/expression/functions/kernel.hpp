// Makes kernels over arrays from functions on one row's values: `each<f>` for functions that may fail, return
// null or make text, `each_wanted` for those that look at nulls themselves. Used by the families' .cpp files.
#pragma once

#include "runtime/expression/functions/functions.hpp"

#include <cstring>
#include <utility>

namespace millrace::expression {

/// Longest text that a function may make of shorter ones; a row with more fails. Sixteen times a frame.
inline constexpr std::size_t longest_result = 16U << 20U;

/// A row's function may do this besides returning a value.
struct row {
  call& c;
  std::size_t index = 0;
  std::string made = {};

  /// The value in `return r.fail(...)`; it is ignored.
  struct nothing {
    template<class T>
    operator T() const {
      return T{};
    }
  };
  nothing fail(std::string message) const {
    c.fail(index, std::move(message));
    return {};
  }
  nothing null() const {
    c.set_null(index);
    return {};
  }
  /// An empty text to make a result in, for keep(): its memory is that of the row before.
  [[nodiscard]] std::string& text() {
    made.clear();
    return made;
  }
  [[nodiscard]] std::string_view keep(std::string_view text) const {
    auto* to = c.bytes(text.size());
    if (!text.empty())
      std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  template<class T>
  [[nodiscard]] const T* prepared() const {
    return static_cast<const T*>(c.prepared);
  }
};

/// `f(row&)` gives the element of each row that is wanted; it looks at its arguments itself, so it is for
/// functions that are not strict.
template<class R, class F>
values each_wanted(call& c, F f) {
  auto* out = allocate<R>(*c.memory, c.rows);
  row r{c};
  for (std::size_t i = 0; i < c.rows; ++i) {
    if (c.wanted(i)) {
      r.index = i;
      out[i] = f(r);
    } else {
      out[i] = {};
    }
  }
  return c.done(out);
}

namespace detail {

template<auto F, class R, class... A, std::size_t... I>
values each_row(R (*)(row&, A...), call& c, std::span<const values> args, std::index_sequence<I...>) {
  return each_wanted<R>(c, [args](row& r) -> R {
    static_cast<void>(args);  // a function without arguments reads none
    return F(r, args[I].template get<A>(r.index)...);
  });
}

template<class R, class... A>
constexpr std::size_t count_arguments(R (*)(row&, A...)) {
  return sizeof...(A);
}

}  // namespace detail

/// F: a captureless `R (row&, A...)`; A and R as values.hpp stores them (bool for booleans).
template<auto F>
values each(call& c, std::span<const values> args) {
  constexpr auto* f = +F;
  return detail::each_row<F>(f, c, args, std::make_index_sequence<detail::count_arguments(f)>{});
}

}  // namespace millrace::expression
