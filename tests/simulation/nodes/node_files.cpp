#include "tests/simulation/nodes/node_files.hpp"

#include <string>
#include <utility>

namespace millrace::simulation {
namespace {

unexpected no_answer() { return outside_error(ec::io, std::string(no_answer_of_store)); }
unexpected dead() { return fatal_error(ec::cancelled, "the process is dead"); }

std::string joined(snapshot::file_system::parts contents) {
  std::string out;
  for (const auto part : contents)
    out.append(part);
  return out;
}

}  // namespace

bool node_files::fails() {
  if (good_ > 0) {
    --good_;
    return false;
  }
  if (fail_next_ == 0)
    return false;
  --fail_next_;
  return true;
}

template<class F>
auto node_files::look(F operation) -> decltype(operation()) {
  used_();
  if (*gone_)
    return dead();
  return operation();
}

template<class F>
auto node_files::change(F operation) -> decltype(operation()) {
  used_();
  if (*gone_)
    return dead();
  if (dies_in_ != 0 && --dies_in_ == 0) {
    *gone_ = true;
    if (random_() % 2 == 0)
      static_cast<void>(operation());
    return dead();
  }
  if (!fails())
    return operation();
  if (random_() % 2 == 0)
    static_cast<void>(operation());
  return no_answer();
}

template<class F>
auto node_files::change_perhaps_later(F operation) -> decltype(operation()) {
  if (*gone_ || good_ != 0 || fail_next_ == 0 || random_() % 3 != 0)
    return change(std::move(operation));
  --fail_next_;
  used_();
  late_.push_back([operation] { static_cast<void>(operation()); });
  return no_answer();
}

void node_files::settle() {
  if (late_.empty())
    return;
  const auto at = late_.begin() + static_cast<std::ptrdiff_t>(random_() % late_.size());
  const auto operation = std::move(*at);
  late_.erase(at);
  if (random_() % 4 != 0)
    operation();
}

expected<bool> node_files::make_folder(const std::string& path) {
  return change([&] { return shared_.make_folder(path); });
}
expected<std::vector<node_files::entry>> node_files::list(const std::string& path) {
  return look([&] { return shared_.list(path); });
}
expected<std::string> node_files::read(const std::string& path) {
  return look([&] { return shared_.read(path); });
}
expected<std::string> node_files::read_part(const std::string& path, std::uint64_t offset,
                                            std::uint64_t length) {
  return look([&] { return shared_.read_part(path, offset, length); });
}
expected<void> node_files::write(const std::string& path, parts contents, bool synced) {
  return change([&] { return shared_.write(path, contents, synced); });
}
expected<void> node_files::append(const std::string& path, parts contents, bool synced) {
  return change_perhaps_later([&files = shared_, path, bytes = joined(contents), synced] {
    return files.append(path, {bytes}, synced);
  });
}
expected<void> node_files::publish(const std::string& from, const std::string& to) {
  return change_perhaps_later([&files = shared_, from, to] { return files.publish(from, to); });
}
expected<void> node_files::replace(const std::string& from, const std::string& to) {
  return change([&] { return shared_.replace(from, to); });
}
expected<void> node_files::remove(const std::string& path) {
  return change([&] { return shared_.remove(path); });
}
expected<void> node_files::sync_folder(const std::string& path) {
  return change([&] { return shared_.sync_folder(path); });
}
expected<std::unique_ptr<snapshot::folder_lock>> node_files::lock(const std::string& path,
                                                                  snapshot::lock_kind kind) {
  return look([&] { return shared_.lock(path, kind); });
}

}  // namespace millrace::simulation
