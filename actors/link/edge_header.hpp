// A message of an edge as it goes over a link: a header of the lives that it goes from and to, then its bytes
// (runtime/messages/message_format.hpp). The edge's number names the actors, the lives say which of their
// processes are meant. Drawn in docs/development/formats.md. Pure.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/life.hpp"
#include "runtime/link/message.hpp"

#include <cstdint>

namespace millrace::link {

/// The two lives that a message is between.
struct lives {
  life from, to;
  friend bool operator==(const lives&, const lives&) = default;
};

struct edge_header {
  std::uint64_t from_term = 0;
  std::uint64_t to_term = 0;
  std::uint32_t from_count = 0;
  std::uint32_t to_count = 0;
};
static_assert(sizeof(edge_header) == 24, "it is copied as it lies in memory");

[[nodiscard]] pieces with_header(const lives& of, std::string message);

struct opened_message {
  lives of;
  piece message;  // lies in the given bytes
};
/// Never trusts the bytes: ec::corrupt for what is too short.
[[nodiscard]] expected<opened_message> open_message(const piece& bytes);

}  // namespace millrace::link
