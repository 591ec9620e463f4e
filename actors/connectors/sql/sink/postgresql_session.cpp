#include "actors/connectors/sql/sink/postgresql_session.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <poll.h>

namespace millrace::sink::sql {
namespace {

using clock = std::chrono::steady_clock;

/// A server that has just spoken speaks again soon, or it is on its way down.
constexpr std::chrono::seconds patience{5};
constexpr std::size_t state_length = 5;

struct closed {
  void operator()(PGconn* c) const { PQfinish(c); }
};

/// Texts of libpq's own, which come in English: this program sets no locale.
bool is_unreachable(std::string_view told) {
  constexpr std::array<std::string_view, 8> marks{"Connection refused",     "could not translate host name",
                                                  "timeout expired",        "No such file or directory",
                                                  "Network is unreachable", "No route to host",
                                                  "Permission denied",      "Connection timed out"};
  return std::any_of(marks.begin(), marks.end(),
                     [&](auto m) { return told.find(m) != std::string_view::npos; });
}

std::string state_of_another_try(const std::string& connect) {
  const std::unique_ptr<PGconn, closed> c(PQconnectStart(connect.c_str()));
  if (!c || PQstatus(c.get()) == CONNECTION_BAD)
    return {};
  PQsetErrorVerbosity(c.get(), PQERRORS_SQLSTATE);
  const auto until = clock::now() + patience;
  for (auto wants = PGRES_POLLING_WRITING; wants != PGRES_POLLING_FAILED && wants != PGRES_POLLING_OK;
       wants = PQconnectPoll(c.get())) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
    pollfd socket{PQsocket(c.get()), static_cast<short>(wants == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                  0};
    if (left <= 0 || ::poll(&socket, 1, static_cast<int>(left)) <= 0)
      return {};
  }
  return state_at_end(PQerrorMessage(c.get()));
}

}  // namespace

std::string state_at_end(std::string_view told) {
  while (!told.empty() && (told.back() == '\n' || told.back() == ' '))
    told.remove_suffix(1);
  if (told.size() <= state_length || told[told.size() - state_length - 1] != ' ')
    return {};
  const auto state = told.substr(told.size() - state_length);
  const bool fits = std::all_of(state.begin(), state.end(),
                                [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
  return fits ? std::string(state) : std::string();
}

std::string session_words(std::string_view told) {
  // "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  role \"x\" does not exist"
  if (const auto at = told.rfind(" failed: "); at != std::string_view::npos)
    told.remove_prefix(at + 9);
  if (const auto severity = told.find(":  "); severity != std::string_view::npos && severity < 20)
    told.remove_prefix(severity + 3);
  told = told.substr(0, told.find('\n'));  // "Is the server running on that host ..." follows
  return std::string(told);
}

no_session why_no_session(const std::string& connect, std::string_view told) {
  if (is_unreachable(told))
    return {"08001", session_words(told)};
  auto state = state_of_another_try(connect);
  if (state.empty() && told.find("no password supplied") != std::string_view::npos)
    state = "28P01";
  return {state.empty() ? "08006" : std::move(state), session_words(told)};
}

}  // namespace millrace::sink::sql
