#include "config/plan/unknown_zone.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/expression/formats/calendar.hpp"

#include <fmt/format.h>

namespace millrace::config {

std::string unknown_zone(std::string_view name) {
  const auto near = expression::closest_zone(name);
  return fmt::format(
      "tzdata of this machine has no time zone \"{}\"; expected a name such as Europe/Berlin{}",
      visible(name), near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

}  // namespace millrace::config
