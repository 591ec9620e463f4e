// URLs and headers with parts of the record in them: `{MEMBER}` stands for that member's text.
#pragma once

#include "runtime/data/json_member.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace millrace::load {

/// Each `{MEMBER}` replaced by what the record has there (nothing where it has none), passed through
/// `encode`.
[[nodiscard]] std::string filled(const std::string& text, data::member_finder& members,
                                 std::string_view padded_record,
                                 const std::function<std::string(const std::string&)>& encode);

}  // namespace millrace::load
