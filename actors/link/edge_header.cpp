#include "actors/link/edge_header.hpp"

#include <cstring>

namespace millrace::link {

pieces with_header(const lives& of, std::string message) {
  const edge_header e{of.from.term, of.to.term, of.from.count, of.to.count};
  std::string head(sizeof(e), '\0');
  std::memcpy(head.data(), &e, sizeof(e));
  return {make_piece(std::move(head)), make_piece(std::move(message))};
}

expected<opened_message> open_message(const piece& bytes) {
  if (bytes.bytes.size() < sizeof(edge_header))
    return fatal_error(ec::corrupt, "a message of an edge has no header");
  edge_header e;
  std::memcpy(&e, bytes.bytes.data(), sizeof(e));
  return opened_message{{{e.from_term, e.from_count}, {e.to_term, e.to_count}},
                        part_of(bytes, sizeof(e), bytes.bytes.size() - sizeof(e))};
}

}  // namespace millrace::link
