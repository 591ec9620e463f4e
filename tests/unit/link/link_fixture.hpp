// Small limits and short ways to make messages, for the tests of runtime/link.
#pragma once

#include "runtime/link/fragments.hpp"
#include "runtime/link/packet_format.hpp"

#include <string>
#include <vector>

namespace millrace::link::test {

/// The proportions of the real ones, a thousandth of the size.
inline limits small_limits() {
  limits l;
  l.fragment = 512;
  l.shortest_cut = 16;
  l.most_fragments = 8;
  l.window = 1024;
  l.acknowledge_at = 256;
  l.credit = 4096;
  l.queued = 12'000;
  l.ahead = 1024;
  l.begun = 8192;
  l.longest_message = 16'000;
  l.longest_answer = 32;
  l.each_message = 8;
  return l;
}

inline message content(edge_id edge, std::string text) {
  return {edge, {}, kind::content, {make_piece(std::move(text))}};
}
inline message of_kind(kind k, edge_id edge, std::string text, std::uint64_t fence = 0) {
  return {edge, {{}, fence}, k, {make_piece(std::move(text))}};
}

/// A note is "from-to"; the next one goes on where it ends.
inline std::optional<pieces> join_notes(const pieces& earlier, const pieces& later) {
  const auto a = text_of(earlier), b = text_of(later);
  const auto cut = a.find('-'), other = b.find('-');
  if (a.substr(cut + 1) != b.substr(0, other))
    return std::nullopt;
  return pieces{make_piece(a.substr(0, cut) + b.substr(other))};
}

/// "EDGE:bytes" of each fragment.
inline std::vector<std::string> texts(const std::vector<fragment>& fragments) {
  std::vector<std::string> out;
  for (const auto& f : fragments)
    out.push_back(std::to_string(f.header.edge) + ":" + text_of(f.bytes));
  return out;
}

}  // namespace millrace::link::test
