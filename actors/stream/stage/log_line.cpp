#include "actors/stream/stage/log_line.hpp"

#include <spdlog/spdlog.h>

namespace millrace::stage {
namespace {

spdlog::level::level_enum level_of(log_level l) {
  switch (l) {
  case log_level::info:
    return spdlog::level::info;
  case log_level::warning:
    return spdlog::level::warn;
  case log_level::error:
    break;
  }
  return spdlog::level::err;
}

}  // namespace

void write(const log_line& line) { spdlog::log(level_of(line.level), "{}", line.text); }

}  // namespace millrace::stage
