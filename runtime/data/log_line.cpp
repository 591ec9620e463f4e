#include "runtime/data/log_line.hpp"

#include <spdlog/spdlog.h>

namespace millrace::data {
namespace {

/// A line is formatted by the thread that logs it.
thread_local const boost::json::object* members = nullptr;

}  // namespace

void log_with(spdlog::level::level_enum level, std::string_view text, const boost::json::object& with) {
  members = &with;
  spdlog::log(level, "{}", text);
  members = nullptr;
}

const boost::json::object* members_of_line() { return members; }

}  // namespace millrace::data
