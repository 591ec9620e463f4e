// Answers whose JSON the API's server writes as a value of actors/observe, read again.
#pragma once

#include "actors/observe/figures.hpp"
#include "tools/remote/asking.hpp"

#include <string>
#include <utility>

namespace millrace::console {

/// The JSON itself; blocks.
[[nodiscard]] inline expected<std::string> document_text(const remote::ask_function& ask,
                                                         const api::request& what) {
  return ask(what).map([](api::answer&& a) { return std::move(std::get<api::answers::document>(a).json); });
}

template<class T>
[[nodiscard]] expected<T> document(const remote::ask_function& ask, const api::request& what) {
  ASSIGN_OR_RETURN(const auto json, document_text(ask, what));
  auto read = observe::read_json<T>(json);
  if (!read)
    return fatal_error(ec::corrupt,
                       "this version of millrace does not know such an answer; ask by the version that the "
                       "node has");
  return std::move(*read);
}

}  // namespace millrace::console
