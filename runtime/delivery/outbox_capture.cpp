// The outbox in captures: frames that are in memory, and in which segments the others lie.
#include "runtime/base/shard_name.hpp"
#include "runtime/delivery/outbox.hpp"
#include "runtime/delivery/output_format.hpp"

namespace millrace::delivery {
namespace {

/// The first version of captures that names receivers with their generation.
constexpr std::uint8_t names_generations = 6;

/// Before that a receiver that is a shard was named without. It is of the run that the capture is of, as the
/// log is.
std::string receiver_name(std::string stored, const log_id& log, std::uint8_t version) {
  const auto own = version < names_generations ? parse_shard_name(log) : std::nullopt;
  const auto receiver = own ? parse_lasting_name(stored, own->generation) : std::nullopt;
  return receiver ? to_string(*receiver) : std::move(stored);
}

}  // namespace

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

expected<void> outbox::apply(wire::reader& in, std::uint8_t version) {
  sent_ = in.read_position();
  low_ = in.read_position();
  acked_.clear();
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto name = receiver_name(std::string(in.string()), log_, version);
    acked_[name] = in.read_position();
  }
  for (auto n = version >= 3 ? in.varint() : 0; n > 0 && in.ok(); --n) {
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
  auto frames = decode_frames(in, log_, version);
  if (!frames)
    return unexpected(frames.error());
  for (auto& f : *frames)
    put(std::move(f));
  while (!entries_.empty() && entries_.begin()->first <= low_)
    forget(entries_.begin());
  captured_ = sent_;
  return {};
}

}  // namespace millrace::delivery
