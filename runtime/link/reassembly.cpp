#include "runtime/link/reassembly.hpp"

#include <fmt/format.h>

namespace millrace::link {
namespace {

unexpected refused(const fragment_header& h, std::string_view why) {
  return fatal_error(ec::corrupt, fmt::format("a fragment of {} bytes, of a message of {} on edge {}, {}",
                                              h.length, h.total, h.edge, why));
}

}  // namespace

bool reassembly::begin(const fragment_header& h) {
  const auto at = credits_.find(h.edge);
  const auto credit = at == credits_.end() ? limits_.credit : at->second;
  if (!may_begin(limits_, credit, begun_bytes_, h.total))
    return false;
  auto& p = begun_[h.edge];
  p.kind = h.kind;
  p.total = h.total;
  p.bytes.reserve(h.total);
  begun_bytes_ += h.total;
  return true;
}

expected<std::optional<delivered>> reassembly::take(const received_fragment& f) {
  const auto& h = f.header;
  auto at = begun_.find(h.edge);
  if (at == begun_.end()) {
    if (h.length == h.total)
      return delivered{h.edge, h.kind, f.bytes};
    if (!begin(h))
      return refused(h, "begins beside too much that is not whole");
    at = begun_.find(h.edge);
  }
  auto& p = at->second;
  if (h.kind != p.kind || h.total != p.total || h.length > p.total - p.bytes.size())
    return refused(h, "does not fit what came before it");
  p.bytes += f.bytes.bytes;
  if (p.bytes.size() == p.total) {
    delivered whole{h.edge, p.kind, make_piece(std::move(p.bytes))};
    begun_bytes_ -= h.total;
    begun_.erase(at);
    return whole;
  }
  if (h.length < limits_.shortest_cut)
    return refused(h, "is too short");
  return std::nullopt;
}

}  // namespace millrace::link
