// Any class of millrace may be a message between actors of one process: it is passed in memory, and needs no code that would
// write it. What goes to another process has a format of its own (message_format.hpp, actors/link).
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <string_view>
#include <type_traits>

/// Outside of millrace, since a compiler may leave out the namespace that it is in.
namespace of_actors {

template<class T>
[[nodiscard]] consteval bool is_of_millrace() {
  return std::string_view(__PRETTY_FUNCTION__).find("T = millrace::") != std::string_view::npos;
}

template<class T>
concept message = std::is_class_v<T> && is_of_millrace<T>();

}  // namespace of_actors

template<of_actors::message T>
struct caf::allowed_unsafe_message_type<T> : std::true_type {};
