// The statuses of HTTP's answers that clients of several servers tell apart.
#pragma once

namespace millrace::http::statuses {

inline constexpr long ok = 200;
inline constexpr long created = 201;
inline constexpr long no_content = 204;
inline constexpr long partial = 206;
inline constexpr long unauthorized = 401;
inline constexpr long forbidden = 403;
inline constexpr long not_found = 404;
inline constexpr long timeout = 408;
inline constexpr long conflict = 409;
inline constexpr long precondition_failed = 412;
inline constexpr long invalid = 422;
inline constexpr long too_many = 429;
inline constexpr long first_fault_of_server = 500;

}  // namespace millrace::http::statuses
