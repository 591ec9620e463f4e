// Letters of all scripts in upper and lower case, one character for one, as PostgreSQL maps them under a
// UTF-8 locale of libc: no language's own rules, and ß stays. Text functions and ilike use it. Bytes that are
// no UTF-8 stay.
#pragma once

#include <string>
#include <string_view>

namespace millrace::expression {

[[nodiscard]] std::string lower_case(std::string_view s);
[[nodiscard]] std::string upper_case(std::string_view s);
/// The first letter of each word large, the others small; a word is a run of letters and digits.
[[nodiscard]] std::string capitalised(std::string_view s);

}  // namespace millrace::expression
