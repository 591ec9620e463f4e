// A text as JSON writes it, for messages and fingerprints.
#pragma once

#include "runtime/data/render.hpp"

#include <string>
#include <string_view>

namespace millrace::config {

[[nodiscard]] inline std::string quoted(std::string_view text) {
  std::string out;
  data::append_json_string(out, text);
  return out;
}

}  // namespace millrace::config
