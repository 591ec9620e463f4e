// A line of the log that a pure core gives as an effect; its actor writes it.
#pragma once

#include <cstdint>
#include <string>

namespace millrace::stage {

enum class log_level : std::uint8_t { info, warning, error };

struct log_line {
  log_level level = log_level::info;
  std::string text;
};

/// Writes it to the log of the process.
void write(const log_line& line);

}  // namespace millrace::stage
