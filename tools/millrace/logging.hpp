// Logs on stderr, as text or a JSON object a line; values that came from the environment never show.
#pragma once

#include <string>
#include <vector>

namespace millrace::cli {

void set_up_logging(const std::string& level, const std::string& format, std::vector<std::string> secrets);

}  // namespace millrace::cli
