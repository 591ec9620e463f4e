#include "actors/node/stores/postgresql/server_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace millrace::postgresql_chain {
namespace {

struct meaning {
  std::string_view begin;  // the first characters of the SQLSTATE
  ec code;
  fault whose;
  bool retry;
  std::string_view remedy;
};

constexpr std::string_view rights = "correct user and password, or grant the rights on the schema";

/// The first that fits counts.
constexpr std::array meanings{
    meaning{"", ec::unavailable, fault::outside, true, "start the server, or correct the connection"},
    meaning{"57014", ec::unavailable, fault::outside, true,
            "end what holds locks or slows the server down, or raise the statement time-out"},
    meaning{"08", ec::unavailable, fault::outside, true, "look after the network and the server"},
    meaning{"57", ec::unavailable, fault::outside, true, "start the server again"},
    meaning{"40", ec::unavailable, fault::outside, true, "none is needed: it is tried again"},
    meaning{"55P03", ec::unavailable, fault::outside, true, "end what holds the lock"},
    meaning{"53", ec::unavailable, fault::outside, true,
            "give the server more disk, memory or connections (max_connections)"},
    meaning{"25006", ec::unavailable, fault::outside, true, "name the primary server, which takes writes"},
    meaning{"28", ec::refused, fault::user, false, rights},
    meaning{"42501", ec::refused, fault::user, false, rights},
    meaning{"3D000", ec::not_found, fault::user, false, "create the database"},
    meaning{"42P01", ec::not_found, fault::outside, false, "restore the tables of the schema from a backup"},
    meaning{"3F000", ec::not_found, fault::outside, false, "restore the schema from a backup"},
};

const meaning* meaning_of(std::string_view state) {
  const auto* const found = std::ranges::find_if(meanings, [&](const meaning& m) {
    return m.begin.empty() ? state.empty() : state.starts_with(m.begin);
  });
  return found == meanings.end() ? nullptr : found;
}

}  // namespace

error server_error(std::string_view shown, std::string_view state, std::string_view text) {
  const auto* const m = meaning_of(state);
  const auto said = state.empty() ? fmt::format("{}: {}", shown, text)
                                  : fmt::format("{}: {} (SQLSTATE {})", shown, text, state);
  if (m == nullptr)
    return {ec::io, fault::outside, true, said + "; remedy: see the server's log", {}};
  return {m->code, m->whose, m->retry, fmt::format("{}; remedy: {}", said, m->remedy), {}};
}

told read_told(std::string_view libpq_says) {
  // Each host that was tried has lines of its own; the last one says why there is no connection.
  constexpr std::string_view severity = "FATAL:  ";
  constexpr std::size_t state_length = 5;
  told out;
  if (const auto at = libpq_says.rfind(severity); at != std::string_view::npos) {
    libpq_says.remove_prefix(at + severity.size());
    if (libpq_says.size() > state_length + 2 && libpq_says.substr(state_length, 2) == ": ") {
      out.state = libpq_says.substr(0, state_length);
      libpq_says.remove_prefix(state_length + 2);
    }
    out.text = libpq_says.substr(0, libpq_says.find('\n'));
    return out;
  }
  while (libpq_says.ends_with('\n'))
    libpq_says.remove_suffix(1);
  out.text = libpq_says;
  std::ranges::replace(out.text, '\n', ' ');
  std::erase(out.text, '\t');
  return out;
}

}  // namespace millrace::postgresql_chain
