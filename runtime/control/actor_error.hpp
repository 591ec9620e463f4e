// Puts the end of an actor into words for people: CAF's own name codes of its types.
#pragma once

#include <caf/error.hpp>

#include <exception>
#include <string>

namespace millrace::control {

/// Returns what an actor that throws ends with: words_of() gives the exception's text again.
[[nodiscard]] caf::error error_of(const std::exception_ptr& thrown);

/// `why`: an actor's reason to end, or why a request has no answer.
[[nodiscard]] std::string words_of(const caf::error& why);

}  // namespace millrace::control
