// Takes the value out of an expected<T> in a test.
#pragma once

#include "runtime/base/error.hpp"

#include <catch2/catch.hpp>

#include <type_traits>
#include <utility>

namespace millrace::test {

/// Passes on the value, or fails the test with the error.
template<class T>
T must(expected<T> e) {
  if (!e)
    FAIL(to_string(e.error().code) << ": " << e.error().message);
  if constexpr (!std::is_void_v<T>)
    return std::move(*e);
}

}  // namespace millrace::test
