#include "actors/replay/originals.hpp"

#include "actors/catalog.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/stream/source/kept_schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace millrace::replay {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds one_look{2'000};
constexpr std::chrono::milliseconds again_after{200};
constexpr std::chrono::milliseconds one_record{10'000};
constexpr std::size_t read_at_once = 1U << 18U;

bool uses(const lane::lane_plan& plan, std::string_view column) {
  const auto at = plan.parser->schema->find(column);
  return at && plan.parsing().used[*at];
}

}  // namespace

bool uses_more_than_value(const lane::lane_plan& plan) {
  return uses(plan, "_key") || uses(plan, "_headers") || uses(plan, "_timestamp") ||
         uses(plan, "_timestamp_type");
}

expected<std::optional<originals::original>> originals::of(const letter& l, const route& r) {
  if (parse_partition_name(r.partition))
    return replayed_before(l, r);
  const auto& source = *r.plan->source;
  if (config::traits_of(source).gives_again)
    return given_again(l, r);
  original out;
  const auto& c = connector_of(source);
  if (!c.file_of)
    return out;
  // One log of several files names in its letters the one that it was, a single file its partition.
  out.topic = c.file_of(source.options, r.partition);
  const auto wanted = deployment::wants_of(*r.plan->parser);
  if (!wanted.header && !std::holds_alternative<source::by_container>(wanted.frame))
    return out;
  auto known = headers_.find(out.topic);
  if (known == headers_.end())
    known = headers_.emplace(out.topic, c.header_line(out.topic, wanted)).first;
  if (!known->second)
    return std::optional<original>();
  out.header = *known->second;
  return out;
}

expected<std::optional<originals::original>> originals::replayed_before(const letter& l, const route& r) {
  const auto name = r.plan->name + "/" + r.partition;
  if (!batch_ || batch_->first != name) {
    ASSIGN_OR_RETURN(auto read, read_batch_(parse_partition_name(r.partition)->number));
    batch_.emplace(name, std::move(read));
  }
  const auto& b = batch_->second;
  if (l.position < 0 || static_cast<std::size_t>(l.position) >= b.records.size())
    return std::optional<original>();
  return original{b.records[static_cast<std::size_t>(l.position)], b.topic, b.header};
}

expected<source::reader*> originals::reader_of(const route& r) {
  auto& reader = readers_[r.plan->name];
  if (reader)
    return reader.get();
  ASSIGN_OR_RETURN(auto made,
                   make_reader(*r.plan->source, {.key = true, .headers = true},
                               {topology_, r.plan->source->name, {}, &system_clock(), r.plan->parser->name}));
  const auto deadline = clock::now() + patience_;
  for (;;) {
    const auto found = made->discover(std::min(patience_, one_look));
    if (found)
      break;
    if (!found.error().retry || clock::now() >= deadline || is_cancelled_())
      return tl::make_unexpected(found.error());
    std::this_thread::sleep_for(again_after);
  }
  if (identity_of_) {
    ASSIGN_OR_RETURN(const auto stored, identity_of_(*r.plan));
    const auto kept = source::without_schemas(stored);  // its records are not parsed here
    if (!kept.empty())
      RETURN_IF_ERROR(made->check_identity(kept));
  }
  reader = std::move(made);
  return reader.get();
}

expected<std::optional<originals::original>> originals::given_again(const letter& l, const route& r) {
  const position at{0, l.position};
  const auto name = r.plan->name + "/" + r.partition;
  if (!last_ || last_of_ != name || at < last_->from || !(at < last_->to)) {
    last_.reset();
    ASSIGN_OR_RETURN(const auto reader, reader_of(r));
    // A read would wait for a partition that the topic no longer has, so assign() is asked first.
    if (auto assigned = reader->assign(r.partition, at); !assigned)
      return std::optional<original>();
    const std::vector<std::string> wanted{r.partition};
    for (const auto deadline = clock::now() + one_record;
         !last_ && clock::now() < deadline && !is_cancelled_();) {
      auto got = reader->read(wanted, read_at_once, one_look);
      if (got)
        last_ = std::move(*got);
      else if (got.error().code == ec::log_trimmed)
        break;
      else if (!got.error().retry)
        return tl::make_unexpected(std::move(got.error()));
    }
    reader->unassign(r.partition);
    last_of_ = name;
  }
  if (!last_)
    return std::optional<original>();
  const auto& c = *last_;
  const auto found = std::lower_bound(c.positions.begin(), c.positions.end(), at);
  if (found == c.positions.end() || *found != at)
    return std::optional<original>();
  const auto i = static_cast<std::size_t>(found - c.positions.begin());
  original out;
  out.topic = c.topic;
  if (i < c.timestamps.size()) {
    out.record.timestamp = c.timestamps[i];
    out.record.timestamp_type = c.timestamp_types[i];
  }
  out.record.is_null = c.lengths[i] == source::no_value;
  if (i < c.keys.size())
    out.record.key = c.keys[i];
  if (i < c.headers.size())
    out.record.headers = c.headers[i];
  return out;
}

}  // namespace millrace::replay
