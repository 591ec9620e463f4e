#include "tools/load/record_maker.hpp"

#include "actors/connectors/generator/drawn.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::load {
namespace {

/// A block of long records is not made longer than this.
constexpr std::size_t block_bytes = 1 << 20;

}  // namespace

disturbance disturb(const disorder_options& o, std::uint64_t number) {
  disturbance out;
  source::drawn d(o.seed ^ 0x6469'736F'7264'6572, number);
  const auto happens = [&](std::uint32_t share) { return d.below(1'000'000) < share; };
  // Each is drawn whether it is used or not, so that one option does not change what another hits.
  const bool late = happens(o.late);
  const bool future = happens(o.future);
  const bool malformed = happens(o.malformed);
  const bool twice = happens(o.duplicates);
  const auto before = d.below(static_cast<std::uint64_t>(std::max<std::int64_t>(o.out_of_order.count(), 1)));
  const auto back = d.below(furthest_back);
  if (late)
    out.shift = -o.late_by;
  else if (future)
    out.shift = o.future_by;
  else
    out.shift = -micros(static_cast<std::int64_t>(before));
  out.malformed = malformed;
  out.twice = twice;
  out.back = twice ? static_cast<std::uint32_t>(std::min<std::uint64_t>(back, number)) : 0;
  return out;
}

std::size_t cut_length(std::size_t whole) { return std::max<std::size_t>(1, whole / 2); }

expected<record_maker> record_maker::open(const options& o, const schedule& s) {
  record_maker out(o, s);
  if (!o.file.empty()) {
    ASSIGN_OR_RETURN(out.lines_, line_file::open(o.file));
  }
  if (o.disorder.duplicates != 0)
    out.recent_.resize(furthest_back);
  return out;
}

void record_maker::start_at(event_micros start) {
  start_ = start;
  epoch_ = options_->start_time.value_or(start);
}

expected<bool> record_maker::append(std::string& out, event_micros event_time) {
  if (!lines_) {
    auto g = options_->records;
    g.epoch = event_time;
    g.begun = epoch_;
    g.step = micros(0);  // the schedule says the time of each record, exactly
    source::append_record(out, g, number_);
    return true;
  }
  for (;;) {
    ASSIGN_OR_RETURN(const auto line, lines_->next());
    if (line) {
      any_in_file_ = true;
      out.append(*line);
      return true;
    }
    if (!options_->repeat || !any_in_file_)
      return false;
    RETURN_IF_ERROR(lines_->rewind());
  }
}

void record_maker::stamp(std::string& out, std::size_t begin, event_micros due) {
  const auto brace = out.find('{', begin);
  if (brace == std::string::npos)
    return;  // no object, so no record that anybody reads
  std::string value;
  switch (options_->stamped) {
  case stamp_form::us:
    value = std::to_string(due);
    break;
  case stamp_form::ms:
    value = std::to_string(due / 1'000);
    break;
  case stamp_form::s:
    value = std::to_string(due / 1'000'000);
    break;
  case stamp_form::iso:
    value = '"' + format_timestamp(due) + '"';
    break;
  }
  out.reserve(out.size() + simdjson::SIMDJSON_PADDING);
  if (const auto there = members_.written(std::string_view(out).substr(brace), options_->stamp);
      !there.empty()) {
    out.replace(static_cast<std::size_t>(there.data() - out.data()), there.size(), value);
    return;
  }
  const auto behind = out.find_first_not_of(" \t", brace + 1);
  auto member = fmt::format("\"{}\":{}", options_->stamp, value);
  if (behind != std::string::npos && out[behind] != '}')
    member += ',';
  out.insert(brace + 1, member);
}

void record_maker::remember(std::string_view record) {
  if (!recent_.empty())
    recent_[number_ % recent_.size()] = record;
}

expected<std::unique_ptr<block>> record_maker::next(std::size_t most, event_micros now) {
  auto out = std::make_unique<block>();
  std::vector<piece> pieces;
  pieces.reserve(most + 1);
  auto& bytes = out->bytes_;
  while (pieces.size() < most && bytes.size() < block_bytes && !out->last) {
    if (options_->count && number_ >= *options_->count) {
      out->last = true;
      break;
    }
    const auto what = disturb(options_->disorder, number_);
    const auto moment = [&] {
      const auto offset = schedule_.at(sending_).count();
      const auto due = schedule_.paced() ? start_ + offset : now;
      if (options_->duration && due - start_ >= options_->duration->count())
        out->last = true;
      return due;
    };
    const auto due = moment();
    if (out->last)
      break;
    const auto since =
        options_->spacing ? static_cast<event_micros>(number_) * options_->spacing->count() : due - start_;
    const auto event_time = epoch_ + since + what.shift.count();
    const auto begin = bytes.size();
    ASSIGN_OR_RETURN(const auto made, append(bytes, event_time));
    if (!made) {
      out->last = true;
      break;
    }
    if (!options_->stamp.empty())
      stamp(bytes, begin, due);
    if (what.malformed)
      bytes.resize(begin + cut_length(bytes.size() - begin));
    pieces.push_back({begin, bytes.size() - begin, event_time, due});
    remember(std::string_view(bytes).substr(begin));
    ++sending_;
    if (what.twice) {
      const auto due_again = moment();
      const auto again = bytes.size();
      bytes += recent_[(number_ - what.back) % recent_.size()];
      pieces.push_back({again, bytes.size() - again, event_time, due_again});
      ++sending_;
    }
    ++number_;
  }
  bytes.append(simdjson::SIMDJSON_PADDING, '\0');
  out->records.reserve(pieces.size());
  out->keys_.reserve(options_->key.empty() ? 0 : pieces.size());
  for (const auto& p : pieces) {
    outgoing_record r{{bytes.data() + p.begin, p.length}, std::nullopt, p.event_time, p.due};
    if (!options_->key.empty())
      if (auto key = members_.find(r.bytes, options_->key)) {
        out->keys_.push_back(std::move(*key));
        r.key = out->keys_.back();
      }
    out->records.push_back(r);
  }
  return out;
}

}  // namespace millrace::load
