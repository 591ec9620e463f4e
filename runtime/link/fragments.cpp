#include "runtime/link/fragments.hpp"

#include <algorithm>

namespace millrace::link {

std::size_t fragments::credit_of(edge_id edge) const {
  const auto at = credits_.find(edge);
  return at == credits_.end() ? limits_.credit : at->second;
}

/// Any message has room where no other waits.
bool fragments::fits(edge_id edge, std::size_t cost, std::size_t beside) const {
  if (beside != 0 && beside + cost > limits_.queued)
    return false;
  const auto at = queues_.find(edge);
  return at == queues_.end() ||
         (at->second.bytes + cost <= credit_of(edge) && beside + cost <= limits_.ahead);
}

void fragments::refuse(edge_id edge, std::size_t cost) {
  if (cost > limits_.queued / 2 && !kept_free_for_)
    kept_free_for_ = edge;
  const auto at = std::ranges::find(refused_, edge, &refusal::edge);
  if (at == refused_.end())
    refused_.push_back({edge, cost});
  else
    at->cost = cost;
}

/// Joins it with the waiting message of its kind that follows the last content; the sum takes that one's
/// place.
bool fragments::join(edge_queue& q, message& m) {
  for (auto at = q.messages.rbegin(); at != q.messages.rend(); ++at) {
    auto& earlier = *at;
    if (m.kind == kind::content || earlier.what.kind == kind::content || earlier.sent != 0)
      return false;
    if (earlier.what.kind != m.kind || earlier.what.about != m.about)
      continue;
    if (m.kind == kind::credit && m.stamp < earlier.what.stamp)
      return true;  // nobody counts by an older fence any more
    if (m.kind == kind::note && m.stamp != earlier.what.stamp)
      return false;
    auto sum = m.kind != kind::note ? std::optional(m.bytes)
               : join_              ? join_(earlier.what.bytes, m.bytes)
                                    : std::nullopt;
    const auto total = sum ? size_of(*sum) : 0;
    if (!sum || total > limits_.longest_answer)
      return false;
    q.bytes = q.bytes + total - earlier.total;
    queued_ = queued_ + total - earlier.total;
    earlier.what.stamp = m.stamp;
    earlier.what.bytes = std::move(*sum);
    earlier.total = total;
    return true;
  }
  return false;
}

taken fragments::queue(message&& m) {
  const auto total = size_of(m.bytes);
  const bool is_answer = m.kind == kind::credit || m.kind == kind::acknowledgement;
  if (total > (is_answer ? limits_.longest_answer : limits_.longest_message))
    return taken::too_long;
  if (const auto at = queues_.find(m.edge); at != queues_.end() && join(at->second, m))
    return taken::joined;
  const auto cost = total + limits_.each_message;
  const auto edge = m.edge;
  if (!is_answer && (kept_free_for_.value_or(edge) != edge || !fits(edge, cost, queued_))) {
    refuse(edge, cost);
    return taken::no_room;
  }
  auto& q = queues_[edge];
  if (q.messages.empty())
    ring_.push_back(edge);
  q.messages.push_back({std::move(m), total, 0});
  q.bytes += cost;
  queued_ += cost;
  return taken::queued;
}

/// Returns whether a message that takes several fragments may begin. The first that may not is the next that
/// does.
bool fragments::begins(edge_id edge, const waiting& w) {
  if (next_large_.value_or(edge) != edge)
    return false;
  if (!may_begin(limits_, credit_of(edge), begun_, w.total)) {
    next_large_ = edge;
    return false;
  }
  begun_ += w.total;
  return true;
}

void fragments::send_front(filling& f, edge_queue& q, std::size_t length) {
  auto& w = q.messages.front();
  fragment out{
      {w.what.edge, w.what.kind, {}, static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(w.total)},
      {}};
  append_part(out.bytes, w.what.bytes, w.sent, length);
  f.out.push_back(std::move(out));
  f.used += sizeof(fragment_header) + length;
  if (next_large_ == w.what.edge)
    next_large_.reset();
  const bool is_first = w.sent == 0;
  w.sent += length;
  if (w.sent < w.total)
    return;
  if (!is_first)
    begun_ -= w.total;
  q.bytes -= w.total + limits_.each_message;
  queued_ -= w.total + limits_.each_message;
  q.messages.pop_front();
}

fragments::turn fragments::take_turn(filling& f, edge_id edge, edge_queue& q) {
  const auto& w = q.messages.front();
  const auto rest = w.total - w.sent;
  if (f.used + sizeof(fragment_header) > f.most || f.out.size() == limits_.most_fragments)
    return turn::packet_full;
  const auto left = f.most - f.used - sizeof(fragment_header);
  if (rest <= left) {
    send_front(f, q, rest);
    return turn::sent;
  }
  if (left < limits_.shortest_cut)
    return turn::packet_full;
  const bool fits_one = sizeof(fragment_header) + rest <= limits_.fragment;
  // The receiver copies what it puts together: a message that a packet of its own can hold waits for the next packet
  // or for the window, unless it left most of this packet empty.
  if (fits_one && w.sent == 0 && (f.used >= limits_.fragment / 2 || f.most < limits_.fragment))
    return turn::packet_full;
  // It is not cut for the sole reason that others may not begin yet.
  if (w.sent == 0 && !begins(edge, w))
    return fits_one ? turn::packet_full : turn::passed;
  send_front(f, q, left);
  return turn::sent;
}

std::vector<fragment> fragments::next(std::size_t room) {
  filling f{{}, 0, std::min(room, limits_.fragment)};
  for (std::size_t passed = 0; passed < ring_.size();) {
    const auto edge = ring_.front();
    auto& q = queues_.at(edge);
    const auto done = take_turn(f, edge, q);
    if (done == turn::packet_full)
      break;
    passed = done == turn::passed ? passed + 1 : 0;
    ring_.pop_front();
    if (q.messages.empty())
      queues_.erase(edge);
    else
      ring_.push_back(edge);
  }
  return std::move(f.out);
}

/// Returns edges that certainly find room, so that trying again always gets on. Edges are told by turns, and
/// not for each packet: half of what may wait ahead has left by then.
std::vector<edge_id> fragments::take_room() {
  std::vector<edge_id> out;
  std::vector<refusal> others;
  auto beside = queued_;
  if (refused_.empty() || (!kept_free_for_ && queued_ > limits_.ahead / 2))
    return out;
  for (const auto& r : refused_)
    if (kept_free_for_.value_or(r.edge) == r.edge && fits(r.edge, r.cost, beside)) {
      out.push_back(r.edge);
      beside += r.cost;
    } else {
      others.push_back(r);
    }
  refused_ = std::move(others);
  if (!out.empty())
    kept_free_for_.reset();
  return out;
}

void fragments::clear() {
  queues_.clear();
  ring_.clear();
  queued_ = begun_ = 0;
  next_large_.reset();
  kept_free_for_.reset();
  for (auto& r : refused_)
    r.cost = 0;
}

}  // namespace millrace::link
