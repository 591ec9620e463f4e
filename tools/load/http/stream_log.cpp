#include "tools/load/http/stream_log.hpp"

#include <algorithm>
#include <charconv>

namespace millrace::load {

bool is_after(std::string_view value, std::string_view than) {
  std::int64_t a = 0;
  std::int64_t b = 0;
  const auto whole = [](std::string_view text, std::int64_t& out) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc() && end == text.data() + text.size();
  };
  if (whole(value, a) && whole(than, b))
    return a > b;
  return value > than;
}

std::uint64_t stream_log::slowest() const {
  auto out = next_;
  for (const auto& [client, at] : clients_)
    out = std::min(out, at);
  return out;
}

bool stream_log::append(std::string_view record, std::string mark) {
  const std::scoped_lock lock(mutex_);
  const auto slow = slowest();
  if (slow < next_ && bytes_ - at(slow).begins > largest_lag)
    return false;
  std::string line;
  line.reserve(record.size() + 1);
  line.append(record).push_back('\n');
  const auto length = line.size();
  entries_.push_back({std::move(line), std::move(mark), bytes_});
  bytes_ += length;
  ++next_;
  while (first_ < slow && bytes_ - entries_.front().begins > retained_bytes) {
    entries_.pop_front();
    ++first_;
  }
  return true;
}

std::uint64_t stream_log::add_client(const std::optional<std::string>& since, bool from_first) {
  const std::scoped_lock lock(mutex_);
  auto from = from_first ? first_ : next_;
  if (since) {
    from = first_;
    while (from < next_ && !is_after(at(from).mark, *since))
      ++from;
  }
  clients_[next_client_] = from;
  return next_client_++;
}

void stream_log::remove_client(std::uint64_t client) {
  const std::scoped_lock lock(mutex_);
  clients_.erase(client);
}

std::string stream_log::lines_for(std::uint64_t client, std::size_t most_bytes, std::uint64_t& next) const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  const auto found = clients_.find(client);
  if (found == clients_.end())
    return out;
  for (next = found->second; next < next_ && out.size() < most_bytes; ++next)
    out += at(next).line;
  return out;
}

void stream_log::advance(std::uint64_t client, std::uint64_t next) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = clients_.find(client); found != clients_.end())
    found->second = next;
}

std::uint64_t stream_log::behind() const {
  const std::scoped_lock lock(mutex_);
  return next_ - slowest();
}

}  // namespace millrace::load
