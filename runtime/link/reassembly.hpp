// Messages of fragments, at the receiving end. Memory is bounded for any input: a message is at most as long
// as its edge's credit or comes alone, and those that have begun have at most limits::begun bytes together.
// Pure; belongs to one session.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/link/message.hpp"
#include "runtime/link/packet_format.hpp"

#include <map>
#include <optional>

namespace millrace::link {

class reassembly {
public:
  reassembly(const limits& l, std::map<edge_id, std::size_t> credits)
      : limits_(l), credits_(std::move(credits)) {}

  void set_credit(edge_id edge, std::size_t bytes) { credits_[edge] = bytes; }
  /// The message, where this was its last fragment; one of a single fragment still lies in its packet.
  /// Errors: ec::corrupt for what a peer of the same limits never sends. The session is of no use then.
  [[nodiscard]] expected<std::optional<delivered>> take(const received_fragment& f);
  /// Bytes of messages that have begun, each with its whole length.
  [[nodiscard]] std::size_t begun() const { return begun_bytes_; }

private:
  struct partial {
    link::kind kind = kind::content;
    std::size_t total = 0;
    std::string bytes;
  };
  [[nodiscard]] bool begin(const fragment_header& h);

  limits limits_;
  std::map<edge_id, std::size_t> credits_;
  std::map<edge_id, partial> begun_;
  std::size_t begun_bytes_ = 0;
};

}  // namespace millrace::link
