#include "actors/stream/lane/open_readers.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace millrace::lane {

expected<void> open_readers::open(reader_number reader) {
  auto connector = make_();
  if (!connector)
    return unexpected(connector.error());
  open_reader r{std::move(*connector), {}};
  auto options = options_;
  options.notes_progress = reader == live_reader;
  r.source = source::spawn_source(self_->system(), reader, r.connector, std::move(options));
  self_->monitor(r.source);
  readers_.emplace(reader, std::move(r));
  return {};
}

void open_readers::close(reader_number reader) {
  const auto r = readers_.extract(reader);
  if (!r.empty())
    end(r.mapped());
}

void open_readers::close_all() {
  for (const auto& [number, r] : std::exchange(readers_, {}))
    end(r);
}

void open_readers::end(const open_reader& r) {
  r.connector->interrupt();
  caf::anon_send(r.source, messages::stop{});
}

bool open_readers::has(const caf::actor_addr& source) const {
  return std::ranges::any_of(readers_, [&](const auto& r) { return r.second.source.address() == source; });
}

caf::actor_addr open_readers::source_of(reader_number reader) const {
  const auto r = readers_.find(reader);
  return r == readers_.end() ? caf::actor_addr() : r->second.source.address();
}

}  // namespace millrace::lane
