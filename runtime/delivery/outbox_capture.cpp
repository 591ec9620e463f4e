// The outbox in captures: frames that are in memory, and in which segments the others lie.
#include "runtime/delivery/outbox.hpp"
#include "runtime/delivery/output_format.hpp"

namespace millrace::delivery {
void outbox::encode(wire::writer& out, bool all) {
  out.put(sent_);
  out.put(low_);
  out.varint(acked_.size());
  for (const auto& [name, at] : acked_) {
    out.string(name);
    out.put(at);
  }
  std::vector<output_ptr> frames;
  std::vector<entries::iterator> stubs;
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (!at->second.frame && (all || !at->second.captured))
      stubs.push_back(at);
    else if (at->second.frame && (all || at->first > captured_))
      frames.push_back(at->second.frame);
  }
  out.varint(stubs.size());
  for (const auto& stub : stubs) {
    auto& [reached, e] = *stub;
    out.fixed(e.segment.life);
    out.varint(e.segment.number);
    out.put(e.since);
    out.put(e.first);
    out.put(reached);
    out.varint(e.bytes);
    e.captured = files_[e.segment].captured = true;
  }
  encode_frames(out, frames);
  captured_ = sent_;
}

void outbox::capture_all(wire::writer& out) { encode(out, true); }
void outbox::capture_changes(wire::writer& out) { encode(out, false); }

expected<void> outbox::apply(wire::reader& in) {
  sent_ = in.read_position();
  low_ = in.read_position();
  acked_.clear();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const std::string name(in.string());
    acked_[name] = in.read_position();
  }
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    segment_id id;
    id.life = in.fixed<incarnation>();
    id.number = in.varint();
    const auto since = in.read_position();
    const auto first = in.read_position();
    const auto reached = in.read_position();
    const auto bytes = in.varint();
    if (!in.ok() || since >= first || first > reached) {
      in.fail();
      continue;
    }
    put_stub(id, since, first, reached, bytes, true);
  }
  if (!in.ok())
    return fatal_error(ec::corrupt, "a snapshot's retained output is malformed");
  ASSIGN_OR_RETURN(auto frames, decode_frames(in, log_));
  for (auto& f : frames)
    put(std::move(f));
  while (!entries_.empty() && entries_.begin()->first <= low_)
    forget(entries_.begin());
  captured_ = sent_;
  return {};
}

}  // namespace millrace::delivery
