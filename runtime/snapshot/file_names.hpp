// Names of actors and values as file names: letters, digits, '-' and '_' as they are, everything else as %XX;
// long ones cut and told apart by their hash. Every file also holds its full name, which is checked.
#pragma once

#include <string>
#include <string_view>

namespace millrace::snapshot {

[[nodiscard]] std::string file_name_of(std::string_view name);

}  // namespace millrace::snapshot
