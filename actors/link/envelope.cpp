#include "actors/link/envelope.hpp"

#include <cstring>

namespace millrace::link {

pieces in_envelope(const lives& of, std::string message) {
  const envelope e{of.from.term, of.to.term, of.from.count, of.to.count};
  std::string head(sizeof(e), '\0');
  std::memcpy(head.data(), &e, sizeof(e));
  return {make_piece(std::move(head)), make_piece(std::move(message))};
}

expected<opened_envelope> open_envelope(const piece& bytes) {
  if (bytes.bytes.size() < sizeof(envelope))
    return fatal_error(ec::corrupt, "a message of an edge has no envelope");
  envelope e;
  std::memcpy(&e, bytes.bytes.data(), sizeof(e));
  return opened_envelope{{{e.from_term, e.from_count}, {e.to_term, e.to_count}},
                         part_of(bytes, sizeof(e), bytes.bytes.size() - sizeof(e))};
}

}  // namespace millrace::link
