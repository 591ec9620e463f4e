#include "tools/cli/degraded_by.hpp"

#include "tools/cli/percent.hpp"

#include <fmt/format.h>

#include <string_view>

namespace millrace::cli {
namespace {

/// The share becomes 0 for each late record.
expected<void> read_limit(observe::trouble_limits& out, std::string_view text) {
  const auto unknown = [&] {
    return user_error(
        ec::invalid_argument,
        fmt::format("--degraded-by {}: expected late=1%, silent=1m or within=5m, with your own figures",
                    text));
  };
  const auto equals = text.find('=');
  if (equals == std::string_view::npos)
    return unknown();
  const auto name = text.substr(0, equals);
  const auto value = text.substr(equals + 1);
  if (name == "late") {
    const auto percent = percent_of(value);
    if (!percent)
      return unknown();
    out.late = *percent / 100;
    return {};
  }
  const auto time = parse_duration(value);
  if (!time || time->count() <= 0)
    return unknown();
  if (name == "silent")
    out.silent = *time;
  else if (name == "within")
    out.recently = *time;
  else
    return unknown();
  return {};
}

}  // namespace

void add_degraded_by(CLI::App& command, std::vector<std::string>& given) {
  command
      .add_option("--degraded-by", given,
                  "When a topology counts as degraded: late=1% of the records of the last within=5m were "
                  "late, or a window has waited for a partition for silent=1m. Several with commas; the "
                  "figures here are the defaults")
      ->delimiter(',')
      ->type_name("WHAT=LIMIT");
}

expected<observe::trouble_limits> parse_degraded_by(const std::vector<std::string>& given) {
  observe::trouble_limits out;
  for (const auto& text : given)
    RETURN_IF_ERROR(read_limit(out, text));
  return out;
}

}  // namespace millrace::cli
