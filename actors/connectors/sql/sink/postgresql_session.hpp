// Finds out why PostgreSQL gives no session. libpq hands out the server's words, in the server's language,
// and no SQLSTATE of a connection that fails: one more connection asks for it.
#pragma once

#include <string>
#include <string_view>

namespace millrace::sink::sql {

struct no_session {
  std::string state;  // SQLSTATE; 08001 where no server has said anything, 08006 where it is not known
  std::string text;   // one line
};

/// `connect`: libpq's connection text; `told`: what the failed attempt said. May take as long as an attempt
/// does.
[[nodiscard]] no_session why_no_session(const std::string& connect, std::string_view told);

/// libpq's text as one line: the server's words alone, where it has spoken.
[[nodiscard]] std::string session_words(std::string_view told);

/// The SQLSTATE at the end of what libpq says with PQERRORS_SQLSTATE; empty where there is none.
[[nodiscard]] std::string state_at_end(std::string_view told);

}  // namespace millrace::sink::sql
